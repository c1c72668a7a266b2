/** Users come to a server for what its clients offer. */
import { assertEquals } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { StreamLog } from "../../../../lib/tunnel/log/stream_log.ts";
import { openReverseDoors } from "../../../../lib/tunnel/roles/reverse_doors.ts";
import { serverOptions } from "../../../support/command_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { connectTo } from "../../../support/user_programs.ts";
import { until, within } from "../../../support/wait.ts";

Deno.test("each door leads to its service, and who cannot be led is reset at once, with a line", async () => {
  const came: string[] = [];
  const sessions = {
    open(user: Duplex, service: string) {
      if (service === "web") throw new TeleError("refused", "no tele client offers web at the moment");
      came.push(service);
      user.close();
    },
  };
  const lines: string[] = [];
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`);
  const clock = new FakeClock();
  const options = serverOptions(["--server", "--reverse-listen=127.0.0.1:0=db", "--reverse-listen=127.0.0.1:0=web"]);
  const needs = { sessions, streamLog: new StreamLog(clock, log), clock, log };
  const doors = await openReverseDoors(options, needs);
  const [db, web] = doors.addresses.map((address) => Number(address.split(":").at(-1)));
  assertEquals(doors.words, `to 127.0.0.1:${db} for db, to 127.0.0.1:${web} for web`);
  using one = await connectTo(db!);
  await until(() => came.length === 1, 5_000, "the user");
  assertEquals([came, await within(one.read(new Uint8Array(1)), 5_000, "its end")], [["db"], null]);
  // Reset at once, perhaps before it is told that it is connected; on Deno 2.6 an end of file.
  const end = connectTo(web!).then(async (other) => {
    using _ = other;
    return await other.read(new Uint8Array(1));
  }).catch(() => null);
  assertEquals(await within(end, 5_000, "the end of the other"), null);
  assertEquals(lines.map((line) => line.replace(/:\d+\)/, ")")), [
    "warn: stream refused (127.0.0.1): no tele client offers web at the moment",
  ]);
  doors.close();
  await clock.advance(60_000);
});

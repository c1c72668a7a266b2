/** The TLS settings of a client's paths. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { watchTls } from "../../../../lib/tunnel/roles/tls_watch.ts";
import { clientOptions } from "../../../support/command_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { tlsTest } from "../../../support/tls_world.ts";

async function settings(...args: string[]) {
  const clock = new FakeClock();
  const options = clientOptions(["--client", ...args]);
  const watch = await watchTls(options, () => {}, clock);
  const all = options.paths.map((_, path) => watch.of(path));
  watch.stop();
  assertEquals(clock.pendingTimers, 0);
  return all;
}

Deno.test("without TLS no path has settings, and nothing is watched", async () => {
  assertEquals(await settings("--out=a:1", "--out=ws://b/tele"), [undefined, undefined]);
});

tlsTest("a path has TLS if its way has, and offers what is spoken there", async () => {
  const [plain, web] = await settings("--out=a:1", "--out=wss://b/tele");
  assertEquals([plain, web?.protocols], [undefined, ["http/1.1"]]);
  const [one, other, page] = await settings("--tls", "--out=a:1", "--out=b:1", "--out=wss://c/tele");
  assertEquals([one?.protocols, page?.protocols], [["tele/2"], ["http/1.1"]]);
  assertStrictEquals(one, other, "checked certificates are kept with them");
});

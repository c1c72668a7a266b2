/** A client listens for each service, and what comes there is for that. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { StreamLog } from "../../../../lib/tunnel/log/stream_log.ts";
import { openEntrances } from "../../../../lib/tunnel/roles/entrances.ts";
import { entrancesOf, reverseEntrancesOf } from "../../../../lib/tunnel/command_line/services.ts";
import { CLIENT, clientOptions, serverOptions } from "../../../support/command_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { pause, until, within } from "../../../support/wait.ts";

/** The places that `args` ask for, what came there, and what was logged. */
async function open(...args: string[]) {
  const came: (string | undefined)[] = [];
  const lines: string[] = [];
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`);
  const options = clientOptions([...CLIENT, ...args]);
  const clock = new FakeClock();
  const streamLog = new StreamLog(clock, log);
  const entrances = await openEntrances(entrancesOf(options), { clock, log, streamLog }, (user, service) => {
    came.push(service);
    user.close();
  });
  return { entrances, came, lines };
}

function portOf(address: string): number {
  return Number(address.split(":").at(-1));
}

/** Settles when nobody listens on `port`: Deno 2.6.8 lets go of it in a later step. */
async function closed(port: number): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return;
    }
    await pause(10);
  }
}

Deno.test("each place is told in the ready line, and its users are for its service", async () => {
  const { entrances, came } = await open("--in=127.0.0.1:0", "--forward=127.0.0.1:0=db", "--forward=127.0.0.1:0=web");
  const [one, db, web] = entrances.addresses;
  assertEquals(entrances.words, `to ${one}, to ${db} for db, to ${web} for web`);
  for (const address of [web!, one!, db!]) {
    const before = came.length;
    using _user = await Deno.connect({ hostname: "127.0.0.1", port: portOf(address) });
    await until(() => came.length > before, 5_000, "the user");
  }
  assertEquals(came, ["web", undefined, "db"]);
  entrances.close();
  await within(closed(portOf(db!)), 5_000, "the end of the listener");
});

Deno.test("where one place is taken, none stays open", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const opening = () => open(`--in=127.0.0.1:${port}`, `--forward=127.0.0.1:${taken.addr.port}=db`);
  const error = await assertRejects(opening, TeleError, "another program does");
  assertEquals(error.code, "bad-input");
  await within(closed(port), 5_000, "the end of the other listener");
});

Deno.test("a place that others can reach is warned of, with what closes it", async () => {
  const { entrances, lines } = await open("--forward=0.0.0.0:0=db");
  const [address] = entrances.addresses;
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0]!, `warn: anyone who can reach ${address} can use this tunnel: --forward=:0=db listens`);
  entrances.close();
});

Deno.test("an address of another machine was probably meant for the tele server", async () => {
  await assertRejects(() => open("--forward=192.0.2.7:5432=db"), TeleError, "are the two swapped?");
});

Deno.test("who comes by SOCKS is for what it asks for", async () => {
  const { entrances, came } = await open("--socks=127.0.0.1:0");
  const [address] = entrances.addresses;
  assertEquals(entrances.words, `to ${address} by SOCKS`);
  using user = await Deno.connect({ hostname: "127.0.0.1", port: portOf(address!) });
  await user.write(new Uint8Array([5, 1, 0, 5, 1, 0, 3, 1, 97, 1, 187]));
  await until(() => came.length > 0, 5_000, "the user");
  assertEquals(came, ["a:443"]);
  entrances.close();
});

Deno.test("a server cannot listen for its clients' services on another machine, and is not told of --in", async () => {
  const options = serverOptions(["--server", "--reverse-listen=192.0.2.7:5432=db"]);
  const clock = new FakeClock();
  const needs = { clock, log() {}, streamLog: new StreamLog(clock, () => {}) };
  const opening = () => openEntrances(reverseEntrancesOf(options), needs, (user) => user.close());
  const error = await assertRejects(opening, TeleError, "--reverse-listen is where user's clients connect");
  assertEquals(error.message.includes("--in"), false);
});

Deno.test("drained, nobody listens any more", async () => {
  const { entrances } = await open("--in=127.0.0.1:0");
  const port = portOf(entrances.addresses[0]!);
  (await Deno.connect({ hostname: "127.0.0.1", port })).close();
  await entrances.drain();
  await closed(port);
  entrances.close();
});

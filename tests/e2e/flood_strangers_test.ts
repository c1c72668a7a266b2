/** A flood that strangers must be cheap to survive: 500 that stay, and 200 more every second. */
import { assert, assertEquals } from "@std/assert";
import { KeyFiles } from "../support/key_files.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { StrangerFlood, tlsHello, type Words } from "../support/stranger_flood.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";

const SIZE = { standing: 500, eachSecond: 200 };
/**
 * How soon a good client has its first echo. The test fails at ten times as much, for it says little of a busy machine.
 */
const CONNECT_BAR_MS = 1_000;
/** A stranger may stay for 10 s. */
const GONE_MS = 12_000;
/**
 * What may be left of memory when they are gone, which the runtime keeps for the next flood: four in a row end at no
 * more.
 */
const LEFT_BYTES = 128 << 20;
/** Lines about strangers: ten a minute, and a line that counts the rest. */
const LINES = 11;

const text = (words: string) => new TextEncoder().encode(words);
/** The beginning of the hello of a tele client: a frame of 72 bytes, `hello`, `tele`, version 1. */
const HALF_HELLO = new Uint8Array([0, 0, 0, 72, 1, ...text("tele"), 1, 0, 7, 7, 7, 7]);
const GARBAGE = crypto.getRandomValues(new Uint8Array(4096));
/** A request that never ends, and one that is answered with a page, which nobody reads. */
const HALF_REQUEST = text("GET / HTTP/1.1\r\nHost: tele.example\r\nCookie: ");
const PAGE_REQUEST = text("GET / HTTP/1.1\r\nHost: tele.example\r\n\r\n");
const SILENCE = new Uint8Array();

/** A server in the flood, and what it said of itself before. */
interface Flooded {
  name: string;
  server: TeleProcess;
  flood: StrangerFlood;
  before: { files: number; residentBytes: number; lines: number };
  peakBytes: number;
}

Deno.test({
  name: "500 strangers and 200 more every second: a good client connects, and soon nothing is left of them",
  ...requires("openssl"),
  fn: scenario(150_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const keys = await KeyFiles.make(s.home);
    const hello = await tlsHello();
    const words: Words = [
      SILENCE,
      GARBAGE,
      HALF_HELLO,
      HALF_REQUEST,
      PAGE_REQUEST,
      hello,
      hello.subarray(0, hello.length / 2),
    ];
    const plainArgs = { server: [], client: [] };
    const tlsArgs = {
      server: [...await keys.serverArgs("server"), ...keys.tokenArgs],
      client: [...keys.clientArgs, ...keys.tokenArgs],
    };
    // One after the other while time is measured; the first ones leave while the others come.
    const plain = await floodOne(s, "plain TCP", user, plainArgs, words);
    const plainGone = strangersGone(plain);
    const overTls = await floodOne(s, "TLS with a token", user, tlsArgs, words);
    await Promise.all([plainGone, strangersGone(overTls)]);
    assertEquals(user.errors, []);
  }),
});

/** Floods a server until good clients have been there: a known one that is in an outage, and new ones. */
async function floodOne(
  s: Scenario,
  name: string,
  user: UserServer,
  args: { server: string[]; client: string[] },
  words: Words,
): Promise<Flooded> {
  const { server, breaker, port } = await s.tunnel(user.port, {
    server: { args: args.server },
    client: { args: args.client },
  });
  using known = await connectTo(port);
  await roundTrip(known, "before");
  const before = {
    files: server.openFiles() ?? 0,
    residentBytes: server.residentBytes() ?? 0,
    lines: server.log.length,
  };
  const flood = s.use(await StrangerFlood.start(server.port, words, SIZE));
  const flooded: Flooded = { name, server, flood, before, peakBytes: 0 };
  await pause(2_000);

  breaker.reset();
  const resumedMs = await timed(roundTrip(known, "resumed"));
  const connectedMs: number[] = [];
  for (let index = 0; index < 3; index++) {
    const client = await s.client(server.port, 0, { args: args.client });
    using connection = await connectTo(client.port);
    connectedMs.push(await timed(roundTrip(connection, "new")));
    flooded.peakBytes = Math.max(flooded.peakBytes, server.residentBytes() ?? 0);
    await client.kill();
  }
  flood.stop();
  console.log(
    `${name}: ${flood.made} strangers; a session resumed after ${Math.round(resumedMs)} ms, ` +
      `new clients had an echo after ${connectedMs.map(Math.round).join(", ")} ms`,
  );
  assert(Math.max(resumedMs, ...connectedMs) < 10 * CONNECT_BAR_MS, "a good client waits too long");
  return flooded;
}

/** Waits until nothing is left of the strangers at a server. */
async function strangersGone({ name, server, flood, before, peakBytes }: Flooded): Promise<void> {
  const tookMs = await until(() => flood.gone === flood.made, GONE_MS, `the end of all strangers (${name})`);
  // The known client may have a socket in its place, and those that were killed may be noticed late.
  if (before.files > 0) {
    await until(() => server.openFiles()! <= before.files + 3, 2_000, `the end of their sockets (${name})`);
  }
  const lines = server.log.slice(before.lines).filter((line) => /before it was attached|before they were/.test(line));
  assert(lines.length <= LINES, `${lines.length} lines`);
  assert(lines.length > 0, "the flood is not passed over in silence");
  if (before.residentBytes === 0) return;
  const mib = (bytes: number) => `${Math.round(bytes / (1 << 20))} MiB`;
  const after = () => server.residentBytes()!;
  await until(() => after() < before.residentBytes + LEFT_BYTES, 5_000, `memory is ${mib(after())} (${name})`);
  console.log(
    `${name}: all were gone ${Math.round(tookMs)} ms after the last came; memory ${
      mib(before.residentBytes)
    } before, ` +
      `${mib(peakBytes)} at most, ${mib(after())} after; ${lines.length} log lines`,
  );
}

async function timed(work: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await within(work, 30_000, "a good client");
  return performance.now() - start;
}

/**
 * The soak in a short form: that it finds nothing, and that it would say so if it did.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { OUTAGE_KINDS } from "../../scripts/soak/network.ts";
import { parseSoakOptions, SOAK_HELP, UsageError } from "../../scripts/soak/options.ts";
import { kindOf, KINDS, planOf, runClient, runServer } from "../../scripts/soak/traffic.ts";
import { Random } from "../support/random.ts";
import { closeQuietly, connectTo, UserServer, writeAll } from "../support/user_programs.ts";
import { within } from "../support/wait.ts";

async function soak(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  const script = new URL("../../scripts/soak/main.ts", import.meta.url).href;
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...args], stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  return { code, output: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
}

Deno.test("a short soak: many connections, several outages, every byte right", async () => {
  const { code, output, errors } = await within(soak("--time=15s", "--seed=7"), 180_000, "the soak");
  assertEquals([code, errors], [0, ""], output);
  assertMatch(output, /^errors +0$/m);
  if (Deno.build.os === "linux") {
    for (const role of ["server", "client"]) {
      assertMatch(output, new RegExp(`^memory +${role}: start \\d+ MiB, middle \\d+ MiB, end \\d+ MiB`, "m"));
    }
  }
  assertMatch(output, /^200 connections for 15 s, --seed=7$/m);
  for (const kind of KINDS) assertMatch(output, new RegExp(`^connections .*\\b${kind} [1-9]`, "m"));
  const [, resets, all] = /^resets +(\d+) of (\d+)$/m.exec(output)!;
  assert(Number(resets) >= Number(all) / 3, output);
  const outages = Number(/(\d+) outages/.exec(output)?.[1]);
  assert(outages >= 3, output);
});

Deno.test("the command line of the soak", async () => {
  const defaults = parseSoakOptions([])!;
  assertEquals([defaults.timeMs, defaults.connections], [1_800_000, 200]);
  assertEquals(parseSoakOptions(["--", "--time=20s", "--connections=5", "--seed=3"]), {
    timeMs: 20_000,
    connections: 5,
    seed: 3,
  });
  assertEquals(parseSoakOptions(["--help"]), undefined);
  const wrong = [["--time=20"], ["--connections=0"], ["--connections=many"], ["--seed=-1"], ["--tiem=1m"], ["1m"]];
  for (const args of wrong) assertThrows(() => parseSoakOptions(args), UsageError, args[0].split("=")[0]);
  const refused = await soak("--connections=0");
  assertEquals([refused.code, refused.output, refused.errors.trim().split("\n").length], [2, "", 1]);
  assertEquals(await soak("--help"), { code: 0, output: `${SOAK_HELP.trimEnd()}\n`, errors: "" });
});

Deno.test("every kind of connection has its share, also among few", () => {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  for (let index = 0; index < 200; index++) counts[kindOf(index)]++;
  assertEquals(counts, {
    ...{ bulk: 26, echo: 30, short: 40, halfClose: 14, slow: 10, stuckClient: 10, stuckServer: 10 },
    ...{ refusedUpload: 30, brokenOff: 30 },
  });
  assertEquals(new Set(Array.from({ length: 40 }, (_, index) => kindOf(index))).size, KINDS.length);
  assertEquals(OUTAGE_KINDS, ["reset", "close", "black hole", "strand", "refuse", "cut"]);
});

// ---------------------------------------------------------------------------------------------------------------------
// What it would find
// ---------------------------------------------------------------------------------------------------------------------

/** Copies until the end, and hands the end on. */
async function copy(from: Deno.TcpConn, to: Deno.TcpConn, change: (bytes: Uint8Array, at: number) => Uint8Array) {
  const buffer = new Uint8Array(4_096);
  let at = 0;
  for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
    await writeAll(to, change(buffer.subarray(0, n), at));
    at += n;
  }
  await to.closeWrite();
}

/** How a connection ends if a man in the middle does something to what the server sends. */
async function throughMeddler(kind: typeof KINDS[number], meddle: (bytes: Uint8Array, at: number) => Uint8Array) {
  await using server = new UserServer((connection) => runServer(connection, () => {}));
  await using meddler = new UserServer(async (near) => {
    const far = await connectTo(server.port);
    const both = [copy(near, far, (bytes) => bytes), copy(far, near, meddle)];
    // If one fails, the connections are closed, and that ends the other.
    both.forEach((one) => one.catch(() => closeQuietly(far)));
    await Promise.all(both).catch(() => {});
  });
  const plan = { ...planOf(kind, new Random(1), 1_000), upBytes: 5_000, downBytes: 50_000, holdMs: 10 };
  try {
    await within(runClient(meddler.port, plan, () => {}), 20_000, "the connection");
    return "fine";
  } catch (error) {
    return (error as Error).message;
  }
}

Deno.test("a wrong byte, a missing byte and one too many are found in every kind of connection", async () => {
  for (const kind of ["bulk", "short", "halfClose", "slow"] as const) {
    assertEquals(await throughMeddler(kind, (bytes) => bytes), "fine", kind);
    const flipped = (bytes: Uint8Array, at: number) => {
      if (at === 0) bytes[0] ^= 1;
      return bytes;
    };
    assertMatch(await throughMeddler(kind, flipped), /wrong bytes/, kind);
    assertMatch(await throughMeddler(kind, (bytes, at) => at === 0 ? bytes.slice(1) : bytes), /wrong bytes/, kind);
    const doubled = (bytes: Uint8Array, at: number) => at === 0 ? new Uint8Array([bytes[0], ...bytes]) : bytes;
    assertMatch(await throughMeddler(kind, doubled), /wrong bytes|behind the last/, kind);
    const short = (bytes: Uint8Array, at: number) => bytes.slice(0, Math.max(0, 49_999 - at));
    assertMatch(await throughMeddler(kind, short), /1 bytes early/, kind);
  }
  const flipped = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1);
  assertMatch(await throughMeddler("echo", flipped), /an echo differs/);
});

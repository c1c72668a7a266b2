/**
 * The soak in a short form: that it finds nothing, and that it would say so if it did.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { SOAK_HELP } from "../../scripts/soak/options.ts";
import { KINDS, planOf, runClient, runServer } from "../../scripts/soak/traffic.ts";
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

Deno.test("a wrong command line of the soak gets one line and exit code 2, --help the help", async () => {
  const refused = await soak("--connections=0");
  assertEquals([refused.code, refused.output, refused.errors.trim().split("\n").length], [2, "", 1]);
  assertEquals(await soak("--help"), { code: 0, output: `${SOAK_HELP.trimEnd()}\n`, errors: "" });
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

/** How a connection ends if `meddle` changes what the server sends. */
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

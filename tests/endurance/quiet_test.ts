/**
 * A client without users, and one without a network: what it sends, computes and writes into its log.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Duplex } from "../../lib/net/duplex.ts";
import { ForwardedDuplex } from "../../lib/net/forwarded_duplex.ts";
import { describeQuiet, measureQuiet, type QuietOptions, type QuietResult } from "../../scripts/soak/quiet.ts";
import { scenario } from "../support/scenario.ts";
import { SessionWorld } from "../support/session_world.ts";

const HOUR_MS = 3_600_000;
/** A probe with its frame header. */
const PROBE_BYTES = 16;
/** The bar is 1 % of one core. A test fails at ten times that: machines that run it may be busy. */
const MOST_LOAD = 0.1;

/**
 * The most that probes for `ms` milliseconds take, if `promiseMs` is promised: they leave a little before it is over.
 */
function probeBytes(ms: number, promiseMs: number): number {
  return PROBE_BYTES * (ms / (0.7 * promiseMs) + 2);
}

// ---------------------------------------------------------------------------------------------------------------------
// Real processes, for some seconds
// ---------------------------------------------------------------------------------------------------------------------

function measured(options: QuietOptions, check: (result: QuietResult, figures: string) => void) {
  return scenario(60_000, async (s) => {
    const result = await measureQuiet(s, options);
    const figures = describeQuiet(result);
    console.log(`  ${figures}`);
    for (const load of [result.clientLoad, result.serverLoad]) assert(load === undefined || load < MOST_LOAD, figures);
    check(result, figures);
  });
}

Deno.test(
  "a pair without users sends a probe for each --ping-interval and nothing else",
  measured({ args: ["--ping-interval=1s"], watchMs: 5_000, network: "works" }, (result, figures) => {
    const most = probeBytes(result.watchedMs, 1_000);
    assert(result.upBytes > 0 && result.upBytes <= most && result.downBytes <= most, figures);
    assertEquals([result.carriers, result.logLines], [0, 0], figures);
  }),
);

Deno.test(
  "a client whose server refuses for some seconds stays calm",
  measured({ watchMs: 5_000, network: "refuses", isInUse: true }, (result, figures) => {
    assert(result.logLines <= 3, figures);
  }),
);

// ---------------------------------------------------------------------------------------------------------------------
// An hour, by the fake clock
// ---------------------------------------------------------------------------------------------------------------------

/** A session that carried something, and the bytes that each end writes from now on. */
async function quietWorld() {
  const world = new SessionWorld();
  const bytes = { up: 0, down: 0 };
  const counted = (duplex: Duplex, direction: "up" | "down") =>
    Object.assign(new ForwardedDuplex(duplex), {
      write(piece: Uint8Array) {
        bytes[direction] += piece.length;
        return duplex.write(piece);
      },
    });
  world.onConnection = (duplex) => world.toServer(counted(duplex, "down"));
  world.addClient({ dial: async (signal) => counted(await world.network.dial(signal), "up") });
  await world.untilAttached();
  await world.exchange(100);
  return { world, bytes };
}

Deno.test("within an idle hour each end sends a probe a second for a minute, then one for each --ping-interval", async () => {
  const { world, bytes } = await quietWorld();
  await world.clock.advance(10);
  Object.assign(bytes, { up: 0, down: 0 });
  await world.clock.advance(HOUR_MS);
  const most = probeBytes(60_000, 1_000) + probeBytes(HOUR_MS, 30_000);
  for (const sent of [bytes.up, bytes.down]) assert(sent > 0 && sent <= most, `${sent} bytes, at most ${most}`);
  Object.assign(bytes, { up: 0, down: 0 });
  await world.clock.advance(HOUR_MS);
  for (const sent of [bytes.up, bytes.down]) {
    console.log(`  ${sent} bytes in the second hour`);
    assert(sent <= probeBytes(HOUR_MS, 30_000), `${sent} bytes`);
  }
  assertEquals(world.network.pipes.length, 1, "the carrier lived on");
  await world.end();
});

for (const isInUse of [true, false]) {
  const who = isInUse ? "a client with users" : "a client without users";
  // The attempts: 0.8 s apart for ten minutes with users, 15 s apart otherwise; jitter may halve the pauses.
  const mostDials = isInUse ? 2 * (600 / 0.8 + 3_000 / 15) : 2 * 3_600 / 15 + 20;

  Deno.test(`${who} writes less than 100 lines in an hour without network, and does not try too often`, async () => {
    const { world } = await quietWorld();
    // What was said is acknowledged: a session that owes bytes is in use.
    await world.clock.advance(1_000);
    world.here.streamCount = isInUse ? 1 : 0;
    world.lines.splice(0);
    world.network.dials = 0;
    world.network.state = "refusing";
    world.network.cut();
    await world.clock.advance(HOUR_MS);
    const lines = world.linesWith("client");
    console.log(`  ${lines.length} lines, ${world.network.dials} attempts`);
    assert(lines.length < 100, lines.join("\n"));
    assert(world.network.dials < mostDials * 1.2, `${world.network.dials} attempts`);
    world.network.state = "up";
    await world.end();
  });
}

Deno.test("also when each attempt fails for another reason, an hour without network gives less than 100 lines", async () => {
  const { world } = await quietWorld();
  const lines: string[] = [];
  let dials = 0;
  const client = world.addClient({
    log: (_level, message) => void lines.push(message),
    dial: () => Promise.reject(new Error(`reason ${dials++}`)),
  });
  client.upper.streamCount = 1;
  await world.clock.advance(HOUR_MS);
  assert(dials > 500 && lines.length > 0 && lines.length < 100, `${dials} attempts, ${lines.length} lines`);
  await world.end();
});

Deno.test("a network that comes and goes every minute for an hour gives a few lines for each time, no more", async () => {
  const { world } = await quietWorld();
  world.lines.splice(0);
  for (let minute = 0; minute < 60; minute++) {
    world.network.state = "refusing";
    world.network.cut();
    await world.clock.advance(30_000);
    world.network.state = "up";
    await world.clock.advance(30_000);
  }
  const lines = world.linesWith("client");
  // Lost, why not yet, after 10 s, after 20 s, resumed.
  assert(lines.length >= 120 && lines.length <= 60 * 5, `${lines.length} lines`);
  await world.end();
});

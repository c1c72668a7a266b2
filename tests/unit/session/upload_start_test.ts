/** A whole client and server where an upload begins beside keys. */
import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { PathWorld } from "../../support/model_path/path_world.ts";

const TICK_MS = 5, KEY_MS = 20;

/** The longest round trip of a key in the first moments of an upload over 20 Mbit/s × 40 ms, in milliseconds. */
async function slowestKeyMs(carriers: number): Promise<number> {
  const path = { bytesPerMs: 2_500, roundTripMs: 40, queueBytes: 262_144, loss: 0, gatherMs: 0 };
  await using world = new PathWorld({ path, control: "cubic", client: { carriers } });
  await world.attached();
  const { type, received } = world.typist();
  await world.clock.advance(500);
  const before = received.bytes, sentMs: number[] = [];
  world.upload();
  let answered = 0, slowestMs = 0;
  for (let ms = 0; ms < 1_500; ms += TICK_MS) {
    if (ms % KEY_MS === 0) {
      type();
      sentMs.push(ms);
    }
    await world.clock.advance(TICK_MS);
    for (; answered < received.bytes - before; answered++) {
      slowestMs = Math.max(slowestMs, ms + TICK_MS - sentMs[answered]);
    }
  }
  assertGreaterOrEqual(answered, 60);
  assertEquals(world.network.connections.length, carriers);
  return slowestMs;
}

Deno.test("a key beside an upload that begins waits for 40 ms at the most where several carriers follow", async () => {
  assertLessOrEqual(await slowestKeyMs(6), 80);
});

/** The same over a slow path, where an upload and keys begin together, in 10 s. */
async function slowestOnSlowPathMs(bytesPerMs: number, control: "bbr" | "cubic"): Promise<number> {
  const path = { bytesPerMs, roundTripMs: 60, queueBytes: 65_536, loss: 0, gatherMs: 0 };
  await using world = new PathWorld({ path, control });
  await world.attached();
  world.upload();
  const { type, received } = world.typist();
  const sentMs: number[] = [];
  let slowestMs = 0;
  for (let ms = 0, answered = 0; ms < 10_000; ms += 10 * TICK_MS) {
    if (ms % (10 * KEY_MS) === 0) {
      type();
      sentMs.push(ms);
    }
    await world.clock.advance(10 * TICK_MS);
    for (; answered < received.bytes; answered++) slowestMs = Math.max(slowestMs, ms + 50 - sentMs[answered]);
  }
  assertLessOrEqual(world.network.connections.length, 2, "more carriers would bring nothing but their handshakes");
  return slowestMs;
}

Deno.test("a key beside an upload that begins on a slow path waits for the first bound, and for no second one", async () => {
  // 32 KiB take 1 s and 2 s.
  assertLessOrEqual(await slowestOnSlowPathMs(32, "bbr"), 1_400);
  assertLessOrEqual(await slowestOnSlowPathMs(16, "cubic"), 2_600);
});

Deno.test("a carrier that stays alone finds the rate in spite of what is late, and keys wait for that", async () => {
  assertGreaterOrEqual(await slowestKeyMs(1), 100);
});

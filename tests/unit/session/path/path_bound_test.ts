/** The bound of a path, with a moment of real TCP under it; `tests/paths/path_bound_test.ts` has longer ones. */
import { assert, assertEquals, assertGreaterOrEqual, assertLess, assertLessOrEqual } from "@std/assert";
import { PathBound } from "../../../../lib/session/path/path_bound.ts";
import { WRAP_MS } from "../../../../lib/session/path/return_delay.ts";
import { CARRIER_BYTES, SPREAD_ROOM_BYTES } from "../../../../lib/session/share.ts";
import { Random } from "../../../support/random.ts";
import { MBIT, ModelPath, pathOf } from "../../../support/model_path/model_path.ts";

Deno.test("path bound: quiet streams pass it by 64 KiB, and by no more than 50 ms of the rate once it is known", () => {
  const path = new PathBound(), flight = path.join();
  assertEquals(flight.quietRoom(), 96 * 1024);
  new ModelPath(pathOf(2, 60), "cubic", [flight]).run(5_000);
  assertLessOrEqual(flight.quietRoom(), path.bound + 50 * 2.5 * MBIT - flight.inFlight);
  const fast = new PathBound(), fastFlight = fast.join();
  new ModelPath(pathOf(100, 20), "cubic", [fastFlight]).run(5_000);
  assertEquals(fastFlight.quietRoom(), fast.bound + 64 * 1024 - fastFlight.inFlight);
});

Deno.test("path bound: no frame is longer than 10 ms of the rate, but 2 KiB", () => {
  const slow = new PathBound(), path = new PathBound();
  assertEquals(path.frameBytes, Infinity);
  new ModelPath(pathOf(20, 40), "cubic", [path.join()]).run(5_000);
  assertLess(Math.abs(path.frameBytes - 200 * MBIT), 30 * MBIT);
  new ModelPath(pathOf(0.1, 40), "cubic", [slow.join()]).run(5_000);
  assertEquals(slow.frameBytes, 2 * 1024);
});

Deno.test("path bound: bound and lowest round trip go over from one carrier to several, and back", () => {
  const path = new PathBound(), first = path.join();
  new ModelPath(pathOf(20, 40), "cubic", [first]).run(5_000);
  const { bound, lowestRoundTripMs } = path;
  const second = path.join();
  assertEquals([path.bound, path.lowestRoundTripMs], [bound, lowestRoundTripMs]);
  second.onSend(5_000, 30_000);
  assertEquals(path.inFlight, first.inFlight + 30_000);
  second.leave();
  assertEquals([path.bound, path.lowestRoundTripMs, path.inFlight], [bound, lowestRoundTripMs, first.inFlight]);
});

Deno.test("path bound: the quiet carrier asks while others have something in flight, and always has some room", () => {
  const path = new PathBound(), quiet = path.join();
  quiet.onAnswer({ nowMs: 0, roundTripMs: 30, cameMs: 0 });
  assertEquals([path.lowestRoundTripMs, path.isProbeDue(1_000)], [30, false]);
  const bulk = path.join();
  assertEquals(path.isProbeDue(1_000), false);
  bulk.onSend(1_000, bulk.room());
  assertEquals([path.isProbeDue(1_000), path.probeMs], [true, 50]);
  path.onProbe(1_000);
  assertEquals([path.isProbeDue(1_049), path.isProbeDue(1_050)], [false, true]);
  bulk.onSend(1_050, 200_000);
  assertEquals([bulk.room(), bulk.quietRoom(), quiet.room(), quiet.quietRoom()], [0, 0, 0, 65_536]);
});

Deno.test("path bound: a carrier that was given up counts no more, until it is used again", () => {
  const path = new PathBound(), first = path.join(), second = path.join();
  first.onSend(0, 30_000);
  first.leave();
  first.leave();
  assertEquals([path.inFlight, path.isShared, second.room()], [0, false, path.bound]);
  first.onAck(50, 30_000);
  assertEquals(path.lowestRoundTripMs, 0, "what it tells is of no path");
  path.rejoin(first);
  path.rejoin(first);
  first.onSend(60, 40_000);
  assertEquals([path.inFlight, path.isShared], [10_000, true]);
});

Deno.test("path bound: a queue of the peer's does not shrink it as one of ours does; of a path that nobody was on nothing is known", () => {
  const path = new PathBound(), quiet = path.join(), bulk = path.join();
  const grownBehind = (beganMs: number, thereMs: number, backMs: number) => {
    const { bound } = path;
    for (let nowMs = beganMs; nowMs < beganMs + 600; nowMs += 150) {
      bulk.onSend(nowMs, bulk.acknowledged + bulk.inFlight + bulk.room());
      quiet.onAnswer({ nowMs, roundTripMs: 40 + thereMs + backMs, cameMs: nowMs - 20 - backMs });
    }
    return path.bound - bound;
  };
  quiet.onAnswer({ nowMs: 0, roundTripMs: 40, cameMs: 2 ** 29 - 20 });
  assertGreaterOrEqual(grownBehind(1_000, 0, 30), 0);
  assertLess(grownBehind(2_000, 30, 0), 0);
  for (const flight of [quiet, bulk]) flight.end(3_000);
  const [next] = [path.join(), path.join()];
  next.onAnswer({ nowMs: 3_100, roundTripMs: 70, cameMs: 3_100 - 45 });
  assertEquals(path.lowestRoundTripMs, 70, "its way back is a longer one, not a queue");
});

Deno.test("path bound: another carrier becomes the quiet one when that is gone", () => {
  const path = new PathBound(), quiet = path.join(), second = path.join(), third = path.join();
  path.setQuiet(second);
  quiet.onSend(0, 1_000);
  assertEquals(path.isProbeDue(0), true);
  second.leave();
  assertEquals(path.isProbeDue(0), false, "what is in flight is on the quiet one");
  third.onSend(0, 1_000);
  assertEquals(path.isProbeDue(0), true);
});

Deno.test("path bound: where it is less than some frames bulk is on one carrier, in short ones, and it grows", () => {
  const path = new PathBound();
  const [quiet, bulk] = [path.join(), path.join()];
  path.setQuiet(quiet);
  let nowMs = 0, sent = 0, busyMs = 0;
  const frames: { dueMs: number; end: number }[] = [], probes: { dueMs: number; sentMs: number }[] = [];
  /** One narrow place with a queue. */
  const run = (ms: number, bytesPerMs: number) => {
    const frame = () => path.mayBeSpread ? SPREAD_ROOM_BYTES : Math.min(path.frameBytes, 2_000);
    for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 5) {
      while (frames.length > 0 && frames[0].dueMs <= nowMs) bulk.onAck(nowMs, frames.shift()!.end);
      while (probes.length > 0 && probes[0].dueMs <= nowMs) {
        quiet.onAnswer({ nowMs, roundTripMs: nowMs - probes.shift()!.sentMs, cameMs: nowMs });
      }
      for (let bytes = frame(); bulk.room() >= bytes; bytes = frame()) {
        bulk.onSend(nowMs, sent += bytes);
        busyMs = Math.max(busyMs, nowMs) + bytes / bytesPerMs;
        frames.push({ dueMs: busyMs + 40, end: sent });
      }
      if (nowMs % 50 === 0) probes.push({ dueMs: Math.max(busyMs, nowMs) + 40, sentMs: nowMs });
    }
  };
  run(500, 1_000);
  run(10_000, 60);
  assertLess(path.bound, SPREAD_ROOM_BYTES);
  assertEquals([path.mayBeSpread, path.frameBytes < SPREAD_ROOM_BYTES], [false, true]);
  assertEquals(quiet.room(), path.bound - path.inFlight, "the quiet carrier keeps it");
  run(10_000, 10_000);
  assertGreaterOrEqual(path.bound, 100_000);
  assert(path.mayBeSpread);
});

Deno.test("path bound: a probe that what was sent behind it has passed is lost, and in no queue", () => {
  const boundBehind = (sentMs: number) => {
    const path = new PathBound(), quiet = path.join(), bulk = path.join();
    quiet.onAnswer({ nowMs: 0, roundTripMs: 40, cameMs: 0 });
    bulk.onSend(0, 20_000);
    path.onProbe(10);
    bulk.onSend(sentMs, 30_000);
    bulk.onAck(700, 30_000);
    return path.bound;
  };
  assertEquals([boundBehind(10), boundBehind(11)], [15_000, 32_768]);
});

Deno.test("path bound: beside others a slow carrier has two long frames in flight, a new one and an only one more", () => {
  const rooms = [20_000, 32_768].map((acknowledged) => {
    const path = new PathBound(), [quiet, bulk, slow, fresh] = Array.from({ length: 4 }, () => path.join());
    quiet.onAnswer({ nowMs: 0, roundTripMs: 40, cameMs: 0 });
    slow.onSend(0, 1_000);
    slow.onAck(400, 1_000);
    bulk.onSend(400, 32_768);
    bulk.onAck(440, acknowledged);
    const left = path.bound - path.inFlight;
    return { isSpread: path.mayBeSpread, left, slow: slow.room(), fresh: fresh.room() };
  });
  assertEquals(rooms, [
    { isSpread: false, left: 40_000, slow: 40_000, fresh: 40_000 },
    { isSpread: true, left: 65_536, slow: CARRIER_BYTES, fresh: 65_536 },
  ]);
});

Deno.test("path bound: whatever times a peer tells, the bound stays near what the path holds", () => {
  const random = new Random(1);
  const lies: Record<string, (nowMs: number) => number> = {
    "the truth": (nowMs) => nowMs - 20,
    "always the same": () => 0,
    "the greatest": () => WRAP_MS - 1 / 8,
    "at random": () => random.next32() / 8,
    "backwards": (nowMs) => WRAP_MS - nowMs,
    "half as fast": (nowMs) => nowMs / 2,
    "too early, but now and then": (nowMs) => nowMs % 1_000 === 0 ? nowMs : nowMs - 30,
  };
  for (const [name, lie] of Object.entries(lies)) {
    const path = new PathBound(), quiet = path.join(), bulk = path.join();
    const lowestMs = 40, bytesPerMs = 2_500;
    let most = 0, least = Infinity;
    for (let nowMs = 0; nowMs < 60_000; nowMs += 50) {
      // What was sent 50 ms ago has arrived behind its queue, and the probe that left with it is answered.
      const roundTripMs = Math.max(lowestMs, bulk.inFlight / bytesPerMs);
      bulk.onAck(nowMs, bulk.acknowledged + Math.min(bulk.inFlight, 50 * bytesPerMs));
      quiet.onAnswer({ nowMs, roundTripMs, cameMs: lie(nowMs) });
      bulk.onSend(nowMs, bulk.acknowledged + bulk.inFlight + bulk.room());
      if (nowMs < 10_000) continue;
      most = Math.max(most, path.bound);
      least = Math.min(least, path.bound);
    }
    assertLess(most, 3 * lowestMs * bytesPerMs, name);
    assertGreaterOrEqual(least, lowestMs * bytesPerMs / 2, name);
  }
});

Deno.test("path bound: where acknowledgements come in bursts what a carrier has in flight lasts until the next one", () => {
  const path = new PathBound(), quiet = path.join(), bulk = path.join();
  path.setQuiet(quiet);
  quiet.onAnswer({ nowMs: 0, roundTripMs: 40, cameMs: 0 });
  let nowMs = 500, sent = 0;
  for (let burst = 0; burst < 12; burst++) {
    bulk.onSend(nowMs, sent += bulk.room());
    nowMs += 500;
    bulk.onAck(nowMs, sent);
    quiet.onAnswer({ nowMs, roundTripMs: 500, cameMs: nowMs });
  }
  assertEquals([path.burstMs, path.lowestRoundTripMs, bulk.burstMs], [500, 40, 500]);
  assertGreaterOrEqual(bulk.room(), 1_000_000);
});

/** The bound of a path with real TCP under it: loss, slow paths, boxes that gather. */
import { assert, assertEquals, assertGreaterOrEqual, assertLess, assertLessOrEqual } from "@std/assert";
import { PathBound } from "../../../../lib/session/path/path_bound.ts";
import { SPREAD_ROOM_BYTES } from "../../../../lib/session/share.ts";
import { SeveralCarriers } from "../../../support/model_path/several_carriers.ts";
import { MBIT, ModelPath, pathOf } from "../../../support/model_path/model_path.ts";
import type { PathSettings } from "../../../support/model_path/router.ts";

/** What a connection gets that no bound holds back. */
const FREE = { room: () => Infinity, onSend() {}, onAck() {}, markApplicationLimited() {} };

function measured(path: PathSettings, control: "bbr" | "cubic", seed: number, isFree = false) {
  return new ModelPath({ ...path }, control, [isFree ? FREE : new PathBound().join()], seed).run(3_000).measure(20_000);
}

for (
  const [megabits, roundTripMs, loss] of [[50, 80, 0.001], [50, 80, 0.01], [50, 80, 0.03], [20, 30, 0.01]] as const
) {
  for (const control of ["bbr", "cubic"] as const) {
    const title = `${megabits} Mbit/s × ${roundTripMs} ms with ${100 * loss} % loss, ${control}`;
    Deno.test(`path bound: one carrier is about as fast as without a bound on ${title}`, () => {
      const path = pathOf(megabits, roundTripMs, { loss });
      assertGreaterOrEqual(measured(path, control, 1).used, 0.8 * measured(path, control, 1, true).used);
    });
  }
}

for (const control of ["bbr", "cubic"] as const) {
  Deno.test(`path bound: without loss a path is used with a short queue, ${control}`, () => {
    for (const [megabits, roundTripMs] of [[20, 40], [100, 10], [50, 80]] as const) {
      const { used, delayMs, mostDelayMs } = measured(pathOf(megabits, roundTripMs), control, 1);
      // Every ten seconds BBR sends next to nothing for 200 ms, and what was handed over waits.
      const pauseMs = control === "bbr" ? 200 : 0;
      assertGreaterOrEqual(used, 0.9);
      assertLess(delayMs, roundTripMs / 2 + 35);
      assertLess(mostDelayMs, roundTripMs / 2 + 90 + pauseMs);
    }
  });

  Deno.test(`path bound: acknowledgements that ride along with keys are not taken for loss, ${control}`, () => {
    for (const [megabits, everyMs] of [[20, 20], [4, 20], [4, 60]] as const) {
      const model = new ModelPath(pathOf(megabits, 40), control, [new PathBound().join()]);
      for (const carrier of model.carriers) carrier.acknowledgeDelayMs = everyMs;
      assertLess(model.run(5_000).measure(10_000).delayMs, 60 + 1.6 * everyMs);
    }
  });

  Deno.test(`path bound: what is sent on a slow path arrives soon, ${control}`, () => {
    for (const [kilobits, mostMs] of [[1_000, 150], [256, 300], [128, 650]] as const) {
      const path = pathOf(kilobits / 1_000, 60, { queueBytes: 65_536 });
      const { used, mostDelayMs } = measured(path, control, 1);
      assertGreaterOrEqual(used, 0.95);
      assertLess(mostDelayMs, mostMs);
    }
  });
}

Deno.test("path bound: a carrier that stays alone is soon fast where packets are lost, whichever they are", () => {
  const used = [1, 2, 3, 4, 5, 6].map((seed) => {
    const model = new ModelPath(pathOf(50, 40, { loss: 0.01 }), "bbr", [new PathBound().join()], seed);
    return model.measure(2_000).used;
  });
  assertGreaterOrEqual(Math.min(...used), 0.5, used.join(" "));
});

Deno.test("path bound: a carrier whose path begins and ends to lose packets is fast behind both", () => {
  const path = pathOf(50, 80, { loss: 0 });
  const model = new ModelPath(path, "bbr", [new PathBound().join()]).run(8_000);
  path.loss = 0.02;
  model.run(6_000);
  assertGreaterOrEqual(model.measure(10_000).used, 0.6);
  path.loss = 0;
  model.run(12_000);
  const { used, delayMs } = model.measure(10_000);
  assertGreaterOrEqual(used, 0.9);
  assertLess(delayMs, 100);
});

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

for (const control of ["bbr", "cubic"] as const) {
  Deno.test(`path bound: keys beside bulk on five carriers wait little, and the path is used, ${control}`, () => {
    for (const [megabits, roundTripMs] of [[20, 40], [100, 10]] as const) {
      const path = pathOf(megabits, roundTripMs, { queueBytes: 262_144 });
      const several = new SeveralCarriers(path, control, 5);
      assertLess(several.measure(3_000).mostEchoMs, roundTripMs + 90);
      const { used, echoMs, mostEchoMs } = several.measure(15_000);
      assertGreaterOrEqual(used, 0.95);
      assertLess(echoMs, roundTripMs + 20);
      assertLess(mostEchoMs, roundTripMs + 70);
    }
  });

  Deno.test(`path bound: five carriers get more than one where packets are lost, ${control}`, () => {
    const path = pathOf(50, 80, { loss: 0.01 });
    const several = new SeveralCarriers({ ...path }, control, 5);
    several.measure(4_000);
    const { used } = several.measure(15_000);
    assertGreaterOrEqual(used, measured(path, control, 1, true).used * (control === "bbr" ? 0.8 : 3));
  });
}

Deno.test("path bound: a path that slows down and gets fast again keeps its queue short", () => {
  const path = pathOf(20, 40, { queueBytes: 262_144 });
  const several = new SeveralCarriers(path, "cubic", 5);
  several.measure(5_000);
  path.bytesPerMs = 2 * MBIT;
  several.measure(3_000);
  assertLess(several.measure(6_000).echoMs, 100);
  path.bytesPerMs = 50 * MBIT;
  several.measure(4_000);
  const { used, echoMs } = several.measure(6_000);
  assertGreaterOrEqual(used, 0.85);
  assertLess(echoMs, 70);
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
  let nowMs = 0, sent = 0;
  const round = (bytesPerMs: number) => {
    const frame = () => path.mayBeSpread ? SPREAD_ROOM_BYTES : Math.min(path.frameBytes, 2_000);
    while (bulk.room() >= frame()) bulk.onSend(nowMs, sent += frame());
    const roundTripMs = Math.max(40, bulk.inFlight / bytesPerMs);
    nowMs += roundTripMs;
    bulk.onAck(nowMs, sent);
    // Asked while that was under way.
    for (let answer = 0; answer < 2; answer++) quiet.onAnswer({ nowMs, roundTripMs, cameMs: nowMs });
  };
  round(1_000);
  for (let step = 0; step < 8; step++) round(60);
  assertLess(path.bound, SPREAD_ROOM_BYTES);
  assertEquals([path.mayBeSpread, path.frameBytes < SPREAD_ROOM_BYTES], [false, true]);
  assertEquals(quiet.room(), path.bound, "the quiet carrier keeps it");
  for (let step = 0; step < 60; step++) round(10_000);
  assertGreaterOrEqual(path.bound, 100_000);
  assert(path.mayBeSpread);
});

Deno.test("path bound: bulk that is late beside a quiet carrier without a queue is loss, beside a queue it is none", () => {
  const isLossy = (megabits: number, loss: number) => {
    const several = new SeveralCarriers(pathOf(megabits, 80, { loss }), "cubic", 1);
    several.measure(5_000);
    return several.bound.isLossy;
  };
  assertEquals([isLossy(2, 0), isLossy(20, 0.03)], [false, true]);
});

for (const control of ["bbr", "cubic"] as const) {
  Deno.test(`path bound: a long path is filled within two seconds by five carriers, ${control}`, () => {
    const several = new SeveralCarriers(pathOf(1_000, 100, { queueBytes: 8 << 20 }), control, 5);
    several.measure(2_000);
    assertGreaterOrEqual(several.measure(500).used, control === "bbr" ? 0.9 : 0.75);
  });

  Deno.test(`path bound: keys wait for no more than 100 ms where the first of several carriers begins, ${control}`, () => {
    const flight = new PathBound({ othersFollow: true }).join();
    const model = new ModelPath(pathOf(20, 40, { queueBytes: 262_144 }), control, [flight]);
    for (let step = 0; step < 6; step++) assertLess(model.measure(250).mostDelayMs, 100);
  });
}

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

/** The bound of a path with seconds of real TCP under it: loss, slow paths, one carrier and several. */
import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { PathBound } from "../../lib/session/path/path_bound.ts";
import { SeveralCarriers } from "../support/model_path/several_carriers.ts";
import { MBIT, ModelPath, pathOf } from "../support/model_path/model_path.ts";
import type { PathSettings } from "../support/model_path/router.ts";

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

import { assertEquals } from "@std/assert";
import { type Suspected, Suspicion } from "../../../../lib/session/carrier/suspicion.ts";

/**
 * The first verdict but "nothing" of steps of `stepMs`, and after how long; `comes` says in which of them bytes are
 * read.
 */
function verdicts(
  stepMs: number,
  steps: number,
  comes: (step: number) => boolean,
  roundTripMs = 0,
): [number, Suspected][] {
  const suspicion = new Suspicion();
  suspicion.wokeUp();
  const told: [number, Suspected][] = [];
  for (let step = 0; step < steps; step++) {
    if (comes(step)) suspicion.received();
    const suspected = suspicion.passed(stepMs, roundTripMs);
    if (suspected !== "nothing") told.push([(step + 1) * stepMs, suspected]);
    if (suspected === "dead") break;
  }
  return told;
}

Deno.test("nobody is suspected who never slept", () => {
  const suspicion = new Suspicion();
  suspicion.received();
  assertEquals([suspicion.isOn, suspicion.passed(10_000, 0)], [false, "nothing"]);
});

Deno.test("where nothing is read, death is due after a second, or three round trips of before", () => {
  assertEquals(verdicts(250, 100, () => false), [[1_000, "dead"]]);
  assertEquals(verdicts(250, 100, () => false, 500), [[1_500, "dead"]]);
});

Deno.test("what is read at first asks again and clears nothing", () => {
  assertEquals(verdicts(250, 100, (step) => step === 0), [[250, "ask"], [1_000, "dead"]]);
});

Deno.test("a backlog that takes several steps to read clears nothing, and nobody is given up meanwhile", () => {
  const backlog = (step: number) => step < 3;
  assertEquals(verdicts(250, 100, backlog), [[250, "ask"], [500, "ask"], [750, "ask"], [1_500, "dead"]]);
});

Deno.test("bytes behind a pause clear the suspicion", () => {
  assertEquals(verdicts(250, 100, (step) => step === 0 || step === 2), [[250, "ask"]]);
  assertEquals(verdicts(250, 100, (step) => step === 1), []);
});

Deno.test("a pause in which the process did not run is none", () => {
  const suspicion = new Suspicion();
  suspicion.wokeUp();
  suspicion.passed(1, 0);
  suspicion.received();
  assertEquals(suspicion.isOn, true);
});

Deno.test("bytes that come for longer than they could have waited clear the suspicion", () => {
  const suspicion = new Suspicion();
  suspicion.wokeUp();
  for (let step = 0; step < 4; step++) {
    suspicion.received();
    assertEquals([suspicion.isOn, suspicion.passed(250, 0)], [true, "ask"]);
  }
  suspicion.received();
  assertEquals([suspicion.isOn, suspicion.passed(250, 0)], [false, "nothing"]);
});

Deno.test("where steps are a second long, a peer that answers is never given up", () => {
  assertEquals(verdicts(1_000, 100, (step) => step === 0), [[1_000, "ask"], [2_000, "dead"]]);
  assertEquals(verdicts(1_000, 100, (step) => step < 2), [[1_000, "ask"]]);
  for (const firstMs of [1, 300, 700, 1_000]) {
    const suspicion = new Suspicion();
    suspicion.wokeUp();
    for (let step = 0; step < 10; step++) {
      // A reply behind each question.
      suspicion.received();
      const suspected = suspicion.passed(step === 0 ? firstMs : 1_000, 330);
      assertEquals(suspected, step < 2 && suspicion.isOn ? "ask" : "nothing");
    }
    assertEquals(suspicion.isOn, false);
  }
});

Deno.test("another sleep begins anew", () => {
  const suspicion = new Suspicion();
  suspicion.wokeUp();
  suspicion.passed(750, 0);
  suspicion.wokeUp();
  suspicion.received();
  assertEquals([suspicion.isOn, suspicion.passed(250, 0), suspicion.passed(500, 0)], [true, "ask", "nothing"]);
});

Deno.test("a pause of a process that is held up is none: it may not have read what waits", () => {
  const suspicion = new Suspicion();
  suspicion.wokeUp();
  suspicion.passed(375, 0, true);
  suspicion.received();
  assertEquals([suspicion.isOn, suspicion.passed(250, 0)], [true, "ask"]);
});

/**
 * Faults of reconnecting: `lib/session/reconnect`.
 *
 * @module
 */
import { fault, type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const RECONNECT: readonly Mutation[] = [
  fault(
    "no pause behind a carrier that brought nothing",
    "session/reconnect/carrier_history.ts",
    "this.#barren = isBarren ? this.#barren + 1 : 0;",
    "this.#barren = 0;",
  ),
  fault(
    "a pause also behind carriers that brought something",
    "session/reconnect/carrier_history.ts",
    "const isBarren = carrier.arrivedBytes <= this.#arrivedBytes && ",
    "const isBarren = carrier.arrivedBytes >= 0 && ",
  ),
  tested(
    "a dead carrier waited for: of several that are lost with each other each counts",
    "session/reconnect/patience.ts",
    "const livedMs = nowMs - this.#attachedAt;\n    this.#attachedAt = undefined;\n",
    "const livedMs = nowMs - this.#attachedAt;\n",
  ),
  tested(
    "a dead carrier waited for: one that was cut says that large packets vanish",
    "session/reconnect/patience.ts",
    "if (livedMs < BEGINNING_MS) return;",
    "if (livedMs < 0) return;",
  ),
  tested(
    "a dead carrier waited for: what died in a sleep says that large packets vanish",
    "session/former_carriers.ts",
    "    this.#patience.startOver();\n",
    "",
  ),
  fault(
    "attempts that nobody answers keep their places",
    "session/reconnect/places.ts",
    "const ANSWER_MS = 1_500;",
    "const ANSWER_MS = 10_000;",
  ),
  fault(
    "no attempt held for a path of many seconds",
    "session/reconnect/places.ts",
    "(attempt === held ? Math.max(this.#patienceMs, this.#answerMs) : this.#answerMs)",
    "this.#answerMs",
  ),
  fault(
    "two commits at a time",
    "session/reconnect/reconnect.ts",
    "if (this.#done || this.#committing !== undefined) return;",
    "if (this.#done) return;",
  ),
  fault(
    "an attempt not closed when it is given up",
    "session/reconnect/reconnect.ts",
    '    signal.addEventListener("abort", () => duplex.close(), { once: true });\n',
    "",
  ),
  {
    name: "a doubted carrier that spoke is taken over all the same",
    edits: [
      {
        file: "lib/session/reconnect/redial.ts",
        from: "    this.#isBeside = false;\n    this.#loop?.stop();",
        to: "    this.#isBeside = false;",
      },
      { file: "lib/session/carrier_count.ts", from: "    if (doubt === undefined) return;\n", to: "" },
      {
        file: "lib/session/carrier_count.ts",
        from: "`${tellDoubt(doubt)} while",
        to: '`${tellDoubt(doubt ?? { kind: "silent", ms: 0 })} while',
      },
      {
        file: "lib/session/reconnect/doubt.ts",
        from: "return !signal.aborted && (isOver() || session.doubt !== undefined);",
        to: "return !signal.aborted;",
      },
    ],
  },
  tested(
    "an attempt on a path that nobody answers tells no reason",
    "session/reconnect/path_attempts.ts",
    "this.controller.abort(noAnswer(mostMs))",
    "this.controller.abort(mostMs > 0 ? undefined : noAnswer(mostMs))",
  ),
  tested(
    "a path that is down is dialed as often as one that is up",
    "session/reconnect/path_attempts.ts",
    "this.#startPause(this.#isDown ? Math.min(MOST_PAUSE_MS, grownMs) : PAUSE_MS);",
    "this.#startPause(PAUSE_MS + 0 * grownMs);",
  ),
  tested(
    "an attempt on a path that is down lasts as long as any",
    "session/reconnect/path_attempts.ts",
    "this.#isDown ? Math.min(ATTEMPT_MS, grownMs) : ATTEMPT_MS",
    "ATTEMPT_MS + 0 * grownMs",
  ),
  tested(
    "a path that is lost at once again and again is dialed each second",
    "session/reconnect/path_attempts.ts",
    "if (this.#options.clock.now() - this.#upSinceMs < PROVEN_MS) this.#failures++;",
    "",
  ),
  tested(
    "another network is taken for the one before",
    "session/reconnect/path_attempts.ts",
    "    if (!this.#isDown) return;\n    this.stop();\n",
    "",
  ),
  tested(
    "carriers that a path lacks are dialed there, though it is down",
    "session/reconnect/joiner.ts",
    "working[path] > 0 || counts[path] === 0;",
    "working[path] >= 0 || counts[path] === 0;",
  ),
];

/**
 * Faults of reconnecting: `lib/session/reconnect`.
 *
 * @module
 */
import { fault, type Mutation } from "./mutation.ts";

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
];

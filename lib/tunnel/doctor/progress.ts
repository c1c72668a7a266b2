/**
 * How far an examination is: each step is told when it is done, or has failed.
 *
 * @module
 */

import type { Clock } from "../../net/clock.ts";
import { failure, type Finding } from "./finding.ts";
import type { Step } from "./step.ts";

/** What is said of steps of which nothing better is known. */
const TEXTS: Partial<Record<Step, string>> = {
  proxy: "the proxy takes the connection",
  command: "the command runs",
  connection: "it is accepted",
  tls: "the certificate is trusted",
  websocket: "the web server leads on to it",
  seal: "a server that seals answers",
};

/** Tells steps in their order, with the time that each took. */
export class Progress {
  readonly #steps: readonly Step[];
  readonly #clock: Clock;
  readonly #tell: (finding: Finding) => void;
  #next = 0;
  #sinceMs: number;

  /** The first of `steps` begins now. */
  constructor(steps: readonly Step[], clock: Clock, tell: (finding: Finding) => void) {
    this.#steps = steps;
    this.#clock = clock;
    this.#tell = tell;
    this.#sinceMs = clock.now();
  }

  /** Whether `step` is one of those that are not done yet. */
  awaits(step: Step): boolean {
    return this.#steps.indexOf(step) >= this.#next;
  }

  /**
   * A step is done, and with it those in front of it. One that is not awaited is not told: of a second connection
   * nobody wants to hear the same again.
   */
  done(step: Step, text: string = TEXTS[step] ?? "it works"): void {
    if (!this.awaits(step)) return;
    for (;;) {
      const each = this.#steps[this.#next++]!;
      this.#tellNow({ step: each, isGood: true, text: each === step ? text : TEXTS[each] ?? "it works" });
      if (each === step) return;
    }
  }

  /** The next step has failed. */
  failed(error: unknown): void {
    const step = this.#steps[this.#next];
    if (step === undefined) throw error;
    this.#tell(failure(step, this.#clock.now() - this.#sinceMs, error));
  }

  /** The next step has been found wanting. */
  wanting(step: Step, text: string): void {
    this.#tellNow({ step, isGood: false, text });
  }

  #tellNow(finding: Omit<Finding, "tookMs">): void {
    const nowMs = this.#clock.now();
    this.#tell({ ...finding, tookMs: nowMs - this.#sinceMs });
    this.#sinceMs = nowMs;
  }
}

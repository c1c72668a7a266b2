/**
 * What a wake-up makes of a carrier: suspect, until it shows a sign of life of now.
 *
 * @module
 */

/** A carrier shows a sign of life within this time behind a wake-up at the least, in milliseconds. */
const SUSPECT_FOR_MS = 1_000;

/** The same in round trips, on a long path: one for the reply, the others for what the reply waits behind. */
const SUSPECT_ROUND_TRIPS = 3;

/**
 * Behind a pause as long as this in what is read, the bytes that waited through the sleep are all read; milliseconds.
 */
const PAUSE_MS = 200;

/** However much waited, it is read within this time, in milliseconds. */
const BACKLOG_MS = 1_000;

/** What to do about a carrier: nothing, ask the peer for a reply, or give it up. */
export type Suspected = "nothing" | "ask" | "dead";

/**
 * Waits behind a wake-up for a byte that was sent after it.
 *
 * A pure core. Bytes that lay in the machine through the sleep say nothing about the path now, be they data, signs of
 * life or the reply to a question of before. The mark of a reply does not tell: a question that is a reply as well has
 * the peer's mark, which may be that of another one of ours. So what is read without a pause clears nothing, but is a reason to ask again; what comes behind a pause does. Invariant 7: as
 * long as bytes come, nobody is given up, and there is no suspicion any more when they come for longer than they could
 * have waited.
 *
 * Source: `PROTOCOL.md`, "Liveness".
 *
 * @example
 * ```ts
 * import { Suspicion } from "./suspicion.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const suspicion = new Suspicion();
 * suspicion.wokeUp();
 * suspicion.received(); // It waited.
 * assertEquals(suspicion.passed(250, 0), "ask");
 * assertEquals(suspicion.passed(250, 0), "nothing");
 * suspicion.received(); // The answer.
 * assertEquals(suspicion.isOn, false);
 * ```
 */
export class Suspicion {
  #isOn = false;
  /** Since the wake-up. */
  #awakeMs = 0;
  /** Since the wake-up, or since the step began in which something was read last. */
  #silentMs = 0;
  /** Since something was read last, in whole steps. */
  #pauseMs = 0;
  #hasCome = false;

  /** Whether the carrier has shown no sign of life since the wake-up. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /**
   * For how long nothing has come since the wake-up, as far as the process ran and a step has passed, in milliseconds.
   */
  get silentMs(): number {
    return this.#silentMs;
  }

  /** The process slept. The caller asks for a reply. */
  wokeUp(): void {
    this.#isOn = true;
    this.#hasCome = false;
    this.#awakeMs = this.#silentMs = this.#pauseMs = 0;
  }

  /** Bytes of any kind came. */
  received(): void {
    this.#hasCome = true;
    if (this.#pauseMs >= PAUSE_MS || this.#awakeMs >= BACKLOG_MS) this.#isOn = false;
  }

  /**
   * A step passed.
   *
   * @param ms For how long the process ran.
   * @param roundTripMs The round trip of before the sleep, in milliseconds; 0 if unknown.
   * @param isLate Whether the step ended late: a process that is held up may not have read what waits.
   */
  passed(ms: number, roundTripMs: number, isLate = false): Suspected {
    if (!this.#isOn) return "nothing";
    const hasCome = this.#hasCome;
    this.#hasCome = false;
    this.#awakeMs += ms;
    this.#silentMs = hasCome ? ms : this.#silentMs + ms;
    this.#pauseMs = hasCome || isLate ? 0 : this.#pauseMs + ms;
    if (hasCome) return "ask";
    return this.#silentMs >= Math.max(SUSPECT_FOR_MS, SUSPECT_ROUND_TRIPS * roundTripMs) ? "dead" : "nothing";
  }
}

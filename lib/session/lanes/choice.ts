/**
 * On which of several carriers a chunk of bulk goes.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import type { Arrival, CarrierLoad } from "./arrival.ts";

/** How often one that declined is asked again, if nothing else happens, in milliseconds. */
const ASK_AGAIN_MS = 10;

/** A carrier that may take it. */
export interface Candidate {
  /** What is known of it. */
  readonly load: CarrierLoad;
  /** When a chunk would arrive. */
  readonly arrival: Arrival;
  /** Whether what it has in flight makes no progress: nobody waits for such a one. */
  readonly isStill: boolean;
}

/** Options of {@linkcode Choice}. */
export interface ChoiceOptions {
  /** Time. */
  clock: Clock;
  /** Those that declined are to be asked again. */
  onAskAgain(): void;
}

/**
 * Says to a carrier that asks for a chunk whether it would be there first by it. If not, it is asked again, since the
 * better one may take nothing: a slow path is left idle rather than waited for, and no longer.
 *
 * Source: `PROTOCOL.md`, "Choosing a carrier".
 */
export class Choice {
  readonly #options: ChoiceOptions;
  #hasDeclined = false;
  #timer: Timer | undefined;

  /** Nobody has asked. */
  constructor(options: ChoiceOptions) {
    this.#options = options;
  }

  /**
   * Whether `asking` takes a chunk of `bytes` bytes that waits.
   *
   * @param others The other carriers that bulk may go on.
   */
  takes(asking: Candidate, others: readonly Candidate[], bytes: number): boolean {
    const nowMs = this.#options.clock.now();
    const all = [asking, ...others];
    if (all.every(({ load }) => load.inFlight === 0)) return true;
    const hereMs = asking.arrival.inMs(asking.load, bytes, nowMs);
    const isSooner = ({ arrival, load, isStill }: Candidate) => !isStill && arrival.inMs(load, bytes, nowMs) < hereMs;
    if (!others.some(isSooner)) return true;
    this.#decline();
    return false;
  }

  #decline(): void {
    this.#hasDeclined = true;
    this.#timer ??= this.#options.clock.setTimer(() => {
      this.#timer = undefined;
      this.changed();
    }, ASK_AGAIN_MS);
  }

  /** Something was acknowledged, or a carrier is gone: the answer may be another now. */
  changed(): void {
    if (!this.#hasDeclined) return;
    this.#hasDeclined = false;
    this.#options.onAskAgain();
  }

  /** The session is over. */
  stop(): void {
    this.#timer?.cancel();
    this.#hasDeclined = false;
  }
}

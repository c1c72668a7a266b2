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
  /**
   * Whether what it has in flight makes no progress, or without any, what its path has: nobody waits for such a one, nor
   * is it given more while another path works.
   */
  readonly isStill: boolean;
  /** From where to where it goes. */
  readonly path: string;
  /**
   * Whether it can take more now. What holds up a carrier is its own, and not its path's: on the same path nobody waits
   * for it, or a new carrier would never be given what it needs to come up to speed.
   */
  readonly hasRoom: boolean;
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
    const isSooner = ({ arrival, load, isStill, path, hasRoom }: Candidate) => {
      if (isStill || (path === asking.path && !hasRoom)) return false;
      return arrival.inMs(load, bytes, nowMs) < hereMs;
    };
    const isOnDeadPath = asking.isStill && others.some(({ isStill, path }) => !isStill && path !== asking.path);
    if (!isOnDeadPath && !others.some(isSooner)) return true;
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

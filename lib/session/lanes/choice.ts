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

/** What waits. */
export interface Chunk {
  /** How much. */
  readonly bytes: number;
  /** Bytes that the peer takes from then on before it grants more. */
  readonly creditBytes: number;
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
 * What it brings late the peer waits for, and grants nothing meanwhile. So it takes nothing either for which the others
 * would wait without credit (BLEST: Ferlin et al., IFIP Networking 2016).
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
   * Whether `asking` takes a chunk that waits.
   *
   * @param others The other carriers that bulk may go on.
   */
  takes(asking: Candidate, others: readonly Candidate[], chunk: Chunk): boolean {
    if (asking.load.inFlight === 0 && others.every(({ load }) => load.inFlight === 0)) return true;
    const isOnDeadPath = asking.isStill && others.some(({ isStill, path }) => !isStill && path !== asking.path);
    if (!isOnDeadPath && !this.#isLate(asking, others, chunk)) return true;
    this.#decline();
    return false;
  }

  /** Whether another one brings it sooner, or the others would wait for it without credit. */
  #isLate(asking: Candidate, others: readonly Candidate[], { bytes, creditBytes }: Chunk): boolean {
    const nowMs = this.#options.clock.now();
    const hereMs = asking.arrival.inMs(asking.load, bytes, nowMs);
    let quickestMs = Infinity;
    let rateBytesPerMs = 0;
    for (const { isStill, hasRoom, path, load, arrival } of others) {
      if (isStill) continue;
      const thereMs = arrival.inMs(load, bytes, nowMs);
      if (thereMs < hereMs && (hasRoom || path !== asking.path)) return true;
      // One without room that has less in flight than this is held up by something else, and may stay so.
      if (!hasRoom && load.inFlight <= bytes) continue;
      quickestMs = Math.min(quickestMs, thereMs);
      rateBytesPerMs += load.rateBytesPerMs;
    }
    return (hereMs - quickestMs) * rateBytesPerMs > creditBytes;
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

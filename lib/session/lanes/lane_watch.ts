/**
 * Looks from time to time what a client's bulk carriers are worth.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { Lanes } from "./lanes.ts";

/** How often it looks while there are bulk carriers, in milliseconds. */
const LOOK_MS = 1_000;

/** Options of {@linkcode LaneWatch}. */
export interface LaneWatchOptions {
  /** Time. */
  clock: Clock;
  /** Most bulk carriers. */
  most: number;
  /** There are to be so many bulk carriers from now on. */
  onTarget(count: number): void;
  /** The bulk carrier of this number is to leave. */
  onUseless(number: number): void;
}

/**
 * Keeps the {@linkcode Lanes} of a client up to date, without a timer while it has no bulk carrier.
 *
 * Source: `PROTOCOL.md`, "Lanes".
 */
export class LaneWatch {
  readonly #options: LaneWatchOptions;
  readonly #lanes: Lanes;
  readonly #bulk: Set<number> = new Set();
  #told = 0;
  #timer: Timer | undefined;

  /** There are no bulk carriers. */
  constructor(options: LaneWatchOptions) {
    this.#options = options;
    this.#lanes = new Lanes(options.most);
  }

  /** An end wishes for so many. */
  wished(end: "own" | "peer", count: number): void {
    this.#lanes.wished(end, count);
    this.#tell();
  }

  /** A bulk carrier was attached. */
  attached(number: number): void {
    this.#bulk.add(number);
    this.#lanes.attached(number, this.#options.clock.now());
    this.#timer ??= this.#options.clock.setTimer(this.#onTimer, LOOK_MS);
  }

  /** A carrier is gone, or has become the quiet one. */
  gone(number: number): void {
    this.#bulk.delete(number);
    this.#lanes.gone(number);
  }

  /** `bytes` were moved by a carrier, in either direction. */
  moved(number: number, bytes: number): void {
    if (this.#bulk.has(number)) this.#lanes.moved(number, bytes, this.#options.clock.now());
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    for (const number of this.#lanes.look(this.#options.clock.now())) {
      this.gone(number);
      this.#options.onUseless(number);
    }
    this.#tell();
    if (this.#bulk.size > 0) this.#timer = this.#options.clock.setTimer(this.#onTimer, LOOK_MS);
  };

  #tell(): void {
    const { target } = this.#lanes;
    if (target === this.#told) return;
    this.#told = target;
    this.#options.onTarget(target);
  }

  /** The session is over. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#bulk.clear();
  }
}

/**
 * Looks from time to time what a client's bulk carriers are worth.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { Lanes } from "./lanes.ts";

/** How often it looks while there are bulk carriers, or are to be some, in milliseconds. */
const LOOK_MS = 1_000;

/** A bulk carrier. */
export interface MovingCarrier {
  /** Its number in the session. */
  readonly number: number;
  /** Bytes that it has moved so far, in both directions. */
  readonly movedBytes: number;
}

/** Options of {@linkcode LaneWatch}. */
export interface LaneWatchOptions {
  /** Time. */
  clock: Clock;
  /** Most bulk carriers. */
  most: number;
  /** The bulk carriers that there are. */
  bulk(): readonly MovingCarrier[];
  /** There are to be so many bulk carriers from now on. */
  onTarget(count: number): void;
  /** The bulk carrier of this number is to leave. */
  onUseless(number: number): void;
}

/**
 * Keeps the {@linkcode Lanes} of a client up to date, without a timer while it neither has nor wants a bulk carrier.
 *
 * Source: `PROTOCOL.md`, "Lanes".
 */
export class LaneWatch {
  readonly #options: LaneWatchOptions;
  readonly #lanes: Lanes;
  /** What each bulk carrier had moved at the last look. */
  readonly #movedBytes: Map<number, number> = new Map();
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
    if (this.#lanes.target > 0) this.#timer ??= this.#options.clock.setTimer(this.#onTimer, LOOK_MS);
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#count();
    for (const number of this.#lanes.look(this.#options.clock.now())) {
      this.#gone(number);
      this.#options.onUseless(number);
    }
    this.#tell();
    if (this.#lanes.target === 0 && this.#movedBytes.size === 0) return;
    this.#timer = this.#options.clock.setTimer(this.#onTimer, LOOK_MS);
  };

  /** Who has come, who is gone, and what each has moved. */
  #count(): void {
    const nowMs = this.#options.clock.now();
    const bulk = new Map(this.#options.bulk().map(({ number, movedBytes }) => [number, movedBytes]));
    for (const number of [...this.#movedBytes.keys()]) if (!bulk.has(number)) this.#gone(number);
    for (const [number, movedBytes] of bulk) {
      const before = this.#movedBytes.get(number);
      if (before === undefined) this.#lanes.attached(number, nowMs);
      else this.#lanes.moved(number, movedBytes - before, nowMs);
      this.#movedBytes.set(number, movedBytes);
    }
  }

  #gone(number: number): void {
    this.#movedBytes.delete(number);
    this.#lanes.gone(number);
  }

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
  }
}

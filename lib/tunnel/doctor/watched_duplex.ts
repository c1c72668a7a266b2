/**
 * A connection of which is seen when something came, and that it has ended while nobody reads.
 *
 * @module
 */

import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf } from "../../net/error.ts";
import { ForwardedDuplex } from "../../net/forwarded_duplex.ts";

/** Bytes that are read ahead while nobody else reads. */
const AHEAD_BYTES = 4 * 1024;

/** How a connection ended while nobody read. */
export interface SilentEnd {
  /** When, by the clock, in milliseconds. */
  readonly atMs: number;
  /** Why, in words. */
  readonly reason: string;
}

/** Passes everything on to the connection that it watches. */
export class WatchedDuplex extends ForwardedDuplex {
  readonly #clock: Clock;
  readonly #buffer = new Uint8Array(AHEAD_BYTES);
  #ahead: Promise<number | null> | undefined;
  #rest: Uint8Array = this.#buffer.subarray(0, 0);
  #onCame = () => {};

  /** Watches `duplex`, which nobody else may use any more. */
  constructor(duplex: Duplex, clock: Clock) {
    super(duplex);
    this.#clock = clock;
  }

  /** Settles when bytes come that somebody reads; the next time, not one before. */
  came(): Promise<void> {
    return new Promise((resolve) => this.#onCame = resolve);
  }

  /**
   * Reads ahead from now on, which only sees an end. To be called while nobody reads, and once.
   *
   * @returns How it ended; never, if bytes come first.
   */
  async silentEnd(): Promise<SilentEnd> {
    this.#ahead = super.read(this.#buffer);
    // Whoever reads next is told as well.
    const reason = await this.#ahead.then(
      (count) => count === null ? "it was closed" : undefined,
      (error) => reasonOf(error),
    );
    if (reason === undefined) return await new Promise<never>(() => {});
    return { atMs: this.#clock.now(), reason };
  }

  /** See {@linkcode Duplex.read}. */
  override async read(into: Uint8Array): Promise<number | null> {
    if (this.#ahead !== undefined) {
      const count = await this.#ahead;
      this.#ahead = undefined;
      if (count === null) return null;
      this.#rest = this.#buffer.subarray(0, count);
    }
    const count = this.#rest.length > 0 ? this.#takeRest(into) : await super.read(into);
    if (count !== null) this.#onCame();
    return count;
  }

  #takeRest(into: Uint8Array): number {
    const part = this.#rest.subarray(0, into.length);
    into.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }
}

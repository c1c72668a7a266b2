/**
 * A connection of which is seen when something came, and that it has ended while nobody reads.
 *
 * @module
 */

import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf } from "../../net/error.ts";

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
export class WatchedDuplex implements Duplex {
  readonly #duplex: Duplex;
  readonly #clock: Clock;
  readonly #buffer = new Uint8Array(AHEAD_BYTES);
  #ahead: Promise<number | null> | undefined;
  #rest: Uint8Array = this.#buffer.subarray(0, 0);
  #onCame = () => {};

  /** Watches `duplex`, which nobody else may use any more. */
  constructor(duplex: Duplex, clock: Clock) {
    this.#duplex = duplex;
    this.#clock = clock;
  }

  /** Who is at the other end. */
  get peer(): string {
    return this.#duplex.peer;
  }

  /** See {@linkcode Duplex.peerName}. */
  get peerName(): string | undefined {
    return this.#duplex.peerName;
  }

  /** See {@linkcode Duplex.leaf}. */
  get leaf(): Uint8Array | undefined {
    return this.#duplex.leaf;
  }

  /** See {@linkcode Duplex.localAddress}. */
  get localAddress(): string | undefined {
    return this.#duplex.localAddress;
  }

  /** See {@linkcode Duplex.localPort}. */
  get localPort(): number | undefined {
    return this.#duplex.localPort;
  }

  /** See {@linkcode Duplex.readsAfterFailedWrite}. */
  get readsAfterFailedWrite(): boolean | undefined {
    return this.#duplex.readsAfterFailedWrite;
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
    this.#ahead = this.#duplex.read(this.#buffer);
    // Whoever reads next is told as well.
    const reason = await this.#ahead.then(
      (count) => count === null ? "it was closed" : undefined,
      (error) => reasonOf(error),
    );
    if (reason === undefined) return await new Promise<never>(() => {});
    return { atMs: this.#clock.now(), reason };
  }

  /** See {@linkcode Duplex.read}. */
  async read(into: Uint8Array): Promise<number | null> {
    if (this.#ahead !== undefined) {
      const count = await this.#ahead;
      this.#ahead = undefined;
      if (count === null) return null;
      this.#rest = this.#buffer.subarray(0, count);
    }
    const count = this.#rest.length > 0 ? this.#takeRest(into) : await this.#duplex.read(into);
    if (count !== null) this.#onCame();
    return count;
  }

  #takeRest(into: Uint8Array): number {
    const part = this.#rest.subarray(0, into.length);
    into.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  /** See {@linkcode Duplex.write}. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#duplex.write(bytes);
  }

  /** See {@linkcode Duplex.closeWrite}. */
  closeWrite(): Promise<void> {
    return this.#duplex.closeWrite();
  }

  /** See {@linkcode Duplex.abort}. */
  abort(reason?: unknown): void {
    this.#duplex.abort(reason);
  }

  /** See {@linkcode Duplex.close}. */
  close(): void {
    this.#duplex.close();
  }
}

/**
 * How the bound of one carrier grows while the rate of its path is being found.
 *
 * @module
 */
import type { Delivery } from "./flight.ts";

/** The bound is this many times what the rate so far needs. */
const GAIN = 2;
/** And this many times while the rate is a guess: what was sent may have waited for data, or for what was lost. */
const GUESS_GAIN = 4;

/** What is known when something is acknowledged. */
export interface StartState {
  /** The present bound, in bytes. */
  readonly bound: number;
  /** What the rate so far needs under way, in bytes. */
  readonly neededBytes: number;
  /** Whether any rate is known that the bound or the path limited. */
  readonly isFound: boolean;
  /** Whether what is acknowledged came as late as behind a queue. */
  readonly isLate: boolean;
}

/** A rule for the bound until the rate is found; the first bytes are those of its constructor. */
export interface StartBound {
  /** Something was acknowledged. */
  delivered(delivery: Pick<Delivery, "bytes" | "inFlightThen">, state: StartState): void;
  /** The bound in bytes, where the rate so far needs this many. */
  bytes(neededBytes: number, isFound: boolean): number;
  /** The path is another one: all that was found is void, but for the rate. */
  restart(): void;
}

/**
 * For a carrier that is alone: twice what the rate needs, whatever is late. Bytes that wait for lost ones come as late as
 * those in a queue, and who waits for them never finds the rate. That makes a queue for three round trips.
 *
 * Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example
 * ```ts
 * import { EagerStart } from "./start_bound.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const start = new EagerStart(32_768);
 * assertEquals([start.bytes(10_000, false), start.bytes(10_000, true)], [32_768, 20_000]);
 * ```
 */
export class EagerStart implements StartBound {
  #firstBytes: number;

  /** Begins with this bound, in bytes. */
  constructor(firstBytes: number) {
    this.#firstBytes = firstBytes;
  }

  /** On a short path a rate takes 50 ms, which is many round trips: it doubles in each, as TCP begins (RFC 5681). */
  delivered({ bytes, inFlightThen }: Pick<Delivery, "bytes" | "inFlightThen">, { bound, isFound }: StartState): void {
    if (!isFound && inFlightThen >= bound / GAIN) this.#firstBytes += bytes;
  }

  bytes(neededBytes: number, isFound: boolean): number {
    return Math.max(isFound ? 0 : this.#firstBytes, GAIN * neededBytes);
  }

  restart(): void {
    this.#firstBytes = 0;
  }
}

/**
 * For the first of several carriers: it doubles in each round trip, as TCP begins (RFC 5681), until there is a queue
 * (RFC 9406). Where packets are lost that ends too soon, and the carriers that follow find the rest.
 *
 * Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example
 * ```ts
 * import { CarefulStart } from "./start_bound.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const start = new CarefulStart(32_768);
 * const state = { bound: 32_768, neededBytes: 30_000, isFound: true, isLate: false };
 * start.delivered({ bytes: 10_000, inFlightThen: 32_768 }, state);
 * assertEquals(start.bytes(30_000), 42_768);
 * start.delivered({ bytes: 10_000, inFlightThen: 32_768 }, { ...state, isLate: true });
 * assertEquals(start.bytes(30_000), 42_768);
 * ```
 */
export class CarefulStart implements StartBound {
  #leastBytes: number;

  /** Begins with this bound, in bytes. */
  constructor(firstBytes: number) {
    this.#leastBytes = firstBytes;
  }

  delivered({ bytes, inFlightThen }: Pick<Delivery, "bytes" | "inFlightThen">, state: StartState): void {
    const { bound, neededBytes, isFound, isLate } = state;
    // What is acknowledged was sent when the bound was half as much.
    const isUsed = inFlightThen >= bound / 3;
    if (isLate && isFound) this.#leastBytes = Math.min(this.#leastBytes, GAIN * neededBytes);
    else if (isLate && isUsed) this.#leastBytes = Math.min(this.#leastBytes, GUESS_GAIN * neededBytes);
    else if (isUsed) this.#leastBytes = Math.max(this.#leastBytes, bound) + bytes;
  }

  bytes(neededBytes: number): number {
    return Math.max(this.#leastBytes, neededBytes);
  }

  restart(): void {
    this.#leastBytes = 0;
  }
}

/**
 * Which streams the peer has opened.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import { LAST_STREAM, MOST_UNSEEN_RANGES } from "./mux_constants.ts";

/** Numbers that were not seen, from the first to the last of them. */
interface UnseenRange {
  first: number;
  last: number;
}

/** Options of {@linkcode StreamNumbers}. */
export interface StreamNumbersOptions {
  /** The first number that the peer gives: 1 of a client, 2 of a server. */
  first: number;
  /** From one number to the next: 2. */
  step: number;
}

/**
 * Remembers which numbers of streams the peer has used, so that an open that comes again opens nothing, in whatever
 * order carriers bring them. A pure core. Source: `PROTOCOL.md`, "Numbers of streams".
 *
 * Invariant 5: it keeps the highest number and the ranges below it that were not seen, {@linkcode MOST_UNSEEN_RANGES}
 * at the most. A set of all that were seen would grow with each stream, as long as the session lives. The next number
 * costs no search; another one costs a binary one.
 *
 * @example
 * ```ts
 * import { StreamNumbers } from "./stream_numbers.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const numbers = new StreamNumbers({ first: 1, step: 2 });
 * assertEquals([numbers.see(1), numbers.see(5), numbers.see(5)], ["new", "new", "known"]);
 * assertEquals([numbers.has(3), numbers.see(3)], [false, "new"]); // its carrier was late
 * ```
 */
export class StreamNumbers {
  readonly #first: number;
  readonly #step: number;
  /** Nothing from here on was seen. */
  #next: number;
  /** Rising, with something that was seen between any two. */
  readonly #unseen: UnseenRange[] = [];

  /** Nothing was seen. */
  constructor(options: StreamNumbersOptions) {
    this.#first = options.first;
    this.#step = options.step;
    this.#next = options.first;
  }

  /** The lowest number above all that were seen. */
  get next(): number {
    return this.#next;
  }

  /** The highest number that was seen; 0 if none was. */
  get lastSeen(): number {
    return Math.max(0, this.#next - this.#step);
  }

  /** Whether the peer may give no number above `last`: it has given none yet, and `last` is one of its own, or 0. */
  mayEndWith(last: number): boolean {
    return last >= this.lastSeen && (last === 0 || this.#isGivenByPeer(last));
  }

  /** Ranges below the highest number that were not seen. */
  get unseenRanges(): number {
    return this.#unseen.length;
  }

  /** Whether `id` was ever seen: a stream with this number is open, or over. */
  has(id: number): boolean {
    return this.#isGivenByPeer(id) && id < this.#next && this.#indexOf(id) === undefined;
  }

  /**
   * An open for `id` came.
   *
   * @returns `new` the first time: it opens a stream. `known` from then on: it changes nothing.
   * @throws {TeleError} `protocol` if the peer cannot give this number, or more ranges are left unseen than it may.
   *   What was seen is as before then.
   */
  see(id: number): "new" | "known" {
    if (id === this.#next && id <= LAST_STREAM) {
      this.#next += this.#step;
      return "new";
    }
    if (!this.#isGivenByPeer(id)) throw new TeleError("protocol", `the peer opened a stream with the number ${id}`);
    if (id > this.#next) {
      this.#checkRoom();
      this.#unseen.push({ first: this.#next, last: id - this.#step });
      this.#next = id + this.#step;
      return "new";
    }
    const index = this.#indexOf(id);
    if (index === undefined) return "known";
    this.#takeOut(index, id);
    return "new";
  }

  #isGivenByPeer(id: number): boolean {
    return id >= this.#first && id <= LAST_STREAM && (id - this.#first) % this.#step === 0;
  }

  /** Where the range of `id` is; `undefined` if it is in none. */
  #indexOf(id: number): number | undefined {
    let [low, high] = [0, this.#unseen.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#unseen[middle]!.last < id) low = middle + 1;
      else high = middle;
    }
    return low < this.#unseen.length && this.#unseen[low]!.first <= id ? low : undefined;
  }

  #takeOut(index: number, id: number): void {
    const range = this.#unseen[index]!;
    if (range.first === range.last) {
      this.#unseen.splice(index, 1);
    } else if (id === range.first) {
      range.first += this.#step;
    } else if (id === range.last) {
      range.last -= this.#step;
    } else {
      this.#checkRoom();
      this.#unseen.splice(index + 1, 0, { first: id + this.#step, last: range.last });
      range.last = id - this.#step;
    }
  }

  #checkRoom(): void {
    if (this.#unseen.length < MOST_UNSEEN_RANGES) return;
    const sentence = `the peer left more than ${MOST_UNSEEN_RANGES} ranges of numbers of streams unopened`;
    throw new TeleError("protocol", sentence);
  }
}

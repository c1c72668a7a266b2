/**
 * Every choice of one generated stream, so that a failing one can be made smaller by leaving choices out.
 *
 * @module
 */
import { Random } from "../support/random.ts";

/**
 * Numbers from a seed, or from a list of earlier ones. Behind the end of a list all choices are zero, and zero is
 * always the simplest choice: the lowest number, the first of a list, "no".
 */
export class Choices {
  /** What was chosen so far, if it is kept. */
  readonly taken: number[] | undefined;
  readonly #random: Random | undefined;
  readonly #list: readonly number[];
  #at = 0;

  private constructor(random: Random | undefined, list: readonly number[], isKept: boolean) {
    this.#random = random;
    this.#list = list;
    this.taken = isKept ? [] : undefined;
  }

  /** Choices of `seed`. */
  static ofSeed(seed: number, isKept = false): Choices {
    return new Choices(new Random(seed), [], isKept);
  }

  /** Choices that were taken before. */
  static ofList(list: readonly number[]): Choices {
    return new Choices(undefined, list, true);
  }

  /** The next whole number of 32 bits. */
  next32(): number {
    const value = this.#random?.next32() ?? this.#list[this.#at++] ?? 0;
    this.taken?.push(value);
    return value;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.next32() % (high - low + 1);
  }

  /** A number of up to `high`, small ones more often. */
  upTo(high: number): number {
    const most = this.between(0, 3) === 3 ? high : Math.min(high, 16);
    return this.between(0, most);
  }

  /** `true` with the given probability. */
  chance(probability: number): boolean {
    return this.next32() >= (1 - probability) * 2 ** 32;
  }

  /** One of `list`. */
  pick<Item>(list: readonly Item[]): Item {
    return list[this.next32() % list.length]!;
  }

  /** `count` bytes of noise. */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += 4) {
      const word = this.next32();
      for (let byte = 0; byte < 4 && at + byte < count; byte++) bytes[at + byte] = word >>> (8 * byte);
    }
    return bytes;
  }
}

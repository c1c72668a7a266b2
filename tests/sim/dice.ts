/**
 * The dice of a scenario.
 *
 * @module
 */
import { Random } from "../support/random.ts";

/** What the dice offer beside {@linkcode Random}. */
export class Dice extends Random {
  pick<Item>(...items: Item[]): Item {
    return items[this.between(0, items.length - 1)];
  }

  /** A number whose order of magnitude is as likely as any other. */
  size(low: number, high: number): number {
    const share = this.next32() / 2 ** 32;
    return Math.round(low * (high / low) ** share);
  }
}

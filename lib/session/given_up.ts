/**
 * Commits that a client gave up before their accepts came.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import type { Receipt } from "./handshake/fields.ts";
import { MOST_UNSETTLED } from "./session_constants.ts";

/**
 * Remembers the latest of them: a server may have attached their carriers all the same, and hold a log for each until it
 * is told that nothing of it was taken. A pure core.
 *
 * Source: `PROTOCOL.md`, "Receipts".
 *
 * @example
 * ```ts
 * import { GivenUp } from "./given_up.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const givenUp = new GivenUp();
 * givenUp.add(3);
 * assertEquals(givenUp.asks({ number: 3, taken: 0 }), true); // the server's receipt came
 * assertEquals(givenUp.takeOwed(), [{ number: 3, taken: 0 }]); // to be told by a frame
 * ```
 */
export class GivenUp {
  readonly #numbers = new Set<number>();
  /** Receipts that only frames tell: commits do so by leaving the carriers out. */
  #owed: Receipt[] = [];

  /** A commit was given up. */
  add(number: number): void {
    this.#numbers.add(number);
    const [oldest] = this.#numbers;
    if (this.#numbers.size > MOST_UNSETTLED) this.#numbers.delete(oldest!);
  }

  /** A commit made behind these was accepted: the server has learned from it that nothing is owed for them. */
  settledBefore(number: number): void {
    for (const one of this.#numbers) if (one < number) this.#numbers.delete(one);
  }

  /**
   * Whether a receipt of the server is for one of them: then it wants to be told that nothing was taken.
   *
   * @throws {TeleError} `protocol` if it took something, where nothing was sent.
   */
  asks({ number, taken }: Receipt): boolean {
    if (!this.#numbers.has(number)) return false;
    if (taken !== 0) {
      throw new TeleError("protocol", `a receipt of ${taken} bytes for carrier ${number}, on which nothing was sent`);
    }
    this.#numbers.delete(number);
    this.#owed.push({ number, taken: 0 });
    return true;
  }

  /** The receipts that are owed for them, each once. */
  takeOwed(): Receipt[] {
    return this.#owed.splice(0);
  }

  /** Whether any is owed. */
  get owesAny(): boolean {
    return this.#owed.length > 0;
  }
}

/**
 * Which commits of joins a server takes, in whatever order they come.
 *
 * @module
 */
import { RefusalError } from "./ending.ts";
import { EndCode } from "./session_constants.ts";

/**
 * Remembers the commit with the highest number, and which of the carriers that it lists have come. A pure core.
 *
 * Source: `PROTOCOL.md`, "Joining", step 4.
 *
 * @example
 * ```ts
 * import { JoinOrder } from "./join_order.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const order = new JoinOrder();
 * assertEquals(order.take(3, [0, 2]), "highest"); // those of 1 and 2 are still on their way
 * assertEquals(order.take(2, [0, 1]), "listed");
 * assertThrows(() => order.take(1, [0]), Error, "newer"); // not in the list of 3: its client gave it up
 * assertThrows(() => order.take(2, [0, 1]), Error, "newer"); // once was enough
 * ```
 */
export class JoinOrder {
  #highest = 0;
  #live: ReadonlySet<number> = new Set();
  /** Of these, and the highest, those that came. */
  #taken = new Set([0]);

  /**
   * A commit came, and its proof holds.
   *
   * @returns Whether it says which carriers are alive: the one with the highest number does.
   * @throws {RefusalError} `stale` if its client has given it up, or its number was taken before.
   */
  take(number: number, live: readonly number[]): "highest" | "listed" {
    if (number > this.#highest) {
      this.#live = new Set(live);
      this.#taken = new Set([...this.#taken].filter((one) => this.#live.has(one)));
      this.#highest = number;
    } else if (!this.#live.has(number) || this.#taken.has(number)) {
      throw new RefusalError({ code: EndCode.stale, message: "a newer carrier of the session came first" });
    }
    this.#taken.add(number);
    return number === this.#highest ? "highest" : "listed";
  }

  /** Whether the client may still be there for a carrier whose commit was taken. */
  isWanted(number: number): boolean {
    return number === this.#highest || this.#live.has(number);
  }
}

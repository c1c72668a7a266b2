/**
 * Which failure at first contact is the last word.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";

/** Consecutive doubted attempts that are a refusal: they take half a second, and outages mix their ways to fail. */
const MOST_DOUBTED = 5;

/**
 * Tells a refusal, which somebody must mend, from an outage, which time mends.
 *
 * @example
 * ```ts
 * import { Refusals } from "./refusals.ts";
 * import { TeleError } from "../../net/error.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const refusals = new Refusals();
 * assertEquals(refusals.isFinal(new TeleError("carrier-lost", "reset")), false);
 * assertEquals(refusals.isFinal(new TeleError("refused", "another version")), true);
 * ```
 */
export class Refusals {
  /** Attempts in a row until now that were doubted. */
  #doubted = 0;

  /** An attempt failed: whether somebody must change a token, a certificate or a version before it can work. */
  isFinal(error: unknown): error is TeleError {
    const code = error instanceof TeleError ? error.code : undefined;
    this.#doubted = code === "doubted" ? this.#doubted + 1 : 0;
    return code === "refused" || code === "untrusted" || this.#doubted >= MOST_DOUBTED;
  }
}

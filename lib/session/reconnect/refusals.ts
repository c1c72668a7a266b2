/**
 * Which failure at first contact is the last word.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { RefusalError } from "../ending.ts";
import { FullError } from "../handshake/client_handshake.ts";
import { EndCode } from "../session_constants.ts";

/** What is known of the other sessions of the same client. */
export interface Siblings {
  /**
   * Whether there are some: they may be what takes the room that a further one needs, and end.
   *
   * @default {there are none}
   */
  hasSiblings?(): boolean;
  /**
   * The server that has this session has been away for long, and an attempt has just shown that it still is: users may
   * go to another one.
   *
   * @default {they wait}
   */
  onOwnerAway?(): void;
}

/** Whether the peer gave this reason for a refusal, or an end. */
export function isTold(error: unknown, code: number): boolean {
  return error instanceof RefusalError && error.endCode === code;
}

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
  readonly #siblings: Siblings;

  /** No attempt has failed. */
  constructor(siblings: Siblings = {}) {
    this.#siblings = siblings;
  }

  /** An attempt failed: whether somebody must change a token, a certificate or a version before it can work. */
  isFinal(error: unknown): error is TeleError {
    const code = error instanceof TeleError ? error.code : undefined;
    this.#doubted = code === "doubted" ? this.#doubted + 1 : 0;
    // A server that is drained: the next one answers in its place.
    if (isTold(error, EndCode.draining)) return false;
    if (error instanceof FullError && this.#siblings.hasSiblings?.()) return false;
    return code === "refused" || code === "untrusted" || this.#doubted >= MOST_DOUBTED;
  }
}

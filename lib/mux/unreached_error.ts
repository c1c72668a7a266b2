/**
 * A user that is not reached, with the code that tells the peer why.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import { ResetCode } from "./mux_constants.ts";

/**
 * What {@linkcode DialUser} may reject with, where the peer is to know more than that it was in vain.
 *
 * @example
 * ```ts
 * import { ResetCode } from "./mux_constants.ts";
 * import { resetCodeOf, UnreachedError } from "./unreached_error.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(resetCodeOf(new UnreachedError(ResetCode.silent, "nobody answers")), ResetCode.silent);
 * assertEquals(resetCodeOf(new Error("connection refused")), ResetCode.refused);
 * ```
 */
export class UnreachedError extends TeleError {
  /** One of {@linkcode ResetCode}. */
  readonly resetCode: ResetCode;

  /** An error whose `message` the peer is told. */
  constructor(resetCode: ResetCode, message: string, options?: ErrorOptions) {
    super("refused", message, options);
    this.name = "UnreachedError";
    this.resetCode = resetCode;
  }
}

/** With which code a stream is reset whose dial rejected with `error`. */
export function resetCodeOf(error: unknown): ResetCode {
  return error instanceof UnreachedError ? error.resetCode : ResetCode.refused;
}

/**
 * The one error class of `tele`.
 *
 * @module
 */

/**
 * What went wrong, as a word a program can compare.
 *
 * - `bad-input`: an option, address or file is wrong; the message says what to change.
 * - `protocol`: the peer broke the protocol; the carrier or the session ends.
 * - `refused`: the peer said no, with a reason.
 * - `unknown-session`: the peer, proven to be the right one, does not know the session.
 * - `expired`: the session waited for a carrier longer than the resume timeout.
 * - `closed`: it was ended here, on purpose.
 * - `untrusted`: a certificate, of the peer or of this side, was not accepted.
 * - `carrier-lost`: the connection between the tele processes died; the session goes on.
 * - `stream-reset`: the user connection was reset, refused or cut.
 */
export type TeleErrorCode =
  | "bad-input"
  | "protocol"
  | "refused"
  | "unknown-session"
  | "expired"
  | "closed"
  | "untrusted"
  | "carrier-lost"
  | "stream-reset";

/**
 * An error with a code and a sentence that tells what to do next.
 *
 * @example
 * ```ts
 * import { TeleError } from "./error.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new TeleError("bad-input", "--max takes a whole number, for example --max=100");
 * assertEquals(error.code, "bad-input");
 * ```
 */
export class TeleError extends Error {
  /** What went wrong, for programs. */
  readonly code: TeleErrorCode;

  /** Makes an error of `code` whose `message` is a sentence for a person. */
  constructor(code: TeleErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TeleError";
    this.code = code;
  }
}

/** The sentence in any thrown value: an error's message without the operating system's number, or the value itself. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ \(os error \d+\)/, "");
}

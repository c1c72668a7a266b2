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
 * - `doubted`: it ended as it does where a certificate of this side is not accepted, or by an alert of TLS that says so
 * or that there is no tele server; an outage, or somebody on the way, ends some in the same way.
 * - `carrier-lost`: the connection between the tele processes died; the session goes on.
 * - `stream-reset`: the user connection was reset, refused or cut.
 * - `fault`: something threw that should not have, in `tele` or in what the program gave it; `cause` is what it threw.
 */
export type TeleErrorCode =
  | "bad-input"
  | "protocol"
  | "refused"
  | "unknown-session"
  | "expired"
  | "closed"
  | "untrusted"
  | "doubted"
  | "carrier-lost"
  | "stream-reset"
  | "fault";

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

/**
 * An error `bad-input`: `sentence` says what to change.
 *
 * @example
 * ```ts
 * import { badInput } from "./error.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(badInput("--max takes a whole number, for example --max=100").code, "bad-input");
 * ```
 */
export function badInput(sentence: string, options?: ErrorOptions): TeleError {
  return new TeleError("bad-input", sentence, options);
}

/** The operating system's names for failures in words, where a message has nothing but the name (`read ECONNRESET`). */
const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: "not allowed by this system",
  EADDRNOTAVAIL: "this machine does not have that address, or no port of it is free",
  ECONNABORTED: "the connection was ended by this machine",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTDOWN: "the host is down",
  EHOSTUNREACH: "no route to host",
  EMFILE: "this process has too many files open",
  ENETDOWN: "the network is down",
  ENETUNREACH: "network unreachable",
  ENFILE: "this machine has too many files open",
  ENOBUFS: "this machine has no memory left for connections",
  ENOENT: "there is no such file",
  ENOTCONN: "the connection is gone",
  EPERM: "not allowed by this system",
  EPIPE: "the other side takes no more",
  ETIMEDOUT: "connection timed out",
};

/**
 * The sentence in any thrown value: an error's message without the operating system's number, or the value itself. A
 * message that is only a call and the system's name for what went wrong becomes words.
 *
 * @example
 * ```ts
 * import { reasonOf } from "./error.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(reasonOf(new Error("read ECONNRESET")), "connection reset by peer");
 * assertEquals(reasonOf(new Error("Connection reset by peer (os error 104)")), "connection reset by peer");
 * ```
 */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, name = ""] = /^(?:\w+ )?(E[A-Z]+)\b/.exec(message) ?? [];
  if (Object.hasOwn(SYSTEM_REASONS, name)) return SYSTEM_REASONS[name];
  // The runtime begins a sentence of its own with the system's words; here they stand in the middle of one.
  return message.replace(/^([A-Z])(?=[a-z].* \(os error \d+\))/, (letter) => letter.toLowerCase())
    .replace(/ \(os error \d+\)/, "");
}

/** An unforeseen throw as a `fault`. A {@linkcode TeleError} was foreseen and stays itself. */
export function faultOf(error: unknown): TeleError {
  if (error instanceof TeleError) return error;
  const message = `a fault of this program's own, not of the network or the peer: ${reasonOf(error)}`;
  return new TeleError("fault", message, { cause: error });
}

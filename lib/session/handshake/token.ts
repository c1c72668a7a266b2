/**
 * The shared secret of a client and a server: what it adds to the keys, and what is said when it is missing or wrong.
 * Source: `PROTOCOL.md`, "Tokens".
 *
 * No sentence here, nor any other, contains a token or what was derived from it.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { EndCode, MAX_TOKEN_BYTES, MIN_TOKEN_BYTES } from "../session_constants.ts";
import { labelled } from "./keys.ts";
import { RefusalError } from "../ending.ts";

const GOOD_ONE = "`tele --make-token` prints a good one";

/**
 * Checks that a token is long enough that guessing it is hopeless, and no longer than a secret needs to be.
 *
 * @param what How the sentence calls it, for example `the token in TELE_TOKEN`.
 * @throws {TeleError} `bad-input` with a sentence that tells its length.
 *
 * @example
 * ```ts
 * import { checkTokenLength } from "./token.ts";
 * import { assertThrows } from "@std/assert";
 *
 * checkTokenLength(crypto.getRandomValues(new Uint8Array(32)), "the token");
 * assertThrows(() => checkTokenLength(new Uint8Array(7), "the token"), Error, "the token has 7 bytes");
 * ```
 */
export function checkTokenLength(token: Uint8Array, what: string): void {
  const { length } = token;
  if (length === 0) throw new TeleError("bad-input", `${what} is empty: ${GOOD_ONE}`);
  if (length < MIN_TOKEN_BYTES) {
    const bytes = length === 1 ? "1 byte" : `${length} bytes`;
    throw new TeleError("bad-input", `${what} has ${bytes}, at least ${MIN_TOKEN_BYTES} are needed: ${GOOD_ONE}`);
  }
  if (length > MAX_TOKEN_BYTES) {
    throw new TeleError("bad-input", `${what} has more than ${MAX_TOKEN_BYTES} bytes: ${GOOD_ONE}`);
  }
}

/**
 * What a token adds to the keys of a new session; nothing without one. The token itself is not kept.
 *
 * @throws {TeleError} `bad-input`, at once, if the token is too short or too long.
 */
export function tokenSalt(token: Uint8Array | undefined): Promise<Uint8Array> {
  if (token === undefined) return Promise.resolve(new Uint8Array(0));
  checkTokenLength(token, "the token");
  return crypto.subtle.digest("SHA-256", labelled("token", token)).then((digest) => new Uint8Array(digest));
}

/**
 * Checks that an end which renews its token had one: whether it has is said in every handshake, and must not depend on
 * the moment.
 *
 * @throws {TeleError} `bad-input` if it had none.
 */
export function checkWasGuarded(wasGuarded: boolean): void {
  if (!wasGuarded) throw new TeleError("bad-input", "there was no token before that this one could replace");
}

/** The server has a token, the client has none. The first sentence is the client's, the second the server's. */
export function tokenOnServerOnly(): RefusalError {
  return new RefusalError(
    {
      code: EndCode.token,
      message: "the tele server wants a token: set TELE_TOKEN or --token-file on this side to the server's",
    },
    "the tele client has no token: set TELE_TOKEN or --token-file on its side to this server's",
  );
}

/** The client has a token, the server has none. */
export function tokenOnClientOnly(): RefusalError {
  return new RefusalError(
    {
      code: EndCode.token,
      message: "the tele server has no token, this side has one: " +
        "start the server with TELE_TOKEN or --token-file set to this side's, or this side without a token",
    },
    "the tele client has a token, this tele server has none: " +
      "start the server with TELE_TOKEN or --token-file set to the client's, or the client without a token",
  );
}

/**
 * Both have a token, and a proof over it does not hold.
 *
 * @param isSealed Whether the proof covers what the client saw of TLS too: who knows the protocol and stands between can
 *   make the hello fit, and then it is the proof that tells.
 * @param name What the client says that its token is called. Whether there is one of this name must not show.
 */
export function tokensDiffer(isSealed: boolean, name?: string): RefusalError {
  const between = isSealed ? "; if it is the same, somebody between the two ends the encryption" : "";
  if (name !== undefined) return namedTokensDiffer(name, between);
  return new RefusalError(
    {
      code: EndCode.token,
      message:
        `the token is not the tele server's: set TELE_TOKEN or --token-file on this side to the server's${between}`,
    },
    `the tele client's token is not this server's: set TELE_TOKEN or --token-file to the same on both sides${between}`,
  );
}

function namedTokensDiffer(name: string, between: string): RefusalError {
  return new RefusalError(
    {
      code: EndCode.token,
      message:
        `the token of ${name} is not the tele server's: its --token-file needs the line of this side's${between}`,
    },
    `the token of the tele client that calls itself ${name} is not this server's: ` +
      `there is another one under this name in --token-file, or none${between}`,
  );
}

/** Whether a refusal answers somebody who may be guessing a token, where the server has one. */
export function mayAnswerGuess(error: TeleError, isGuarded: boolean): boolean {
  const code = error instanceof RefusalError ? error.endCode : undefined;
  return code === EndCode.token || (isGuarded && code === EndCode.proof);
}

/** Sessions that began with a token are ended, since that was removed or changed at the server, or may reach less. */
export function tokenWithdrawn(name: string | undefined): RefusalError {
  const whose = name === undefined ? "without a name" : `of ${name}`;
  return new RefusalError(
    {
      code: EndCode.token,
      message:
        `the token ${whose} with which the session began was withdrawn at the tele server, or may reach less there`,
    },
    `the token ${whose} with which it began was taken out of --token-file, or changed there`,
  );
}

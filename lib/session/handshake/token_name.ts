/**
 * Names of tokens: who a client is by the token that it has. Source: `PROTOCOL.md`, "Names of tokens".
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { MAX_TOKEN_NAME_BYTES } from "../session_constants.ts";

/** ASCII, so that a name is as many bytes as letters, and may stand in a line of a log. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]*$/;

/** What a name may be, for the end of a sentence. */
const RULE = `up to ${MAX_TOKEN_NAME_BYTES} letters a-z and A-Z, digits, and . _ @ - behind the first`;

/**
 * Whether a token can have this name: 1 to {@linkcode MAX_TOKEN_NAME_BYTES} letters and digits of ASCII, and `.`, `_`,
 * `@`, `-` behind the first.
 *
 * @example
 * ```ts
 * import { isTokenName } from "./token_name.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["alice", "web-1.example", "", "-x", "two words"].map(isTokenName), [true, true, false, false, false]);
 * ```
 */
export function isTokenName(text: string): boolean {
  return text.length <= MAX_TOKEN_NAME_BYTES && NAME.test(text);
}

/**
 * Checks a name.
 *
 * @param what How the sentence calls it, for example `--name`. The name itself is not in it: who has mixed up the columns
 *   of a file has a token there.
 * @throws {TeleError} `bad-input` with a sentence that tells what a name may be.
 */
export function checkTokenName(name: string, what: string): void {
  if (!isTokenName(name)) throw new TeleError("bad-input", `${what} is not the name of a token: that is ${RULE}`);
}

/**
 * Where a token comes from: a file, or the environment. Never a flag, since flags show in `ps`.
 *
 * @module
 */
import { reasonOf, TeleError } from "../net/error.ts";
import type { Log } from "../net/log.ts";
import { MAX_TOKEN_BYTES } from "../session/constants.ts";
import { checkTokenLength } from "../session/token.ts";

/** The variable of the environment that holds a token. */
export const TOKEN_VARIABLE = "TELE_TOKEN";

/** Bytes of a token that is made here. */
const MADE_TOKEN_BYTES = 32;

/** Where the user has put the token. */
export interface TokenSource {
  /** The path that `--token-file` names. */
  file?: string;
  /** The value of {@linkcode TOKEN_VARIABLE}. */
  variable?: string;
}

/**
 * The token that the user has set, or `undefined` if there is none.
 *
 * One line ending at its end is no part of it: editors and `echo` put one there, and some secret stores hand it on into
 * the environment. A variable that is set but empty is an error, not the lack of a token: it is what a failed
 * `TELE_TOKEN=$(...)` leaves, and the server must not be open because of it.
 *
 * @throws {TeleError} `bad-input` if it is set twice, too short, too long, or the file cannot be read.
 *
 * @example
 * ```ts
 * import { makeToken, readToken } from "./token.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const token = await readToken({ variable: makeToken() }, console.warn);
 * assertEquals(token?.length, 43);
 * ```
 */
export async function readToken({ file, variable }: TokenSource, log: Log): Promise<Uint8Array | undefined> {
  if (file === undefined) return variable === undefined ? undefined : readVariable(variable);
  // An empty variable beside a file is how a shell unsets it for one command.
  if (variable) {
    throw new TeleError("bad-input", `both ${TOKEN_VARIABLE} and --token-file=${file} are set: take one of them away`);
  }
  const token = withoutLineEnding(await readFile(file, log));
  checkTokenLength(token, `the token in --token-file=${file}`);
  return token;
}

function readVariable(variable: string): Uint8Array {
  const token = withoutLineEnding(new TextEncoder().encode(variable));
  checkTokenLength(token, `the token in ${TOKEN_VARIABLE}`);
  return token;
}

/** The file's bytes, or a few more than a token may have: it may be a pipe, or a device that never ends. */
async function readFile(path: string, log: Log): Promise<Uint8Array> {
  try {
    using file = await Deno.open(path);
    const { mode } = await file.stat();
    // On Windows there is no mode.
    if (mode !== null && (mode & 0o044) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, "0");
      log("warn", `others on this machine can read the token file ${path} (mode ${octal}): chmod 600 ${path}`);
    }
    const bytes = new Uint8Array(MAX_TOKEN_BYTES + "\r\n".length + 1);
    let filled = 0;
    while (filled < bytes.length) {
      const count = await file.read(bytes.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    const reason = isMissing ? "there is no such file; `tele --make-token` prints what to put there" : reasonOf(error);
    throw new TeleError("bad-input", `cannot read the token from --token-file=${path}: ${reason}`);
  }
}

/** Bytes without one LF or CR LF at their end. */
function withoutLineEnding(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

/**
 * A token that nobody can guess: 32 random bytes as base64url (RFC 4648, section 5), 43 characters.
 *
 * @example
 * ```ts
 * import { makeToken } from "./token.ts";
 * import { assertMatch } from "@std/assert";
 *
 * assertMatch(makeToken(), /^[\w-]{43}$/);
 * ```
 */
export function makeToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(MADE_TOKEN_BYTES));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

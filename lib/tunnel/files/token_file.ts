/**
 * Where a token comes from: a file or the environment, never a flag, since `ps` shows flags.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { badInput, reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { MAX_TOKEN_BYTES } from "../../session/session_constants.ts";
import { checkTokenLength } from "../../session/handshake/token.ts";
import { isRegularFile, watchContent } from "./watched_files.ts";

/** The environment variable that holds a token. */
export const TOKEN_VARIABLE = "TELE_TOKEN";

/** Length of a token that is made here, in bytes. */
const MADE_TOKEN_BYTES = 32;

/** The mark that editors on Windows put in front of text in UTF-8. */
const UTF8_MARK = [0xef, 0xbb, 0xbf];

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
 * One line ending at its end does not belong to it: editors and `echo` put one there, and some secret stores pass it on
 * into the environment. Nor does the mark that editors on Windows put in front of text in UTF-8. A variable that is set
 * but empty is an error, not the lack of a token: a failed `TELE_TOKEN=$(...)` leaves it so, and must not open the
 * server.
 *
 * @throws {TeleError} `bad-input` if it is set twice, too short, too long, or the file cannot be read.
 *
 * @example
 * ```ts
 * import { makeToken, readToken } from "./token_file.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const token = await readToken({ variable: makeToken() }, console.warn);
 * assertEquals(token?.length, 43);
 * ```
 */
export async function readToken({ file, variable }: TokenSource, log: Log): Promise<Uint8Array | undefined> {
  if (file === undefined) return variable === undefined ? undefined : readVariable(variable);
  // Beside a file, an empty variable is how a shell unsets it for one command.
  if (variable) {
    throw badInput(`both ${TOKEN_VARIABLE} and --token-file=${file} are set: take one of them away`);
  }
  const { token, mode } = await readTokenFile(file);
  warnOfReaders(file, mode, log);
  return token;
}

/**
 * Looks at the token's file every second, and passes on the new token when it has changed. If that is too short or
 * cannot be read, a line says so, and the former stays in use. Without a file, or with a pipe, which can be read only
 * once, it does nothing.
 *
 * @returns Stops looking.
 */
export function watchToken(
  { file }: TokenSource,
  { clock, log, onChange }: { clock: Clock; log: Log; onChange: (token: Uint8Array) => void },
): () => void {
  if (file === undefined || !isRegularFile(file)) return () => {};
  return watchContent({
    files: { "--token-file": file },
    clock,
    log,
    read: () => readTokenFile(file),
    onChange({ token, mode }) {
      warnOfReaders(file, mode, log);
      onChange(token);
    },
    used: "the token there now is the one for new sessions; sessions that are there go on",
  });
}

function readVariable(variable: string): Uint8Array {
  return tokenOf(new TextEncoder().encode(variable), `the token in ${TOKEN_VARIABLE}`);
}

async function readTokenFile(path: string): Promise<{ token: Uint8Array; mode: number | null }> {
  const { bytes, mode } = await readFile(path);
  return { token: tokenOf(bytes, `the token in --token-file=${path}`), mode };
}

/** Warns if other users may read the file; on Windows there is no mode to tell. */
function warnOfReaders(path: string, mode: number | null, log: Log): void {
  if (mode === null || (mode & 0o044) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  log("warn", `others on this machine can read the token file ${path} (mode ${octal}): chmod 600 ${path}`);
}

/** The file's bytes, at most a few more than a token may have: it may be a pipe, or a device without an end. */
async function readFile(path: string): Promise<{ bytes: Uint8Array; mode: number | null }> {
  try {
    using file = await Deno.open(path);
    const { mode } = await file.stat();
    const bytes = new Uint8Array(UTF8_MARK.length + MAX_TOKEN_BYTES + "\r\n".length + 1);
    let filled = 0;
    while (filled < bytes.length) {
      const count = await file.read(bytes.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return { bytes: bytes.subarray(0, filled), mode };
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    const reason = isMissing ? "there is no such file; `tele --make-token` prints what to put there" : reasonOf(error);
    throw badInput(`cannot read the token from --token-file=${path}: ${reason}`);
  }
}

/** The token in `text`; error messages call it `what`. */
function tokenOf(text: Uint8Array, what: string): Uint8Array {
  if (isUtf16(text)) {
    const shell =
      "Windows PowerShell writes that by `>`; `tele --make-token | Out-File -Encoding ascii token` does not";
    throw badInput(`${what} is text in UTF-16, in which each letter has two bytes: ${shell}`);
  }
  const token = withoutLineEnding(startsWith(text, UTF8_MARK) ? text.subarray(UTF8_MARK.length) : text);
  checkTokenLength(token, what);
  if (token.every(isBlank)) {
    throw badInput(`${what} holds nothing but blanks: \`tele --make-token\` prints a good one`);
  }
  return token;
}

/** Whether it is a space or a control character, such as the zeros that a crash can leave in a file. */
function isBlank(byte: number): boolean {
  return byte <= 0x20;
}

/** Whether it is ASCII text in UTF-16, behind its mark; random bytes behind such a mark are a token. */
function isUtf16(text: Uint8Array): boolean {
  const isLittle = startsWith(text, [0xff, 0xfe]);
  if (!isLittle && !startsWith(text, [0xfe, 0xff])) return false;
  return text.subarray(2).every((byte, at) => byte === 0 || at % 2 === (isLittle ? 0 : 1));
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}

/** The bytes without one LF or CR LF at their end. */
function withoutLineEnding(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

/**
 * A token that nobody can guess: 32 random bytes as base64url (RFC 4648, section 5), 43 characters.
 *
 * @example
 * ```ts
 * import { makeToken } from "./token_file.ts";
 * import { assertMatch } from "@std/assert";
 *
 * assertMatch(makeToken(), /^[\w-]{43}$/);
 * ```
 */
export function makeToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(MADE_TOKEN_BYTES));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

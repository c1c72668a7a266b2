/**
 * What a token file says: one token, or lines of names and tokens. A pure reader; no sentence of its shows a token.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";
import type { ClientToken } from "../../session/handshake/own_token.ts";
import { checkTokenLength } from "../../session/handshake/token.ts";
import { checkTokenName } from "../../session/handshake/token_name.ts";
import { checkServiceName } from "../../session/handshake/service_name.ts";
import {
  ALL_DESTINATIONS,
  type NamedToken,
  NAMELESS_SERVICE,
  type ServerTokens,
} from "../../session/handshake/token_table.ts";

/** Most bytes of a file: some ten thousand lines. */
export const MOST_TOKEN_FILE_BYTES = 1024 * 1024;

/** The mark that editors on Windows put in front of text in UTF-8. */
const UTF8_MARK = [0xef, 0xbb, 0xbf];

/** In place of a name: the token of clients that have none. */
const NO_NAME = "*";

/** How the word of a line begins that says what a client may reach. */
export const SERVICES = "services=";

/** The same, of what it may offer. */
export const REVERSE = "reverse=";

/** The word of a line whose client is believed where its users come from. */
const TRUSTED_ADDRESSES = "addresses=trusted";
const ADDRESSES = "addresses=";

/** A line of a name and a token, in something that is no text. */
const NAMED_LINE = /^[A-Za-z0-9][\w.@-]{0,63}[ \t]+[!-~]{16,}\r?$/m;

/** The token of a client that has one. */
export type GivenToken = ClientToken & Required<Pick<ClientToken, "token">>;

/** A line that is neither blank nor a comment. */
interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  readonly words: readonly string[];
}

/**
 * The tokens in `bytes`, for a server.
 *
 * One line that is not two words is one token as it stands, blanks included, and so is anything that is no text. Other
 * text is lines of `NAME TOKEN`, or `* TOKEN` for clients without a name; `services=NAME[,NAME]` behind that is what the
 * client may reach, `*` the service without a name and `*:*` all destinations; `reverse=NAME[,NAME]`, in front of that
 * or behind it, is what the client may offer, and `addresses=trusted` lets it say where its users come from. `#` begins a comment. Comments alone let nobody in.
 *
 * @param place Where they come from, for example `--token-file=tokens`.
 * @throws {TeleError} `bad-input` with the line's number, and what to change there.
 *
 * @example
 * ```ts
 * import { serverTokens } from "./token_lines.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const bytesOf = (text: string) => new TextEncoder().encode(text);
 * const { tokens } = serverTokens(bytesOf("# at home\nalice correct-horse-battery\n"), "the file");
 * assertEquals(tokens, [{ name: "alice", token: bytesOf("correct-horse-battery") }]);
 * assertThrows(() => serverTokens(bytesOf("alice short\n"), "the file"), Error, "the token in line 1 of the file has 5");
 * ```
 */
export function serverTokens(bytes: Uint8Array, place: string): ServerTokens {
  const what = `the token in ${place}`;
  if (bytes.length > MOST_TOKEN_FILE_BYTES) throw badInput(`${place} holds more than 1 MiB: is it the right file?`);
  if (isUtf16(bytes)) {
    const shell =
      "Windows PowerShell writes that by `>`; `tele --make-token | Out-File -Encoding ascii token` does not";
    throw badInput(`${what} is text in UTF-16, in which each letter has two bytes: ${shell}`);
  }
  const content = startsWith(bytes, UTF8_MARK) ? bytes.subarray(UTF8_MARK.length) : bytes;
  const text = textOf(content);
  if (text === undefined) {
    refuseBrokenLines(content, place);
    return { token: soleToken(content, what) };
  }
  const { lines, hasComments } = linesOf(text);
  const [first] = lines;
  if (first === undefined) return hasComments ? { tokens: [] } : { token: soleToken(content, what) };
  if (lines.length > 1 || isNamed(first)) return namedTokens(lines, place);
  return { token: soleToken(hasComments ? new TextEncoder().encode(first.text) : content, what) };
}

/**
 * The token in `bytes`, for a client: the same, but one.
 *
 * @throws {TeleError} `bad-input` with the line's number, and what to change there.
 */
export function clientToken(bytes: Uint8Array, place: string): GivenToken {
  const { token, tokens = [] } = serverTokens(bytes, place);
  const count = tokens.length + (token === undefined ? 0 : 1);
  if (count === 0) throw badInput(`${place} has comments only, and no token: ${GOOD_ONE}`);
  if (count > 1) {
    throw badInput(`${place} has ${count} tokens, and a client has one: leave only this client's line there`);
  }
  return token !== undefined ? { token } : { token: tokens[0].token, tokenName: tokens[0].name };
}

const GOOD_ONE = "`tele --make-token` prints a good one";

/** Text, or `undefined` if it is not UTF-8 or has characters that no line has. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return bytes.some(isNoText) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Whether it is a control character that is no tab and no end of a line. */
function isNoText(byte: number): boolean {
  return byte === 0x7f || (byte < 0x20 && ![0x09, 0x0a, 0x0d].includes(byte));
}

/** Lines of tokens that a crash has broken must not become one long token, and end all sessions. */
function refuseBrokenLines(bytes: Uint8Array, place: string): void {
  if (!NAMED_LINE.test(new TextDecoder("latin1").decode(bytes))) return;
  throw badInput(`${place} has lines of names and tokens, and bytes that are no text: write it anew`);
}

function linesOf(text: string): { lines: Line[]; hasComments: boolean } {
  const all = text.split("\n").map((raw, at) => {
    const line = raw.replace(/^[ \t\r]+|[ \t\r]+$/g, "");
    return { number: at + 1, text: line, words: line.split(/[ \t]+/) };
  });
  const isComment = (line: Line) => line.text.startsWith("#");
  return {
    lines: all.filter((line) => line.text !== "" && !isComment(line)),
    hasComments: all.some(isComment),
  };
}

/** Whether a line that stands alone is a name and a token; else it is a token, which may have blanks. */
function isNamed({ words }: Line): boolean {
  return words.length === 2 || words.slice(1).some(isGrant);
}

function namedTokens(lines: readonly Line[], place: string): ServerTokens {
  const tokens: NamedToken[] = [];
  let nameless: Omit<NamedToken, "name"> | undefined;
  const seen = { name: new Map<string, number>(), token: new Map<string, number>() };
  for (const line of lines) {
    const { name, secret, grants } = wordsOf(line, `line ${line.number} of ${place}`);
    for (const [kind, word] of [["name", name], ["token", secret]] as const) {
      const before = seen[kind].get(word);
      if (before !== undefined) throw twice(kind, [before, line.number], place);
      seen[kind].set(word, line.number);
    }
    const entry = { token: new TextEncoder().encode(secret), ...grants };
    if (name === NO_NAME) nameless = entry;
    else tokens.push({ name, ...entry });
  }
  return { ...nameless, tokens };
}

/** What a line says of its client's rights; what is not said is not there. */
type Grants = Pick<NamedToken, "services" | "reverse" | "tellsUsers">;

/** Whether it begins as a word that grants something does. */
function isGrant(word: string): boolean {
  return [SERVICES, REVERSE, ADDRESSES].some((kind) => word.startsWith(kind));
}

/** The name and the token of a line, and what its client may, as far as that is said. */
function wordsOf({ words }: Line, where: string): { name: string; secret: string; grants: Grants } {
  const [name = "", secret, ...more] = words;
  if (secret === undefined) {
    throw badInput(`${where} has one word, where a name and a token belong (* TOKEN for clients without a name)`);
  }
  if (isGrant(secret)) {
    const word = secret.slice(0, secret.indexOf("=") + 1);
    throw badInput(`${where} has ${word} in the place of the token: NAME TOKEN ${word}…`);
  }
  if (!more.every(isGrant)) {
    throw badInput(
      `${where} has ${words.length} words, where a name and a token belong, the token without blanks, and perhaps ` +
        `${SERVICES}NAME,NAME, ${REVERSE}NAME,NAME (the names without blanks) and ${TRUSTED_ADDRESSES}`,
    );
  }
  if (name !== NO_NAME) checkTokenName(name, `the first word of ${where}`);
  checkTokenLength(new TextEncoder().encode(secret), `the token in ${where}`);
  return { name, secret, grants: grantsOf(more, where) };
}

function grantsOf(words: readonly string[], where: string): Grants {
  const [services, reverse] = [SERVICES, REVERSE].map((kind) => {
    const [word, again] = words.filter((word) => word.startsWith(kind));
    if (again !== undefined) throw badInput(`${where} has ${kind} twice: write one list`);
    return word === undefined ? undefined : namesOf(word, kind, where);
  });
  const [addresses, again] = words.filter((word) => word.startsWith(ADDRESSES));
  if (again !== undefined) throw badInput(`${where} has ${ADDRESSES} twice: write it once`);
  if (addresses !== undefined && addresses !== TRUSTED_ADDRESSES) {
    throw badInput(
      `${where} has ${addresses}, where only ${TRUSTED_ADDRESSES} means something: write that, or nothing`,
    );
  }
  return { ...services && { services }, ...reverse && { reverse }, ...addresses && { tellsUsers: true } };
}

/** The names in a word that begins with `kind`. */
function namesOf(word: string, kind: string, where: string): string[] {
  const names = word.slice(kind.length).split(",");
  for (const [at, name] of names.entries()) {
    if (name === "") {
      throw badInput(`${kind} in ${where} has an empty name: write ${kind}NAME,NAME, or nothing to allow all`);
    }
    if (kind === REVERSE || (name !== NAMELESS_SERVICE && name !== ALL_DESTINATIONS)) {
      checkServiceName(name, `${JSON.stringify(name)} behind ${kind} in ${where}`);
    }
    if (names.indexOf(name) !== at) throw badInput(`${kind} in ${where} has ${name} twice: write it once`);
  }
  return names;
}

function twice(kind: "name" | "token", [one, other]: readonly [number, number], place: string): Error {
  const why = kind === "name" ? "give each client its own" : "who has it could pass for either; give each its own";
  return badInput(`lines ${one} and ${other} of ${place} have the same ${kind}: ${why}`);
}

/** The token that `bytes` are, but for a line's end; error messages call it `what`. */
function soleToken(bytes: Uint8Array, what: string): Uint8Array {
  const token = withoutLineEnding(bytes);
  checkTokenLength(token, what);
  if (token.every(isBlank)) throw badInput(`${what} holds nothing but blanks: ${GOOD_ONE}`);
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

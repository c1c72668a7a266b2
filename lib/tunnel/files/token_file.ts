/**
 * Where tokens come from: a file or the environment, never a flag, since `ps` shows flags.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { badInput } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import type { ServerTokens } from "../../session/handshake/token_table.ts";
import { clientToken, type GivenToken, MOST_TOKEN_FILE_BYTES, serverTokens } from "./token_lines.ts";
import { readSecretFile, type SecretFile, warnOfOthers } from "./secret_file.ts";
import { markOf, watchContent } from "./watched_files.ts";

/** The environment variable that holds a token. */
export const TOKEN_VARIABLE = "TELE_TOKEN";

/** Length of a token that is made here, in bytes. */
const MADE_TOKEN_BYTES = 32;

/** Interval between two looks at a file, in milliseconds: two of them may pass until a line that is gone counts. */
const LOOK_MS = 500;

/** Where the user has put the token. */
export interface TokenSource {
  /** The path that `--token-file` names. */
  file?: string;
  /** The value of {@linkcode TOKEN_VARIABLE}. */
  variable?: string;
}

/** What is made of the text at one end. */
interface TokenReader<Content> {
  /** Throws with a sentence that says what to change at `place`. */
  parse(bytes: Uint8Array, place: string): Content;
  /** How the line of a change ends. */
  used(content: Content): string;
}

const RENEWED = "the token there now is the one for new sessions; sessions that are there go on";

const CLIENT: TokenReader<GivenToken> = { parse: clientToken, used: () => RENEWED };

const SERVER: TokenReader<ServerTokens> = {
  parse: serverTokens,
  used({ tokens }) {
    if (tokens === undefined) return RENEWED;
    if (tokens.length === 0) return "no client with a name is let in any more";
    const count = tokens.length === 1 ? "1 client" : `${tokens.length} clients`;
    return `${count} with a name may come now; sessions of a line that is gone or changed end`;
  },
};

/**
 * The tokens that the user of a server has set, or `undefined` if there are none.
 *
 * A variable that is set but empty is an error, not the lack of a token: a failed `TELE_TOKEN=$(...)` leaves it so, and
 * must not open the server. The text is read as {@linkcode serverTokens} says.
 *
 * @throws {TeleError} `bad-input` if they are set twice, are wrong, or the file cannot be read.
 *
 * @example
 * ```ts
 * import { makeToken, readServerTokens } from "./token_file.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { token } = (await readServerTokens({ variable: makeToken() }, console.warn))!;
 * assertEquals(token?.length, 43);
 * ```
 */
export async function readServerTokens(source: TokenSource, log: Log): Promise<ServerTokens | undefined> {
  const tokens = await readSource(source, SERVER, log);
  if (tokens?.token === undefined && tokens?.tokens?.length === 0) {
    log("warn", `${placeOf(source)} has comments only: no client is let in`);
  }
  return tokens;
}

/** The same for a client, which has one. */
export function readClientToken(source: TokenSource, log: Log): Promise<GivenToken | undefined> {
  return readSource(source, CLIENT, log);
}

async function readSource<Content>(
  source: TokenSource,
  reader: TokenReader<Content>,
  log: Log,
): Promise<Content | undefined> {
  const { file, variable } = source;
  if (file === undefined) {
    return variable === undefined ? undefined : reader.parse(new TextEncoder().encode(variable), placeOf(source));
  }
  // Beside a file, an empty variable is how a shell unsets it for one command.
  if (variable) {
    throw badInput(`both ${TOKEN_VARIABLE} and --token-file=${file} are set: take one of them away`);
  }
  const { content, mode } = await readTokenFile(file, reader);
  warnOfOthers(file, mode, "token file", log);
  return content;
}

function placeOf({ file }: TokenSource): string {
  return file === undefined ? TOKEN_VARIABLE : `--token-file=${file}`;
}

/** Changes when the tokens' file does; see {@linkcode TokenWatch.since}. */
export function markOfToken({ file }: TokenSource): string {
  return markOf({ "--token-file": file });
}

/** Options of {@linkcode watchServerTokens} and {@linkcode watchClientToken}. */
export interface TokenWatch<Content> {
  /** What {@linkcode markOfToken} said before the tokens were read first. */
  since: string;
  /** Time. */
  clock: Clock;
  /** Told of changes, and of what is wrong with them. */
  log: Log;
  /** Takes the new tokens. */
  onChange: (content: Content) => void;
}

/**
 * Looks at the tokens' file twice a second, and passes on what is there once it has changed and stays so for a look: a
 * file that is being written must not end sessions. If it is wrong or cannot be read, a line says so, and the former
 * stays in use. Without a file, or with a pipe, which can be read only once, it does nothing.
 *
 * @returns Stops looking.
 */
export function watchServerTokens(source: TokenSource, watch: TokenWatch<ServerTokens>): () => void {
  return watchSource(source, SERVER, watch);
}

/** The same for a client. */
export function watchClientToken(source: TokenSource, watch: TokenWatch<GivenToken>): () => void {
  return watchSource(source, CLIENT, watch);
}

function watchSource<Content>(
  { file }: TokenSource,
  reader: TokenReader<Content>,
  { since, clock, log, onChange }: TokenWatch<Content>,
): () => void {
  if (file === undefined) return () => {};
  return watchContent({
    files: { "--token-file": file },
    since,
    lookMs: LOOK_MS,
    settles: true,
    clock,
    log,
    read: () => readTokenFile(file, reader),
    onChange({ content, mode }) {
      warnOfOthers(file, mode, "token file", log);
      onChange(content);
    },
    used: ({ content }) => reader.used(content),
  });
}

async function readTokenFile<Content>(
  path: string,
  reader: TokenReader<Content>,
): Promise<{ content: Content; mode: number | null }> {
  const { bytes, mode } = await readFile(path);
  return { content: reader.parse(bytes, placeOf({ file: path })), mode };
}

function readFile(path: string): Promise<SecretFile> {
  return readSecretFile(path, { option: "--token-file", noun: "the token", mostBytes: MOST_TOKEN_FILE_BYTES });
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

/**
 * A file for both ends with such a token under a name: comments that say what to do with it, and its line.
 *
 * @example
 * ```ts
 * import { makeTokenLine } from "./token_file.ts";
 * import { assertMatch } from "@std/assert";
 *
 * assertMatch(makeTokenLine("alice"), /^# server: [^\n]+\n# client: [^\n]+\nalice [\w-]{43}$/);
 * ```
 */
export function makeTokenLine(name: string): string {
  return [
    "# server: add the line below to the file of its --token-file, which is read again at once",
    "# client: it is all that the file of its --token-file needs (chmod 600), or TELE_TOKEN",
    `${name} ${makeToken()}`,
  ].join("\n");
}

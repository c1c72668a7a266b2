/**
 * The words of an `ssh` command line: which belong to ssh, and which of them say how to log in.
 *
 * Source: ssh(1) of OpenSSH 10. ssh reads options in front of the host and behind it; with the next word the command
 * begins.
 *
 * @module
 */
import { mistake } from "../command_line/given_flags.ts";

/** Options of ssh that take a value, in the same word or in the next one. */
const WITH_VALUE = "BbcDEeFIiJLlmOoPpQRSWw";

/** Options that tell how to log in: who, where, with which key, by which jump host. All else is for the one session. */
const OF_LOGIN = "1246BbCcEFIiJKklmoPpqSv";

/** Options that end without a login. */
const WITHOUT_LOGIN = "GOQV";

/** An option of ssh. */
export interface SshOption {
  /** Its letter. */
  readonly letter: string;
  /** Its value; `undefined` if it takes none, or is the last word. */
  readonly value: string | undefined;
}

/** What ssh is asked for. */
export interface SshWords {
  /** Its options, in their order. */
  readonly options: readonly SshOption[];
  /** Where to: `[user@]host`, or `ssh://[user@]host[:port]`. */
  readonly destination: string;
  /** The command, as words that ssh puts together with blanks; empty for a shell. */
  readonly command: readonly string[];
}

/**
 * Reads the words of an ssh command line.
 *
 * An option that ssh does not know is kept: ssh says so better.
 *
 * @throws {TeleError} `bad-input` without a host, for options of `tele` behind it, and for what logs in nowhere.
 *
 * @example
 * ```ts
 * import { parseSshWords } from "./ssh_words.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { options, destination, command } = parseSshWords(["-tp22", "alice@example.com", "-v", "ls", "-l"]);
 * assertEquals(options.map(({ letter, value }) => [letter, value]), [["t", undefined], ["p", "22"], ["v", undefined]]);
 * assertEquals([destination, command], ["alice@example.com", ["ls", "-l"]]);
 * ```
 */
export function parseSshWords(words: readonly string[]): SshWords {
  const options: SshOption[] = [];
  let at = readOptions(words, 0, options);
  const isOver = words[at] === "--";
  if (isOver) at++;
  const destination = words[at++];
  if (destination === undefined) {
    throw mistake("tele ssh needs a host: tele ssh [user@]host [command]; see tele ssh --help");
  }
  if (!isOver) {
    at = readOptions(words, at, options);
    const next = words[at] ?? "";
    if (next === "--") at++;
    else if (next.startsWith("--")) {
      throw mistake(`${next} stands behind the host, where ssh's own options are: put tele's in front of it`);
    }
  }
  const idle = options.find(({ letter }) => WITHOUT_LOGIN.includes(letter));
  if (idle !== undefined) throw mistake(`-${idle.letter} logs in nowhere: ask ssh itself, without tele`);
  return { options, destination, command: words.slice(at) };
}

/** Reads options from `at` on; returns the place of the first word that is none. */
function readOptions(words: readonly string[], at: number, into: SshOption[]): number {
  for (; at < words.length; at++) {
    const word = words[at]!;
    if (!word.startsWith("-") || word === "-" || word.startsWith("--")) break;
    for (let place = 1; place < word.length; place++) {
      const letter = word[place]!;
      if (!WITH_VALUE.includes(letter)) {
        into.push({ letter, value: undefined });
        continue;
      }
      const rest = word.slice(place + 1);
      into.push({ letter, value: rest === "" ? words[++at] : rest });
      break;
    }
  }
  return at;
}

/** The words of all options; `-J` only if `hasJump`. */
export function optionWords({ options }: SshWords, hasJump: boolean): string[] {
  return options.filter(({ letter }) => hasJump || letter !== "J").flatMap(wordsOf);
}

/** The words of the options that another login to the same host needs; `-S` only if `isShared`. */
export function loginWords({ options }: SshWords, isShared: boolean): string[] {
  return options.filter(({ letter }) => OF_LOGIN.includes(letter) && (isShared || letter !== "S")).flatMap(wordsOf);
}

function wordsOf({ letter, value }: SshOption): string[] {
  return value === undefined ? [`-${letter}`] : [`-${letter}`, value];
}

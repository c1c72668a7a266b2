/**
 * The options of `tele ssh`, which stand in front of the host.
 *
 * @module
 */
import { closestString } from "@std/text/closest-string";
import { reasonOf } from "../../net/error.ts";
import type { LogLevel } from "../../net/log.ts";
import { splitWords } from "../../net/command/words.ts";
import { example, mistake } from "../command_line/given_flags.ts";
import { choice, type FlagOption, type ValueOption } from "../command_line/option.ts";
import { HELP } from "../command_line/option_table.ts";
import { parsePortRange, type PortRange } from "../values/port_range.ts";
import * as session from "../command_line/session_options.ts";
import { parseSshWords, type SshWords } from "./ssh_words.ts";

/** By what `ssh` is carried. */
export const WAYS = ["auto", "port", "ssh"] as const;

/** One of {@linkcode WAYS}. */
export type WayChoice = typeof WAYS[number];

/** `--remote`. */
export const REMOTE: ValueOption<readonly string[]> = {
  kind: "value",
  name: "remote",
  placeholder: "COMMAND",
  role: "alone",
  meaning: "tele on the other machine: its path, or the words that start it, as for a shell",
  default: "tele",
  example: "--remote='deno run -A tele/main.ts'",
  takes: "a path or a command",
  parse(text) {
    // The other machine is no Windows, whatever this one is.
    const words = splitWords(text, true);
    if (words.length === 0) throw mistake("it has no words");
    return words;
  },
};

/** `--by`. */
export const BY: ValueOption<WayChoice> = {
  kind: "value",
  name: "by",
  placeholder: "WAY",
  role: "alone",
  meaning: "port: by a free port of the other machine; ssh: by ssh -W, with no port open; auto: what can be reached",
  default: "auto",
  example: "--by=ssh",
  ...choice(WAYS),
};

/** `--port`. */
export const PORT: ValueOption<PortRange> = {
  kind: "value",
  name: "port",
  placeholder: "PORT[-PORT]",
  role: "alone",
  meaning: "the port that tele opens there, or the first free one of several, such as a firewall lets through",
  without: "any free one",
  example: "--port=40300-40399",
  takes: "a port, or the first and the last of several",
  parse: parsePortRange,
};

/** `--resume-timeout`: both sides wait for each other so long. */
export const RESUME_TIMEOUT: ValueOption<number> = {
  ...session.RESUME_TIMEOUT,
  meaning: "how long both sides wait for the network; then the login ends",
  default: "3d",
};

/** `--log-level`: ssh has the screen. */
export const LOG_LEVEL: ValueOption<LogLevel> = { ...session.LOG_LEVEL, default: "error" };

/** `--serve`. */
export const SERVE: FlagOption = {
  kind: "flag",
  name: "serve",
  role: "alone",
  meaning: "what tele ssh starts on the other machine",
  example: "tele ssh --serve",
};

/** `--carry`. */
export const CARRY: FlagOption = {
  kind: "flag",
  name: "carry",
  role: "alone",
  meaning: "what ssh starts as its ProxyCommand",
  example: "tele ssh --carry",
};

/** The options of a login, in the order of the help. */
export const LOGIN_OPTIONS: readonly ValueOption<unknown>[] = [REMOTE, BY, PORT, RESUME_TIMEOUT, LOG_LEVEL];

const FLAGS: readonly FlagOption[] = [HELP, SERVE, CARRY];

/** A login that outlives the network. */
export interface LoginOptions {
  /** The words that start `tele` on the other machine. */
  readonly remote: readonly string[];
  /** By what ssh is carried. */
  readonly by: WayChoice;
  /** The ports of which the first free one is taken; `undefined` for any. */
  readonly ports: PortRange | undefined;
  /** How long both sides wait for the network, in milliseconds. */
  readonly resumeTimeoutMs: number;
  /** Lowest level that is logged. */
  readonly logLevel: LogLevel;
  /** What ssh is asked for. */
  readonly ssh: SshWords;
}

/** What `tele ssh` is asked for. */
export type SshCommand =
  | { readonly kind: "help" }
  | { readonly kind: "serve" }
  | { readonly kind: "carry" }
  | { readonly kind: "login"; readonly options: LoginOptions };

/**
 * Reads the words behind `tele ssh`. None at all ask for the help.
 *
 * @throws {TeleError} `bad-input` with a sentence that says what to change.
 *
 * @example
 * ```ts
 * import { parseSshCommand } from "./ssh_options.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const command = parseSshCommand(["--remote=/opt/tele", "-p", "2222", "example.com", "uptime"]);
 * assertEquals(command.kind === "login" && command.options.remote, ["/opt/tele"]);
 * ```
 */
export function parseSshCommand(words: readonly string[]): SshCommand {
  if (words.length === 0 || words[0] === "-h") return { kind: "help" };
  const { given, others } = ownOptions(words);
  for (const kind of ["help", "serve", "carry"] as const) if (given.has(kind)) return { kind };
  const options = {
    remote: valueOf(given, REMOTE),
    by: valueOf(given, BY),
    ports: given.has(PORT.name) ? valueOf(given, PORT) : undefined,
    resumeTimeoutMs: valueOf(given, RESUME_TIMEOUT),
    logLevel: valueOf(given, LOG_LEVEL),
    ssh: parseSshWords(others),
  };
  return { kind: "login", options };
}

/** Options as they were typed: their names, and their values. */
type Given = ReadonlyMap<string, string>;

/** Takes out what begins with two dashes in front of the host. Options of ssh may stand there too. */
function ownOptions(words: readonly string[]): { given: Given; others: string[] } {
  const given = new Map<string, string>();
  const others: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const [, name, , value] = /^--([^=]+)(=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      others.push(word);
      // Behind the host, or behind "--", nothing is tele's. A value of ssh's must not be taken for the host.
      if (word === "--" || !word.startsWith("-")) return { given, others: [...others, ...words.slice(at + 1)] };
      if (takesNext(word) && at + 1 < words.length) others.push(words[++at]!);
      continue;
    }
    if (given.has(name)) throw mistake(`--${name} is given more than once: give it once`);
    if (FLAGS.some((flag) => flag.name === name)) {
      if (value !== undefined) throw mistake(`--${name} takes no value: write only --${name}`);
      given.set(name, "");
      continue;
    }
    if (!LOGIN_OPTIONS.some((option) => option.name === name)) throw unknown(name);
    given.set(name, value ?? words[++at] ?? "");
  }
  return { given, others };
}

/** Whether the value of ssh's option is the next word. */
function takesNext(word: string): boolean {
  const { options } = parseSshWords([word, "value", "host"]);
  return options.at(-1)?.value === "value";
}

function valueOf<Value>(given: Given, option: ValueOption<Value>): Value {
  const text = given.get(option.name) ?? option.default ?? "";
  const takes = `--${option.name} takes ${option.takes}, ${example(option)}`;
  if (text === "") throw mistake(`${takes}; here it has no value`);
  try {
    return option.parse(text);
  } catch (error) {
    throw mistake(`${takes}; ${reasonOf(error)}`);
  }
}

function unknown(name: string): Error {
  const names = [...LOGIN_OPTIONS, HELP].map((option) => option.name);
  return mistake(
    `tele ssh has no option --${name}; the nearest is --${closestString(name, names)}; see tele ssh --help`,
  );
}

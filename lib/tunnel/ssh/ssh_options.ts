/**
 * The options of `tele ssh`, which stand in front of the host.
 *
 * @module
 */
import type { LogLevel } from "../../net/log.ts";
import { splitWords } from "../../net/command/words.ts";
import { SSH } from "../command_line/command_words.ts";
import { mistake } from "../command_line/given_flags.ts";
import { choice, type FlagOption, type ValueOption } from "../command_line/option.ts";
import { HELP } from "../command_line/option_table.ts";
import { parsePortRange, type PortRange } from "../values/port_range.ts";
import * as session from "../command_line/session_options.ts";
import { type Subcommand, SubcommandOptions } from "../command_line/subcommand.ts";
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

/** Its word, and its options in the order of the help. */
export const SSH_COMMAND: Subcommand<ValueOption<unknown>> = {
  ...SSH,
  options: [REMOTE, BY, PORT, RESUME_TIMEOUT, LOG_LEVEL],
  inner: [SERVE, CARRY],
};

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
  const { own, others } = ownOptions(words);
  if (own.has(HELP)) return { kind: "help" };
  if (own.has(SERVE)) return { kind: "serve" };
  if (own.has(CARRY)) return { kind: "carry" };
  const options = {
    remote: own.valueOrDefault(REMOTE),
    by: own.valueOrDefault(BY),
    ports: own.value(PORT),
    resumeTimeoutMs: own.valueOrDefault(RESUME_TIMEOUT),
    logLevel: own.valueOrDefault(LOG_LEVEL),
    ssh: parseSshWords(others),
  };
  return { kind: "login", options };
}

/** Takes out what begins with two dashes in front of the host. Options of ssh may stand there too. */
function ownOptions(words: readonly string[]): { own: SubcommandOptions; others: string[] } {
  const own = new SubcommandOptions(SSH_COMMAND);
  const others: string[] = [];
  for (let at = 0; at < words.length;) {
    const word = words[at]!;
    if (/^--[^=]/.test(word)) {
      at += own.take(words, at);
      continue;
    }
    others.push(word);
    at++;
    // Behind the host, or behind "--", nothing is tele's. A value of ssh's must not be taken for the host.
    if (word === "--" || !word.startsWith("-")) return { own, others: [...others, ...words.slice(at)] };
    if (takesNext(word) && at < words.length) others.push(words[at++]!);
  }
  return { own, others };
}

/** Whether the value of ssh's option is the next word. */
function takesNext(word: string): boolean {
  const { options } = parseSshWords([word, "value", "host"]);
  return options.at(-1)?.value === "value";
}

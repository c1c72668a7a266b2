/**
 * The command line: arguments → what to do.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { closestString } from "@std/text/closest-string";
import { reasonOf, TeleError } from "../net/error.ts";
import { escapeUnshown } from "./log_format.ts";
import {
  CLIENT,
  CLIENT_IN,
  CLIENT_OUT,
  type ClientOptions,
  type CommonOptions,
  HELP,
  LATER_OPTIONS,
  LOG_FORMAT,
  LOG_LEVEL,
  MAX,
  MAX_SESSIONS,
  OPTIONS,
  PING_INTERVAL,
  POOL,
  REPLAY_BUFFER,
  RESUME_TIMEOUT,
  SERVER,
  SERVER_IN,
  SERVER_OUT,
  type ServerOptions,
  type ValueOption,
  VERSION,
} from "./options.ts";

/** What the command line asks for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "server"; readonly options: ServerOptions }
  | { readonly kind: "client"; readonly options: ClientOptions };

/** The environment variables that count as options. */
export interface CommandEnvironment {
  /** The shared secret. This version has none, so one that is set is refused: ignoring it would leave an open door. */
  readonly TELE_TOKEN?: string | undefined;
}

const BOOLEAN_NAMES: readonly string[] = OPTIONS.filter((option) => option.kind === "flag").map(({ name }) => name);
const VALUE_NAMES: readonly string[] = OPTIONS.filter((option) => option.kind === "value").map(({ name }) => name);

/**
 * Reads the command line. No arguments at all ask for the help, and `--help` wins over everything else.
 *
 * Both spellings of a flag (`--in=`, and the original's `-in=`) and both ways to give a value (`--in=:22`, `--in :22`)
 * mean the same.
 *
 * @param args The arguments, without the program's name.
 * @throws TeleError `bad-input` with one line that names the flag and what it takes.
 *
 * @example
 * ```ts
 * import { parseCommandLine } from "./command_line.ts";
 * import { assert, assertEquals, assertThrows } from "@std/assert";
 *
 * const command = parseCommandLine(["-server", "-in=:22", "-out=:40300"]);
 * assert(command.kind === "server");
 * assertEquals(command.options.in, { kind: "tcp", host: undefined, port: 22 });
 * assertEquals(command.options.pingIntervalMs, 30_000);
 * assertThrows(() => parseCommandLine(["--client", "--otu=:22"]), Error, "the nearest is --out");
 * ```
 */
export function parseCommandLine(args: readonly string[], environment: CommandEnvironment = {}): Command {
  if (args.length === 0) return { kind: "help" };
  const given = new GivenFlags(args.slice());
  if (given.has(HELP.name)) return { kind: "help" };
  if (given.has(VERSION.name)) return { kind: "version" };
  given.refuseWhatIsNotTaken();
  if (given.has(SERVER.name) && given.has(CLIENT.name)) {
    throw bad("--server and --client are two roles: start one tele process for each");
  }
  if (!given.has(SERVER.name) && !given.has(CLIENT.name)) {
    throw bad("tele needs a role: --server beside the user's server or --client beside the user's client; see --help");
  }
  if (environment.TELE_TOKEN !== undefined) {
    throw bad(
      "TELE_TOKEN is set, but this version does not have tokens: unset it, or the tunnel would only look guarded",
    );
  }
  return given.has(SERVER.name) ? serverCommand(given) : clientCommand(given);
}

function serverCommand(given: GivenFlags): Command {
  given.refuseOtherRole("server");
  const input = given.value(SERVER_IN);
  if (input === undefined) {
    throw bad(`--server needs --in=ADDR, the address of the user's server: ${example(SERVER_IN)}`);
  }
  const out = given.value(SERVER_OUT);
  const maxSessions = given.valueOrDefault(MAX_SESSIONS);
  return { kind: "server", options: { in: input, out, maxSessions, ...commonOptions(given) } };
}

function clientCommand(given: GivenFlags): Command {
  given.refuseOtherRole("client");
  const input = given.value(CLIENT_IN);
  const out = given.value(CLIENT_OUT);
  if (out === undefined) throw bad(`--client needs --out=ADDR, the address of the tele server: ${example(CLIENT_OUT)}`);
  const pool = given.valueOrDefault(POOL);
  return { kind: "client", options: { in: input, out, pool, ...commonOptions(given) } };
}

function commonOptions(given: GivenFlags): CommonOptions {
  return {
    pingIntervalMs: given.valueOrDefault(PING_INTERVAL),
    resumeTimeoutMs: given.valueOrDefault(RESUME_TIMEOUT),
    replayBufferBytes: given.valueOrDefault(REPLAY_BUFFER),
    maxStreams: given.valueOrDefault(MAX),
    logLevel: given.valueOrDefault(LOG_LEVEL),
    logFormat: given.valueOrDefault(LOG_FORMAT),
  };
}

/** The flags as they were typed, not judged yet. */
class GivenFlags {
  readonly #values: Record<string, unknown>;
  readonly #unknown: string[] = [];
  readonly #positional: string[] = [];

  constructor(args: readonly string[]) {
    const normalised = normaliseDashes(args);
    refuseWhatParseArgsWouldAccept(normalised);
    const { _: rest, ...values } = parseArgs(normalised, {
      boolean: BOOLEAN_NAMES,
      // "_" keeps an argument that looks like a number as it was typed.
      string: [...VALUE_NAMES, "_"],
      // Collected, so that a flag given twice can be seen; otherwise the last one silently wins.
      collect: [...BOOLEAN_NAMES, ...VALUE_NAMES],
      unknown: (arg: string, key?: string) => {
        if (key === undefined) return true;
        this.#unknown.push(arg.replace(/=.*$/s, ""));
        return false;
      },
    });
    this.#values = values;
    this.#positional = rest.map(String);
  }

  has(name: string): boolean {
    return this.#all(name).length > 0;
  }

  /** The value, or `undefined` if the option was not given. */
  value<Value>(option: ValueOption<Value>): Value | undefined {
    const [text] = this.#all(option.name);
    if (text === undefined) return undefined;
    if (typeof text !== "string" || text === "") {
      throw bad(`--${option.name} takes ${option.takes}, ${example(option)}; here it has no value`);
    }
    try {
      return option.parse(text);
    } catch (error) {
      throw bad(`--${option.name} takes ${option.takes}, ${example(option)}; ${reasonOf(error)}`);
    }
  }

  /** The value, or the option's default, which the table has as a user would type it. */
  valueOrDefault<Value>(option: ValueOption<Value> & { readonly default?: string }): Value {
    return this.value(option) ?? option.parse(option.default ?? "");
  }

  refuseWhatIsNotTaken(): void {
    for (const flag of this.#unknown) {
      const feature = LATER_OPTIONS.get(flag.replace(/^-+/, ""));
      if (feature !== undefined) throw bad(`${flag}: this version does not have ${feature}`);
    }
    for (const flag of this.#unknown) {
      throw bad(`unknown flag ${flag}; the nearest is ${nearestFlag(flag)}; see --help`);
    }
    for (const word of this.#positional) {
      throw bad(
        `${JSON.stringify(word)} is not a flag, and tele takes only flags; the nearest is ${nearestFlag(word)}`,
      );
    }
    for (const name of [...BOOLEAN_NAMES, ...VALUE_NAMES]) {
      if (this.#all(name).length > 1) throw bad(`--${name} is given more than once: give it once`);
    }
  }

  refuseOtherRole(role: "server" | "client"): void {
    for (const { name } of OPTIONS) {
      const roles = OPTIONS.filter((option) => option.name === name).map((option) => option.role);
      if (!this.has(name) || roles.includes(role) || roles.includes("both")) continue;
      throw bad(`--${name} belongs to --${roles[0]}; --${role} does not take it`);
    }
  }

  #all(name: string): unknown[] {
    const values = this.#values[name];
    return Array.isArray(values) ? values : [];
  }
}

/** `-server` → `--server`: `parseArgs` would read six one-letter flags. What follows a bare `--` is no flag. */
function normaliseDashes(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((arg, at) => (end === -1 || at < end) && /^-[a-z]/i.test(arg) ? `-${arg}` : arg);
}

/**
 * `parseArgs` reads `--server=no` and `--server true` as `--server`, and `--no-in=:22` as `--in=:22`. Here each is a
 * mistake, and one that the user should hear of.
 */
function refuseWhatParseArgsWouldAccept(args: readonly string[]): void {
  for (const [at, arg] of args.entries()) {
    if (arg === "--") return;
    const [, name, value] = /^--([^=]+)(=.*)?$/s.exec(arg) ?? [];
    if (name === undefined) continue;
    if (name.startsWith("no-")) throw bad(`unknown flag --${name}; the nearest is ${nearestFlag(name)}; see --help`);
    if (!BOOLEAN_NAMES.includes(name)) continue;
    const next = args[at + 1];
    if (value !== undefined || next === "true" || next === "false") {
      throw bad(`--${name} takes no value: write only --${name}`);
    }
  }
}

/** The flag that was probably meant: one that starts like what was typed, else the one with the fewest changed letters. */
function nearestFlag(typed: string): string {
  const word = typed.replace(/^-+/, "").toLowerCase();
  const names = [...OPTIONS.map(({ name }) => name), ...LATER_OPTIONS.keys()];
  const nearest = names.find((name) => word !== "" && name.startsWith(word)) ?? closestString(word, names);
  return LATER_OPTIONS.has(nearest) ? `--${nearest}, which this version does not have` : `--${nearest}`;
}

function example(option: { readonly example: string }): string {
  return `for example ${option.example}`;
}

function bad(sentence: string): TeleError {
  // What was typed is quoted in the sentence, and may hold anything.
  return new TeleError("bad-input", escapeUnshown(sentence));
}

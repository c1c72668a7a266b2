/**
 * Arguments → flags and their values, checked against the option table.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { badInput, reasonOf, type TeleError } from "../../net/error.ts";
import { escapeUnshown } from "../../net/shown_text.ts";
import type { Option, ValueOption } from "./option.ts";
import { theNearest } from "./nearest_name.ts";
import { HELP, OPTIONS, VERSION } from "./option_table.ts";
import * as keys from "./key_options.ts";

const BOOLEAN_NAMES: readonly string[] = OPTIONS.filter((option) => option.kind === "flag").map(({ name }) => name);
const VALUE_NAMES: readonly string[] = OPTIONS.filter((option) => option.kind === "value").map(({ name }) => name);

/** The flags as they were typed, before anything is checked. */
export class GivenFlags {
  readonly #values: Record<string, unknown>;
  readonly #unknown: string[] = [];
  readonly #positional: string[] = [];

  /**
   * Sorts the arguments.
   *
   * @throws {TeleError} `bad-input` for what `parseArgs` would accept although no user can mean it.
   */
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

  /** Whether the option was given, with or without a value. */
  has(name: string): boolean {
    return this.#all(name).length > 0;
  }

  /** The value, or `undefined` if the option was not given. */
  value<Value>(option: ValueOption<Value>): Value | undefined {
    return this.values(option)[0];
  }

  /** All values of an option that may be given several times. */
  values<Value>(option: ValueOption<Value>): Value[] {
    return this.#all(option.name).map((text) => readValue(option, text));
  }

  /** The value, or the option's default, which the table has as a user would type it. */
  valueOrDefault<Value>(option: ValueOption<Value> & { readonly default?: string }): Value {
    return this.value(option) ?? option.parse(option.default ?? "");
  }

  /** Throws for unknown flags, for words that are not flags, and for flags that were given twice. */
  refuseWhatIsNotTaken(): void {
    for (const flag of this.#unknown) throw unknownFlag(flag);
    for (const word of this.#positional) throw strayWord(word);
    for (const { name, role, ...option } of OPTIONS) {
      const isOfOther = (role === "server" || role === "client") && !this.has(role);
      if (isOfOther || (option.kind === "value" && option.isRepeatable)) continue;
      if (this.#all(name).length > 1) throw mistake(`--${name} is given more than once: give it once`);
    }
  }

  /** Throws if an option is given that the role does not take; `doctor` takes what a client does, too. */
  refuseOtherRole(role: "server" | "client" | "doctor"): void {
    for (const { name } of OPTIONS) {
      const roles = OPTIONS.filter((option) => option.name === name).map((option) => option.role);
      const isTaken = roles.includes(role) || roles.includes("both") || (role === "doctor" && roles.includes("client"));
      if (!this.has(name) || isTaken) continue;
      const command = name === keys.NAME.name ? keys.MAKE_TOKEN.name : keys.MAKE_CERT.name;
      const owner = roles[0] === "doctor" ? "tele doctor" : `--${roles[0] === "alone" ? command : roles[0]}`;
      throw mistake(
        `--${name} belongs to ${owner}; ${role === "doctor" ? "tele doctor" : `--${role}`} does not take it`,
      );
    }
  }

  /** Throws if anything but `options` is given. The first of them is a command that starts no role. */
  refuseOthers(...options: readonly Option[]): void {
    const other = this.other(options);
    if (other === undefined) return;
    throw mistake(
      `--${options[0]?.name} does one thing and ends; --${other.name} would do nothing: leave it out`,
    );
  }

  /** The first option in the table that is given and none of `options`. */
  other(options: readonly Option[]): Option | undefined {
    return OPTIONS.find(({ name }) => this.has(name) && !options.some((option) => option.name === name));
  }

  /** Throws if the option is not given: `sentence`, and an example. */
  need(option: Option, sentence: string): void {
    if (!this.has(option.name)) throw mistake(`${sentence}: ${example(option)}`);
  }

  /** Throws if one of `options` is given: its flag, and then `sentence`. */
  refuse(options: readonly Option[], sentence: string): void {
    for (const { name } of options) {
      if (this.has(name)) throw mistake(`--${name} ${sentence}`);
    }
  }

  #all(name: string): unknown[] {
    const values = this.#values[name];
    return Array.isArray(values) ? values : [];
  }
}

/**
 * The value of an option as it was typed.
 *
 * @throws {TeleError} `bad-input` for none, and for one that the option does not take.
 */
export function readValue<Value>(option: ValueOption<Value>, text: unknown): Value {
  if (typeof text !== "string" || text === "") {
    throw mistake(`--${option.name} takes ${option.takes}, ${example(option)}; here it has no value`);
  }
  try {
    return option.parse(text);
  } catch (error) {
    throw mistake(`--${option.name} takes ${option.takes}, ${example(option)}; ${reasonOf(error)}`);
  }
}

/** What people type without looking it up. */
const SHORT_FLAGS: Readonly<Record<string, Option>> = { "-h": HELP, "-v": VERSION, "-V": VERSION };

/** `-server` → `--server`: `parseArgs` would read six one-letter flags. Nothing behind a bare `--` is a flag. */
function normaliseDashes(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  const long = (arg: string) => {
    const option = Object.hasOwn(SHORT_FLAGS, arg) ? SHORT_FLAGS[arg] : undefined;
    if (option !== undefined) return `--${option.name}`;
    return /^-[a-z]/i.test(arg) ? `-${arg}` : arg;
  };
  return args.map((arg, at) => end === -1 || at < end ? long(arg) : arg);
}

/**
 * Refuses three mistakes that `parseArgs` accepts: it reads `--server=no` and `--server true` as `--server`, and
 * `--no-in=:22` as `--in=:22`.
 */
function refuseWhatParseArgsWouldAccept(args: readonly string[]): void {
  for (const [at, arg] of args.entries()) {
    if (arg === "--") return;
    // `parseArgs` keeps words that are not flags under "_".
    if (/^(--_(=|$)|-(?!-)[^=]*_)/s.test(arg)) throw unknownFlag(arg.replace(/=.*$/s, ""));
    const [, name, value] = /^--([^=]+)(=.*)?$/s.exec(arg) ?? [];
    if (name === undefined) continue;
    if (name.startsWith("no-")) throw unknownFlag(`--${name}`);
    if (!BOOLEAN_NAMES.includes(name)) continue;
    const next = args[at + 1];
    if (value !== undefined || next === "true" || next === "false") {
      throw mistake(`--${name} takes no value: write only --${name}`);
    }
  }
}

/** What options that are gone did, and what does it now. */
const GONE: Readonly<Record<string, string>> = {
  "--pool": "one session has several connections when they pay: leave it out, or say how many at most by --carriers=N",
};

function unknownFlag(flag: string): TeleError {
  if (Object.hasOwn(GONE, flag)) return mistake(`${flag} is gone: ${GONE[flag]}`);
  return mistake(`unknown option ${flag}${nearestOption(flag)}; see --help`);
}

/** The error for a word that stands behind no option. */
function strayWord(word: string): TeleError {
  const nearest = nearestOption(word);
  const hint = /[.:]/.test(word) ? "; an address stands behind one, as in --out=example.com:40300" : "; see --help";
  return mistake(
    `${JSON.stringify(word)} is not an option, and tele takes only options${nearest === "" ? hint : nearest}`,
  );
}

function nearestOption(typed: string): string {
  // "-h" means --help, not --host.
  return theNearest(typed, [HELP.name, ...OPTIONS.map(({ name }) => name)], "--");
}

/** The option as one would type it, in a sentence. */
export function example(option: { readonly example: string }): string {
  return `for example ${option.example}`;
}

/** The error for a mistake on the command line: one line, whatever was typed. */
export function mistake(sentence: string): TeleError {
  // The sentence quotes what was typed, which may hold any character.
  return badInput(escapeUnshown(sentence));
}

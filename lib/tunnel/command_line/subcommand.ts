/**
 * The words behind a command word: its options as they were typed, and what else stands there.
 *
 * @module
 */
import type { TeleError } from "../../net/error.ts";
import type { CommandWord } from "./command_words.ts";
import { mistake, readValue } from "./given_flags.ts";
import { theNearest } from "./nearest_name.ts";
import type { Option, ValueOption } from "./option.ts";
import { HELP } from "./option_table.ts";

/** A command word with options of its own. `--help` belongs to every one, and is in no list. */
export interface Subcommand<Row extends Option = Option> extends CommandWord {
  /** Its options, in the order of the help. */
  readonly options: readonly Row[];
  /** Words of which one stands beside the options. */
  readonly actions?: readonly string[];
  /** Options that tele itself gives it: taken, and proposed to nobody. */
  readonly inner?: readonly Option[];
}

/** The options of one {@linkcode Subcommand}, as they were typed. */
export class SubcommandOptions {
  readonly #subcommand: Subcommand;
  readonly #given = new Map<string, string>();

  /** None is given yet. */
  constructor(subcommand: Subcommand) {
    this.#subcommand = subcommand;
  }

  /**
   * Takes the option at `at`, in both spellings of its value.
   *
   * @returns How many words it was; 0 for one that begins with no dash.
   * @throws {TeleError} `bad-input` for an option that is unknown, given before, or a flag with a value.
   */
  take(words: readonly string[], at: number): number {
    const [, name, , value] = /^--?([^=]+)(=(.*))?$/s.exec(words[at] ?? "") ?? [];
    if (name === undefined) return 0;
    const { options, inner = [] } = this.#subcommand;
    const option = [...options, ...inner, HELP].find((each) => each.name === name);
    if (option === undefined) throw this.#unknown(name);
    if (this.#given.has(name)) throw mistake(`--${name} is given more than once: give it once`);
    const isFlag = option.kind === "flag";
    if (isFlag && value !== undefined) throw mistake(`--${name} takes no value: write only --${name}`);
    this.#given.set(name, isFlag ? "" : value ?? words[at + 1] ?? "");
    return isFlag || value !== undefined ? 1 : 2;
  }

  /** Whether the option was given, with or without a value. */
  has(option: Option): boolean {
    return this.#given.has(option.name);
  }

  /** The value, or `undefined` if the option was not given. */
  value<Value>(option: ValueOption<Value>): Value | undefined {
    return this.has(option) ? readValue(option, this.#given.get(option.name)) : undefined;
  }

  /** The value, or that of an option's default. */
  valueOrDefault<Value>(option: ValueOption<Value>): Value {
    return this.value(option) ?? readValue(option, option.default);
  }

  #unknown(name: string): TeleError {
    const { word, options } = this.#subcommand;
    const nearest = theNearest(name, [...options, HELP].map((option) => option.name), "--");
    return mistake(`tele ${word} has no option --${name}${nearest}; see tele ${word} --help`);
  }
}

/** Whether one of the words asks for the help. */
export function asksForHelp(words: readonly string[]): boolean {
  return words.some((word) => /^(-h|--?help)$/.test(word));
}

/**
 * Reads words whose options stand anywhere.
 *
 * @returns The options, and in their order the words that are none.
 * @throws {TeleError} `bad-input` with a sentence that says what to change.
 *
 * @example
 * ```ts
 * import { countRange, type ValueOption } from "./option.ts";
 * import { readSubcommand } from "./subcommand.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const TIMES: ValueOption<number> = {
 *   kind: "value",
 *   name: "times",
 *   placeholder: "N",
 *   role: "alone",
 *   meaning: "how often",
 *   default: "1",
 *   example: "--times=3",
 *   ...countRange(1, 9),
 * };
 * const call = { word: "call", meaning: "call somebody", options: [TIMES] };
 * const { options, others } = readSubcommand(call, ["alice", "--times", "2"]);
 * assertEquals([options.valueOrDefault(TIMES), others], [2, ["alice"]]);
 * ```
 */
export function readSubcommand(
  subcommand: Subcommand,
  words: readonly string[],
): { options: SubcommandOptions; others: string[] } {
  const options = new SubcommandOptions(subcommand);
  const others: string[] = [];
  for (let at = 0; at < words.length;) {
    const taken = options.take(words, at);
    if (taken === 0) others.push(words[at]!);
    at += Math.max(taken, 1);
  }
  return { options, others };
}

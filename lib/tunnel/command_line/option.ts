/**
 * A row of the option table, and the values that options take.
 *
 * @module
 */

import { type Address, parseAddress, parseDialAddress } from "../../net/address.ts";
import { badInput } from "../../net/error.ts";
import { type Origin, parseOrigin } from "../../net/origin.ts";
import { parseWay, type Way } from "../../net/way.ts";

/**
 * Who takes an option; `alone` is a command that starts no role, and what belongs to it. `doctor` is `tele doctor`, which
 * takes what a client does, too.
 */
export type OptionRole = "server" | "client" | "both" | "doctor" | "alone";

/** An option without a value. */
export interface FlagOption {
  /** Tells it from a {@linkcode ValueOption}. */
  readonly kind: "flag";
  /** Name without dashes. */
  readonly name: string;
  /** Who takes it. */
  readonly role: OptionRole;
  /** What it does, as the help says it. */
  readonly meaning: string;
  /** The option as one would type it. */
  readonly example: string;
}

/** What a shell can offer for a value: words, and files or folders. */
export interface Completions {
  /** Words that the option takes. */
  readonly words?: readonly string[];
  /** Paths that exist, of this kind. */
  readonly paths?: "files" | "folders";
}

/** An option with a value. */
export interface ValueOption<Value> {
  /** Tells it from a {@linkcode FlagOption}. */
  readonly kind: "value";
  /** Name without dashes. Two entries may share a name when their roles differ. */
  readonly name: string;
  /** Stands for the value in the help. */
  readonly placeholder: string;
  /** Who takes it. */
  readonly role: OptionRole;
  /** What it does, as the help says it. */
  readonly meaning: string;
  /** The value that holds if none is given, as one would type it. */
  readonly default?: string;
  /** In words, what holds if none is given and there is no {@linkcode default}. Without both, it is required. */
  readonly without?: string;
  /** Whether it may be given several times. */
  readonly isRepeatable?: true;
  /** The option as one would type it. */
  readonly example: string;
  /** The values it takes, in words: for messages and the help. */
  readonly takes: string;
  /** Reads the value; throws a TeleError `bad-input` whose sentence says what is wrong with it. */
  readonly parse: (text: string) => Value;
  /** What a shell can offer for the value; nothing for one that only its user knows. */
  readonly completes?: Completions;
}

/** One row of the table. */
export type Option = FlagOption | ValueOption<unknown>;

/** The values that an option takes. */
export type ValueForm<Value> = Pick<ValueOption<Value>, "takes" | "parse" | "completes">;

/** A value between two limits, which are written as a user would write them: code and messages cannot disagree. */
export function range(noun: string, parse: (text: string) => number, least: string, most: string): ValueForm<number> {
  return {
    takes: `${noun} from ${least} to ${most}`,
    parse(text: string): number {
      const value = parse(text);
      if (value < parse(least)) throw badInput(`${text} is less than ${least}`);
      if (value > parse(most)) throw badInput(`${text} is more than ${most}`);
      return value;
    },
  };
}

/** A whole number between two limits. */
export function countRange(least: number, most: number): ValueForm<number> {
  return range("a whole number", parseCount, String(least), String(most));
}

function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw badInput(`${JSON.stringify(text)} is not a whole number`);
  return Number(text);
}

/** One of a few words. */
export function choice<Word extends string>(words: readonly Word[]): ValueForm<Word> {
  return {
    takes: `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
    parse(text: string): Word {
      const word = words.find((each) => each === text);
      if (word === undefined) throw badInput(`${JSON.stringify(text)} is none of these`);
      return word;
    },
    completes: { words },
  };
}

const TAKES_ADDRESS = "host:port, :port, [v6]:port or unix:/path";

/** An address to listen on; `port` is an example of one. */
export function anAddress(port: number): ValueForm<Address> {
  return { takes: TAKES_ADDRESS, parse: (text) => parseAddress(text, port) };
}

/** An address to connect to; `port` is an example of one. */
export function anAddressToDial(port: number): ValueForm<Address> {
  return { takes: TAKES_ADDRESS, parse: (text) => parseDialAddress(text, port) };
}

/**
 * Refuses a name and an address that stand where the other belongs.
 *
 * @param spelled The two in their order.
 * @throws {TeleError} `bad-input` that says how to write them.
 */
export function refuseSwapped(name: string, address: string, spelled: string): void {
  if (isAddress(name) && address !== "" && !isAddress(address)) {
    throw badInput(`here the two are swapped: write ${spelled}`);
  }
}

function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch {
    return false;
  }
}

/** A way to the tele server; `port` is an example of one. */
export function aWay(port: number): ValueForm<Way> {
  const takes = `${TAKES_ADDRESS}, ws:// or wss:// with host and path, or exec:COMMAND`;
  return { takes, parse: (text) => parseWay(text, port) };
}

/** Where connections leave from. */
export const anOrigin: ValueForm<Origin> = {
  takes: "an address of this machine or the name of an interface",
  parse: parseOrigin,
};

/** A file, by its path. That it can be read is checked when it is read. */
export const A_FILE: ValueForm<string> = { takes: "a file", parse: (text) => text, completes: { paths: "files" } };

/** A folder, by its path. */
export const A_FOLDER: ValueForm<string> = {
  takes: "a folder",
  parse: (text) => text,
  completes: { paths: "folders" },
};

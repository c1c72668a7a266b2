/**
 * What a configuration says about one option.
 *
 * @module
 */

import { reasonOf } from "../../net/error.ts";
import type { Option } from "../command_line/option.ts";
import { formOf, takesSeveral, textOf, tomlExample } from "./key.ts";
import type { LocatedKey, LocatedTable } from "./locator.ts";
import { PlacedError } from "./place.ts";

/** An option and its values. */
export interface Setting {
  /** Its row in the table. */
  readonly option: Option;
  /** Its values as on a command line; of a flag `true` or `false`. */
  readonly texts: readonly string[];
  /** Where it stands. */
  readonly key: LocatedKey;
}

/** The values of a table, by key. */
export type TomlTable = Readonly<Record<string, unknown>>;

/**
 * Reads the options of a table.
 *
 * @param table Where its keys stand.
 * @param values Their values.
 * @param options What it may have.
 * @param strange Tells what is wrong with a key of another name; for one that is to be skipped, nothing.
 * @throws {PlacedError} For a strange key, and a value that its option does not take.
 */
export function readSettings(
  table: LocatedTable,
  values: TomlTable,
  options: readonly Option[],
  strange: (name: string) => string | undefined,
): Setting[] {
  const settings: Setting[] = [];
  for (const key of table.keys) {
    const option = options.find(({ name }) => name === key.name);
    if (option !== undefined) {
      settings.push({ option, texts: readTexts(option, key, values[key.name]), key });
      continue;
    }
    const sentence = strange(key.name);
    if (sentence !== undefined) throw new PlacedError(key.place, sentence);
  }
  return settings;
}

function readTexts(option: Option, key: LocatedKey, value: unknown): string[] {
  if (option.kind === "flag") {
    if (typeof value === "boolean") return [String(value)];
    throw new PlacedError(key.value, `${option.name} takes true or false, for example ${tomlExample(option)}`);
  }
  if (!takesSeveral(option) || !Array.isArray(value)) return [placed(() => textOf(option, value), key.value)];
  if (value.length === 0) {
    throw new PlacedError(key.value, `${option.name} has no value here: give one, or leave it out`);
  }
  return value.map((element, at) => placed(() => textOf(option, element), key.elements[at] ?? key.value));
}

/** What `read` returns; what it throws gets a place. */
function placed(read: () => string, place: LocatedKey["value"]): string {
  try {
    return read();
  } catch (error) {
    throw new PlacedError(place, reasonOf(error), { cause: error });
  }
}

/**
 * What holds for a tunnel: its own settings, and of the defaults those that it does not say itself. In the order of
 * `options`, whatever the order of the text, and without flags that are off.
 */
export function inForce(
  options: readonly Option[],
  own: readonly Setting[],
  defaults: readonly Setting[],
): Setting[] {
  return options.flatMap((option) => {
    const of = (settings: readonly Setting[]) => settings.find((setting) => setting.option === option);
    const setting = of(own) ?? of(defaults);
    return setting === undefined || isOff(setting) ? [] : [setting];
  });
}

function isOff({ option, texts: [text] }: Setting): boolean {
  return option.kind === "flag" && text === "false";
}

/** The setting as arguments of a command line. */
export function argumentsOf({ option, texts }: Pick<Setting, "option" | "texts">): string[] {
  return option.kind === "flag" ? [`--${option.name}`] : texts.map((text) => `--${option.name}=${text}`);
}

/** The value of a setting as TOML writes it. */
export function tomlValue({ option, texts }: Pick<Setting, "option" | "texts">): string | number | boolean | string[] {
  const [text = "", ...others] = texts;
  if (formOf(option) === "boolean") return text === "true";
  if (formOf(option) === "integer") return Number(text);
  return others.length === 0 ? text : [text, ...others];
}

/**
 * The keys of a configuration: options of the table, as TOML writes them.
 *
 * @module
 */

import { badInput, reasonOf } from "../../net/error.ts";
import type { Option, ValueOption } from "../command_line/option.ts";
import { HELP, OPTIONS, VERSION } from "../command_line/option_table.ts";
import * as session from "../command_line/session_options.ts";
import * as status from "../command_line/status_options.ts";
import { WORKERS } from "../command_line/workers_options.ts";

/** What a tunnel can be. */
export const TUNNEL_ROLES = ["server", "client"] as const;

/** One of the {@linkcode TUNNEL_ROLES}. */
export type TunnelRole = typeof TUNNEL_ROLES[number];

/** Keys of a `[[tunnel]]` that are no options: what it is called, and what it is. */
export const NAME_KEY = "name", ROLE_KEY = "role";

/** Options that hold for the whole process, so they stand above the tables. */
export const PROCESS_KEYS: readonly ValueOption<unknown>[] = [
  session.LOG_LEVEL,
  session.LOG_FORMAT,
  session.MEMORY,
  status.STATUS,
  status.STATUS_TOKEN_FILE,
];

/**
 * Options that a file cannot give: `role` says the role, standard input and output belong to a command line, and workers
 * to a process with one tunnel.
 */
const NO_KEYS: readonly Option[] = [
  session.SERVER,
  session.CLIENT,
  session.STDIO,
  WORKERS,
  HELP,
  VERSION,
  ...PROCESS_KEYS,
];

/** The options that a tunnel of this role takes, in the order of the help. */
export function keysOf(role: TunnelRole): Option[] {
  return OPTIONS.filter((option) => (option.role === role || option.role === "both") && !NO_KEYS.includes(option));
}

/**
 * The options that may stand above the tables, as defaults of all tunnels that take them: those that do not mean
 * something else to each role.
 */
export function defaultKeys(): Option[] {
  const all = [...new Set(TUNNEL_ROLES.flatMap(keysOf))];
  return all.filter((option) => all.filter(({ name }) => name === option.name).length === 1);
}

/** How TOML writes the value of an option. */
export type KeyForm = "boolean" | "integer" | "string";

/** How TOML writes the value of this option; one that may be given several times takes an array of such as well. */
export function formOf(option: Option): KeyForm {
  if (option.kind === "flag") return "boolean";
  return option.placeholder === "N" ? "integer" : "string";
}

/** Whether an array of values may stand there. */
export function takesSeveral(option: Option): boolean {
  return option.kind === "value" && option.isRepeatable === true;
}

/**
 * Reads one value of TOML for an option, which its row checks.
 *
 * @returns The text that a command line would have.
 * @throws {TeleError} `bad-input` that says what the key takes.
 *
 * @example
 * ```ts
 * import { textOf } from "./key.ts";
 * import { MAX } from "../command_line/session_options.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(textOf(MAX, 500), "500");
 * assertThrows(() => textOf(MAX, "500"), Error, "max = 500");
 * ```
 */
export function textOf<Value>(option: ValueOption<Value>, value: unknown): string {
  const takes = `${option.name} takes ${option.takes}, for example ${tomlExample(option)}`;
  const form = formOf(option);
  const isOfForm = form === "integer" ? Number.isSafeInteger(value) : typeof value === "string";
  if (!isOfForm) {
    throw badInput(`${takes}; ${form === "integer" ? "a number without quotes" : "a string in quotes"} belongs here`);
  }
  const text = String(value);
  if (text === "") throw badInput(`${takes}; here it is empty`);
  try {
    option.parse(text);
  } catch (error) {
    throw badInput(`${takes}; ${reasonOf(error)}`, { cause: error });
  }
  return text;
}

/** The example of an option as TOML writes it. */
export function tomlExample(option: Option): string {
  if (option.kind === "flag") return `${option.name} = true`;
  const text = option.example.replace(/^--[^=]*=/, "");
  return `${option.name} = ${formOf(option) === "integer" ? text : JSON.stringify(text)}`;
}

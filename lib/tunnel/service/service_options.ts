/**
 * The words of `tele service`.
 *
 * @module
 */
import { closestString } from "@std/text/closest-string";
import { badInput, reasonOf } from "../../net/error.ts";
import { CONFIG } from "../command_line/config_options.ts";
import { example, mistake } from "../command_line/given_flags.ts";
import type { FlagOption, Option, ValueOption } from "../command_line/option.ts";
import { HELP } from "../command_line/option_table.ts";

/** What can be done with a service. */
export const ACTIONS = ["install", "remove", "status"] as const;

/** One of the {@linkcode ACTIONS}. */
export type ServiceAction = typeof ACTIONS[number];

/** `--config`: the service runs the tunnels of that file. */
export const SERVICE_CONFIG: ValueOption<string> = {
  ...CONFIG,
  meaning: "the TOML file whose tunnels the service runs; its path is kept whole",
  without: "required with install",
};

/** `--name`: a machine may have several services. */
export const SERVICE_NAME: ValueOption<string> = {
  kind: "value",
  name: "name",
  placeholder: "NAME",
  role: "alone",
  meaning: "what the service is called: one machine may have several",
  default: "tele",
  example: "--name=tele-office",
  takes: "1 to 63 letters, digits, - and _, the first a letter",
  parse(text) {
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(text)) throw badInput(`${JSON.stringify(text)} is no such name`);
    return text;
  },
};

/** `--dry-run`. */
export const DRY_RUN: FlagOption = {
  kind: "flag",
  name: "dry-run",
  role: "alone",
  meaning: "print what would be written and run, and do nothing",
  example: "tele service install --config=/etc/tele.toml --dry-run",
};

/** Its options, in the order of the help. */
export const SERVICE_OPTIONS: readonly Option[] = [SERVICE_CONFIG, SERVICE_NAME, DRY_RUN];

/** What `tele service` is asked for. */
export type ServiceCommand =
  | { readonly kind: "help" }
  | { readonly kind: "install"; readonly config: string; readonly name: string; readonly isDryRun: boolean }
  | { readonly kind: "remove"; readonly name: string; readonly isDryRun: boolean }
  | { readonly kind: "status"; readonly name: string };

/**
 * Reads the words behind `tele service`. None at all ask for the help.
 *
 * @throws {TeleError} `bad-input` with a sentence that says what to change.
 *
 * @example
 * ```ts
 * import { parseServiceCommand } from "./service_options.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseServiceCommand(["status", "--name=office"]), { kind: "status", name: "office" });
 * assertThrows(() => parseServiceCommand(["install"]), Error, "--config=FILE");
 * ```
 */
export function parseServiceCommand(words: readonly string[]): ServiceCommand {
  if (words.length === 0 || words.some((word) => /^(-h|--?help)$/.test(word))) return { kind: "help" };
  const { given, actions } = sort(words);
  const kind = actionOf(actions);
  const name = valueOf(given, SERVICE_NAME) ?? "tele";
  const config = valueOf(given, SERVICE_CONFIG);
  const isDryRun = given.has(DRY_RUN.name);
  if (kind === "install") {
    if (config !== undefined) return { kind, config, name, isDryRun };
    throw mistake(`tele service install needs --config=FILE, whose tunnels it runs: ${example(SERVICE_CONFIG)}`);
  }
  if (config !== undefined) {
    throw mistake(`--config belongs to install: tele service ${kind} finds a service by --name`);
  }
  if (kind === "remove") return { kind, name, isDryRun };
  if (isDryRun) throw mistake("--dry-run belongs to install and remove: status changes nothing");
  return { kind, name };
}

function actionOf(words: readonly string[]): ServiceAction {
  const [word, other] = words;
  const action = ACTIONS.find((each) => each === word);
  if (action !== undefined && other === undefined) return action;
  const typed = word === undefined ? "none" : JSON.stringify(words.join(" "));
  throw mistake(`tele service takes one of ${ACTIONS.join(", ")}, for example tele service status; here is ${typed}`);
}

/** Options as they were typed. */
type Given = ReadonlyMap<string, string>;

function sort(words: readonly string[]): { given: Given; actions: string[] } {
  const given = new Map<string, string>();
  const actions: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const [, name, , value] = /^--?([^=]+)(=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      actions.push(word);
      continue;
    }
    const option = SERVICE_OPTIONS.find((option) => option.name === name);
    if (option === undefined) throw unknown(name);
    if (given.has(name)) throw mistake(`--${name} is given more than once: give it once`);
    if (option.kind === "flag" && value !== undefined) {
      throw mistake(`--${name} takes no value: write only --${name}`);
    }
    given.set(name, option.kind === "flag" ? "" : value ?? words[++at] ?? "");
  }
  return { given, actions };
}

function valueOf<Value>(given: Given, option: ValueOption<Value>): Value | undefined {
  const text = given.get(option.name);
  if (text === undefined) return undefined;
  const takes = `--${option.name} takes ${option.takes}, ${example(option)}`;
  if (text === "") throw mistake(`${takes}; here it has no value`);
  try {
    return option.parse(text);
  } catch (error) {
    throw mistake(`${takes}; ${reasonOf(error)}`);
  }
}

function unknown(name: string): Error {
  const names = [...SERVICE_OPTIONS, HELP].map((option) => option.name);
  return mistake(
    `tele service has no option --${name}; the nearest is --${closestString(name, names)}; see tele service --help`,
  );
}

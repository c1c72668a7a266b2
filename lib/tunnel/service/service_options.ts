/**
 * The words of `tele service`.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";
import { SERVICE } from "../command_line/command_words.ts";
import { CONFIG } from "../command_line/config_options.ts";
import { example, mistake } from "../command_line/given_flags.ts";
import type { FlagOption, ValueOption } from "../command_line/option.ts";
import { asksForHelp, readSubcommand, type Subcommand } from "../command_line/subcommand.ts";

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

/** Its word, its actions, and its options in the order of the help. */
export const SERVICE_COMMAND: Subcommand = {
  ...SERVICE,
  actions: ACTIONS,
  options: [SERVICE_CONFIG, SERVICE_NAME, DRY_RUN],
};

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
  if (words.length === 0 || asksForHelp(words)) return { kind: "help" };
  const { options, others } = readSubcommand(SERVICE_COMMAND, words);
  const kind = actionOf(others);
  const name = options.valueOrDefault(SERVICE_NAME);
  const config = options.value(SERVICE_CONFIG);
  const isDryRun = options.has(DRY_RUN);
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

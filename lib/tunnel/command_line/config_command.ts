/**
 * What the command line asks for of a configuration.
 *
 * @module
 */

import type { LogLevel } from "../../net/log.ts";
import type { LogFormat } from "../log/log_format.ts";
import { CONFIG, CONFIG_SCHEMA, PRINT_CONFIG } from "./config_options.ts";
import { type GivenFlags, mistake } from "./given_flags.ts";
import { LOG_FORMAT, LOG_LEVEL } from "./session_options.ts";

/** The process runs the tunnels of a file, or prints them. */
export interface ConfigCommand {
  /** Tells it from other commands. */
  readonly kind: "config";
  /** The file. */
  readonly path: string;
  /** Whether what is in force is printed, and nothing runs. */
  readonly isPrinted: boolean;
  /** What holds in place of the file's, for a look at what happens; `undefined` for what the file says. */
  readonly logLevel: LogLevel | undefined;
  /** The same for the shape of a log line. */
  readonly logFormat: LogFormat | undefined;
}

/**
 * Reads `--config` and what may stand beside it. Options of tunnels may not: which of several would they be for, and
 * would they hold after the file is read again?
 *
 * @returns `undefined` if there is nothing about a configuration.
 * @throws {TeleError} `bad-input` for an option beside `--config` that stands in the file.
 */
export function configCommand(given: GivenFlags): ConfigCommand | { readonly kind: "config-schema" } | undefined {
  if (given.has(CONFIG_SCHEMA.name)) {
    given.refuseOthers(CONFIG_SCHEMA);
    return { kind: "config-schema" };
  }
  const path = given.value(CONFIG);
  if (path === undefined) {
    given.refuse([PRINT_CONFIG], "belongs to --config=FILE: give both");
    return undefined;
  }
  const other = given.other([CONFIG, PRINT_CONFIG, LOG_LEVEL, LOG_FORMAT]);
  if (other !== undefined) {
    throw mistake(
      `--${other.name} has no place beside --config: the file says what each tunnel does, and on the command line only ` +
        `--${LOG_LEVEL.name}, --${LOG_FORMAT.name} and --${PRINT_CONFIG.name} may stand beside it`,
    );
  }
  const [logLevel, logFormat] = [given.value(LOG_LEVEL), given.value(LOG_FORMAT)];
  return { kind: "config", path, isPrinted: given.has(PRINT_CONFIG.name), logLevel, logFormat };
}

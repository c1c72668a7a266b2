/**
 * The rows of the option table for a file that holds options of several tunnels.
 *
 * @module
 */

import { A_FILE, type FlagOption, type ValueOption } from "./option.ts";

/** `--config`. */
export const CONFIG: ValueOption<string> = {
  kind: "value",
  name: "config",
  placeholder: "FILE",
  role: "alone",
  meaning: "run the tunnels of this TOML file; SIGHUP reads it again",
  without: "one role, by its options",
  example: "--config=/etc/tele.toml",
  ...A_FILE,
};

/** `--print-config`. */
export const PRINT_CONFIG: FlagOption = {
  kind: "flag",
  name: "print-config",
  role: "alone",
  meaning: "check the file of --config, print what is in force, and end",
  example: "tele --config=/etc/tele.toml --print-config",
};

/** `--config-schema`. */
export const CONFIG_SCHEMA: FlagOption = {
  kind: "flag",
  name: "config-schema",
  role: "alone",
  meaning: "print the JSON schema of such a file, for editors, and end",
  example: "tele --config-schema",
};

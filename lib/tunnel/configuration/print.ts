/**
 * A configuration as TOML.
 *
 * @module
 */

import { stringify } from "@std/toml";
import * as session from "../command_line/session_options.ts";
import type { Configuration } from "./configuration.ts";
import { NAME_KEY, ROLE_KEY } from "./key.ts";
import { tomlValue } from "./setting.ts";
import type { TunnelEntry } from "./tunnel_table.ts";

/**
 * What is in force, as TOML that reads back the same: each tunnel has all that holds for it, whether it stood in its
 * table or above all. Secrets are in files of their own, and only their paths are here.
 */
export function printConfiguration({ logLevel, logFormat, settings, tunnels }: Configuration): string {
  const { LOG_LEVEL, LOG_FORMAT } = session;
  const others = settings.filter(({ option: { name } }) => name !== LOG_LEVEL.name && name !== LOG_FORMAT.name);
  const top = stringify({
    [LOG_LEVEL.name]: logLevel,
    [LOG_FORMAT.name]: logFormat,
    ...Object.fromEntries(others.map((setting) => [setting.option.name, tomlValue(setting)])),
  });
  return [top, ...tunnels.map(printTunnel)].map((part) => part.trimEnd()).join("\n\n") + "\n";
}

function printTunnel({ name, command, settings }: TunnelEntry): string {
  const values = settings.map((setting) => [setting.option.name, tomlValue(setting)]);
  const keys = { [NAME_KEY]: name, [ROLE_KEY]: command.kind, ...Object.fromEntries(values) };
  return `[[tunnel]]\n${stringify(keys)}`;
}

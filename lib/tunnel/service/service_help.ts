/**
 * The help of `tele service`.
 *
 * @module
 */
import { colour, describe } from "../command_line/help.ts";
import { HELP } from "../command_line/option_table.ts";
import { SERVICE_COMMAND } from "./service_options.ts";

const HEAD = `\
tele service: tunnels that start with the machine, and again whenever they end.

Usage
  tele service install --config=FILE [--name=NAME] [--dry-run]
  tele service remove [--name=NAME] [--dry-run]
  tele service status [--name=NAME]

  It writes a unit for systemd, in macOS a property list for launchd, and in
  Windows a scheduled task. As root the service is the system's, else it is
  this user's. It prints all that it writes and every command that it runs,
  and changes no file that it did not write.

Example: the tunnels of a file, from now on
  tele service install --config=/etc/tele.toml

Options
`;

/** The whole help, at most 80 columns wide; ends with a line end. */
export function serviceHelpText(hasColors = false): string {
  const text = HEAD + [...SERVICE_COMMAND.options, HELP].map(describe).join("");
  return hasColors ? colour(text) : text;
}

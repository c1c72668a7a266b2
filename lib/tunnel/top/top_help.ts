/**
 * The help of `tele top`.
 *
 * @module
 */
import { colour, describe } from "../command_line/help.ts";
import { HELP } from "../command_line/option_table.ts";
import { STATUS_PORT } from "../command_line/status_options.ts";
import { TOP_COMMAND } from "./top_options.ts";

const HEAD = `\
tele top: what a running tele does, on a terminal.

Usage
  tele top [ADDR] [--token-file=FILE]

  ADDR is what that process has as --status: host:port, :port or unix:/path;
  without one localhost:${STATUS_PORT}. It shows the sessions, those in outages first;
  of one of them the last hour, the carriers and the streams; and the end of
  the log. "sends" and "receives" are as that process sees them.
  Arrows choose a session; q ends it. Without a terminal it prints one line
  each second, of names and values.

Example: a process, and what it does
  tele --client --in=:2222 --out=example.com:40300 --status=:${STATUS_PORT}
  tele top :${STATUS_PORT}

Options
`;

/** The whole help, at most 80 columns wide; ends with a line end. */
export function topHelpText(hasColors = false): string {
  const text = HEAD + [...TOP_COMMAND.options, HELP].map(describe).join("");
  return hasColors ? colour(text) : text;
}

/**
 * The help of `tele drain`.
 *
 * @module
 */
import { colour, describe } from "../command_line/help.ts";
import { HELP } from "../command_line/option_table.ts";
import { STATUS_PORT } from "../command_line/status_options.ts";
import { DRAIN_COMMAND } from "./drain_options.ts";

const HEAD = `\
tele drain: let a running tele end when its connections are over, and wait.

Usage
  tele drain [--pid=N] [--status=ADDR]

  It sends SIGQUIT to the process, which takes nothing new from then on, waits
  until it has ended, and tells now and then how many connections are left.
  What is still left behind the --drain-timeout of the process is ended. Who
  ends tele drain ends the waiting alone. Windows has no such signal.

Example: before a container is stopped, such as in preStop of Kubernetes
  tele drain --status=:${STATUS_PORT}

Exit codes
  0  the process has ended
  1  there is no such process, it is no tele, or it is another user's
  2  wrong command line

Options
`;

/** The whole help, at most 80 columns wide; ends with a line end. */
export function drainHelpText(hasColors = false): string {
  const text = HEAD + [...DRAIN_COMMAND.options, HELP].map(describe).join("");
  return hasColors ? colour(text) : text;
}

/**
 * The help of `tele ssh`.
 *
 * @module
 */
import { colour, describe } from "../command_line/help.ts";
import { HELP } from "../command_line/option_table.ts";
import { CARRY, SERVE, SSH_COMMAND } from "./ssh_options.ts";

const HEAD = `\
tele ssh: a login that outlives the network, in one command. It logs in by ssh,
starts tele on the other machine for this login alone, and runs ssh through it.

Usage
  tele ssh [options] [user@]host [ssh's own options] [command]

  tele must be on both machines, and in front of the host stand its options.
  ssh's options, configuration, keys and known hosts are as without tele.

Example: a shell on a machine where tele is not in PATH
  tele ssh --remote=bin/tele alice@example.com

Options
`;

const TAIL = `
It logs in twice, or more often where no port can be reached: use a key, and an
agent for one with a passphrase. When ssh ends, tele ends on both machines.

Exit codes
  ssh's own: that of the command, or 255 where ssh itself failed
  125  tele failed, and has said why
`;

/** The whole help, at most 80 columns wide; ends with a line end. */
export function sshHelpText(hasColors = false): string {
  const text = HEAD + [...SSH_COMMAND.options, HELP].map(describe).join("") + "\nStarted by tele ssh itself\n" +
    [SERVE, CARRY].map(describe).join("") + TAIL;
  return hasColors ? colour(text) : text;
}

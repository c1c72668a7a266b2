/**
 * The words of `tele drain`.
 *
 * @module
 */
import type { Address } from "../../net/address.ts";
import { DRAIN } from "../command_line/command_words.ts";
import { mistake } from "../command_line/given_flags.ts";
import { A_FILE, anAddressToDial, countRange, type ValueOption } from "../command_line/option.ts";
import { STATUS_PORT } from "../command_line/status_options.ts";
import { asksForHelp, readSubcommand, type Subcommand } from "../command_line/subcommand.ts";

/** The largest number that a process has anywhere: pid_max of proc(5) is less. */
const MOST_PID = 2 ** 31 - 1;

/** `--pid`. */
export const DRAIN_PID: ValueOption<number> = {
  kind: "value",
  name: "pid",
  placeholder: "N",
  role: "alone",
  meaning: "number of the process; that of a container which runs tele is 1",
  default: "1",
  example: "--pid=4711",
  ...countRange(1, MOST_PID),
};

/** `--status`. */
export const DRAIN_STATUS: ValueOption<Address> = {
  kind: "value",
  name: "status",
  placeholder: "ADDR",
  role: "alone",
  meaning: "what the process has as --status: by it, how many connections are left is told",
  without: "only how long it takes",
  example: `--status=:${STATUS_PORT}`,
  ...anAddressToDial(STATUS_PORT),
};

/** `--status-token-file`. */
export const DRAIN_TOKEN_FILE: ValueOption<string> = {
  kind: "value",
  name: "status-token-file",
  placeholder: "FILE",
  role: "alone",
  meaning: "the file that the process has as --status-token-file",
  without: "none",
  example: "--status-token-file=/etc/tele/status-token",
  ...A_FILE,
};

/** Its word, and its options in the order of the help. */
export const DRAIN_COMMAND: Subcommand<ValueOption<unknown>> = {
  ...DRAIN,
  options: [DRAIN_PID, DRAIN_STATUS, DRAIN_TOKEN_FILE],
};

/** What `tele drain` is asked for. */
export type DrainCommand =
  | { readonly kind: "help" }
  | {
    readonly kind: "drain";
    readonly pid: number;
    readonly status: Address | undefined;
    readonly tokenFile: string | undefined;
  };

/**
 * Reads the words behind `tele drain`.
 *
 * @throws {TeleError} `bad-input` with a sentence that says what to change.
 *
 * @example
 * ```ts
 * import { parseDrainCommand } from "./drain_options.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseDrainCommand([]), { kind: "drain", pid: 1, status: undefined, tokenFile: undefined });
 * assertThrows(() => parseDrainCommand(["4711"]), Error, "--pid=4711");
 * ```
 */
export function parseDrainCommand(words: readonly string[]): DrainCommand {
  if (asksForHelp(words)) return { kind: "help" };
  const { options, others: [other] } = readSubcommand(DRAIN_COMMAND, words);
  if (other !== undefined) {
    const advice = /^\d+$/.test(other) ? `write --pid=${other}` : "see tele drain --help";
    throw mistake(`tele drain takes only options, and ${JSON.stringify(other)} is none: ${advice}`);
  }
  const status = options.value(DRAIN_STATUS);
  const tokenFile = options.value(DRAIN_TOKEN_FILE);
  if (tokenFile !== undefined && status === undefined) {
    throw mistake(`--${DRAIN_TOKEN_FILE.name} is for the address of --${DRAIN_STATUS.name}: give that as well`);
  }
  return { kind: "drain", pid: options.valueOrDefault(DRAIN_PID), status, tokenFile };
}

/**
 * The words of `tele top`.
 *
 * @module
 */
import { type Address, parseDialAddress } from "../../net/address.ts";
import { reasonOf } from "../../net/error.ts";
import { TOP } from "../command_line/command_words.ts";
import { mistake } from "../command_line/given_flags.ts";
import { A_FILE, type ValueOption } from "../command_line/option.ts";
import { STATUS_PORT } from "../command_line/status_options.ts";
import { asksForHelp, readSubcommand, type Subcommand } from "../command_line/subcommand.ts";

/** `--token-file`. */
export const TOP_TOKEN_FILE: ValueOption<string> = {
  kind: "value",
  name: "token-file",
  placeholder: "FILE",
  role: "alone",
  meaning: "the file that the process has as --status-token-file",
  without: "none",
  example: "--token-file=status-token",
  ...A_FILE,
};

/** Its word, and its options in the order of the help. */
export const TOP_COMMAND: Subcommand = { ...TOP, options: [TOP_TOKEN_FILE] };

/** What `tele top` is asked for. */
export type TopCommand =
  | { readonly kind: "help" }
  | { readonly kind: "top"; readonly address: Address; readonly tokenFile: string | undefined };

/**
 * Reads the words behind `tele top`.
 *
 * @throws {TeleError} `bad-input` with a sentence that says what to change.
 *
 * @example
 * ```ts
 * import { parseTopCommand } from "./top_options.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const address = { kind: "unix" as const, path: "/run/tele.status" };
 * assertEquals(parseTopCommand(["unix:/run/tele.status"]), { kind: "top", address, tokenFile: undefined });
 * assertThrows(() => parseTopCommand([":1", ":2"]), Error, "one address");
 * ```
 */
export function parseTopCommand(words: readonly string[]): TopCommand {
  if (asksForHelp(words)) return { kind: "help" };
  const { options, others: [address = `localhost:${STATUS_PORT}`, ...others] } = readSubcommand(TOP_COMMAND, words);
  if (others.length > 0) {
    throw mistake(`tele top takes one address; ${others.map((word) => JSON.stringify(word)).join(" ")} is too much`);
  }
  return { kind: "top", address: readAddress(address), tokenFile: options.value(TOP_TOKEN_FILE) };
}

function readAddress(text: string): Address {
  try {
    return parseDialAddress(text, STATUS_PORT);
  } catch (error) {
    throw mistake(`tele top takes the address that a process has as --status; ${reasonOf(error)}`);
  }
}

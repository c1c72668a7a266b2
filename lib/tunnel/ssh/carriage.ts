/**
 * What `tele ssh` tells the tele client that ssh starts as its `ProxyCommand`: in the environment, which `ps` shows to
 * nobody else.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";
import { type CommandEnvironment, readEnvironment } from "../command_line/command_environment.ts";
import { parseCommandLine } from "../command_line/command_line.ts";
import type { ClientOptions } from "../command_line/role_options.ts";

/** The environment variable. */
export const CARRIAGE_VARIABLE = "TELE_SSH";

/** How a login is carried. */
export interface Carriage {
  /** Options of the client. */
  readonly args: readonly string[];
  /** The secret of the login. */
  readonly token: string;
}

/** The value of {@linkcode CARRIAGE_VARIABLE}. */
export function formatCarriage({ args, token }: Carriage): string {
  return JSON.stringify({ args, token });
}

/**
 * Reads the value of {@linkcode CARRIAGE_VARIABLE}.
 *
 * @throws {TeleError} `bad-input` without one.
 */
export function parseCarriage(text: string | undefined): Carriage {
  const { args, token } = JSON.parse(text ?? "{}");
  if (Array.isArray(args) && typeof token === "string") return { args: args.map(String), token };
  throw badInput("tele ssh --carry is started by tele ssh [user@]host: run that");
}

/**
 * The options of the client that carries a login. Its server is there for it alone.
 *
 * @param environment Proxies. A token there is not for this login.
 */
export function carriageOptions(
  { args, token }: Carriage,
  environment: CommandEnvironment = readEnvironment(),
): ClientOptions {
  const command = parseCommandLine(["--client", "--stdio", ...args], { ...environment, TELE_TOKEN: token });
  if (command.kind !== "client") throw badInput("not a client's command line");
  return { ...command.options, isOnlyClient: true };
}

/**
 * Every option of the command line, in one table: the parser reads it, and the help prints it.
 *
 * @module
 */

import type { FlagOption, Option } from "./option.ts";
import {
  CLIENT,
  CLIENT_IN,
  CLIENT_OUT,
  LOG_FORMAT,
  LOG_LEVEL,
  MAX,
  MAX_SESSIONS,
  MEMORY,
  PING_INTERVAL,
  POOL,
  REPLAY_BUFFER,
  RESUME_TIMEOUT,
  SERVER,
  SERVER_IN,
  SERVER_OUT,
  STDIO,
} from "./session_options.ts";
import {
  CLIENT_TLS_CERT,
  CLIENT_TLS_KEY,
  HOST,
  MAKE_CERT,
  MAKE_TOKEN,
  MAX_MESSAGE,
  PROTOCOL,
  ROUTE,
  SERVER_TLS_CERT,
  SERVER_TLS_KEY,
  TLS,
  TLS_CA,
  TLS_CLIENT_CA,
  TLS_NAME,
  TOKEN_FILE,
} from "./tls_options.ts";

/** Options that the help shows under one title. */
export interface OptionGroup {
  /** The title. */
  readonly title: string;
  /** The options, in the order of the help. */
  readonly options: readonly Option[];
}

/** `--help`. */
export const HELP: FlagOption = {
  kind: "flag",
  name: "help",
  role: "both",
  meaning: "print this; also -h",
  example: "tele --help",
};

/** `--version`. */
export const VERSION: FlagOption = {
  kind: "flag",
  name: "version",
  role: "both",
  meaning: "print the version; also -v",
  example: "tele --version",
};

/** Every option, in the order of the help. */
export const OPTION_GROUPS: readonly OptionGroup[] = [
  { title: "Server", options: [SERVER, SERVER_IN, SERVER_OUT, MAX_SESSIONS] },
  { title: "Client", options: [CLIENT, CLIENT_IN, STDIO, CLIENT_OUT, POOL] },
  { title: "Both roles", options: [PING_INTERVAL, RESUME_TIMEOUT, REPLAY_BUFFER, MEMORY, MAX, LOG_LEVEL, LOG_FORMAT] },
  { title: "TLS, server", options: [SERVER_TLS_CERT, SERVER_TLS_KEY, TLS_CLIENT_CA] },
  { title: "TLS, client", options: [TLS, TLS_CA, TLS_NAME, CLIENT_TLS_CERT, CLIENT_TLS_KEY] },
  { title: "Tokens, both roles", options: [TOKEN_FILE] },
  { title: "RFD 80 mode, over TLS: ping framing without sessions", options: [PROTOCOL, ROUTE, MAX_MESSAGE] },
  { title: "Without a role", options: [MAKE_CERT, HOST, MAKE_TOKEN, HELP, VERSION] },
];

/** Every option, in the same order. */
export const OPTIONS: readonly Option[] = OPTION_GROUPS.flatMap(({ options }) => options);

/**
 * Every option of the command line, in one table: the parser reads it, and the help prints it.
 *
 * @module
 */

import type { FlagOption, Option } from "./option.ts";
import * as doctor from "./doctor_options.ts";
import * as config from "./config_options.ts";
import * as fleet from "./fleet_options.ts";
import * as keys from "./key_options.ts";
import * as proxy from "./proxy_options.ts";
import * as rfd80 from "./rfd80_options.ts";
import * as services from "./service_options.ts";
import * as session from "./session_options.ts";
import * as status from "./status_options.ts";
import * as shells from "./shell_options.ts";
import * as tls from "./tls_options.ts";
import * as workers from "./workers_options.ts";

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
  {
    title: "Server",
    options: [
      session.SERVER,
      session.SERVER_IN,
      services.SERVICE,
      services.ALLOW,
      services.REVERSE_LISTEN,
      services.SEND_PROXY,
      session.SERVER_OUT,
      session.MAX_SESSIONS,
      fleet.NODE,
      fleet.FLEET_KEY_FILE,
    ],
  },
  {
    title: "Client",
    options: [
      session.CLIENT,
      session.CLIENT_IN,
      services.FORWARD,
      services.SOCKS,
      services.REVERSE,
      session.STDIO,
      session.CLIENT_OUT,
      session.FROM,
      proxy.PROXY,
      proxy.PROXY_FILE,
      session.CARRIERS,
    ],
  },
  {
    title: "Both roles",
    options: [
      session.PING_INTERVAL,
      session.RESUME_TIMEOUT,
      session.DRAIN_TIMEOUT,
      session.REPLAY_BUFFER,
      session.MEMORY,
      session.MAX,
      session.LOG_LEVEL,
      session.LOG_FORMAT,
      status.STATUS,
      status.STATUS_TOKEN_FILE,
      workers.WORKERS,
    ],
  },
  { title: "TLS, server", options: [tls.SERVER_TLS_CERT, tls.SERVER_TLS_KEY, tls.TLS_CLIENT_CA] },
  { title: "TLS, client", options: [tls.TLS, tls.TLS_CA, tls.TLS_NAME, tls.CLIENT_TLS_CERT, tls.CLIENT_TLS_KEY] },
  { title: "Tokens, both roles", options: [keys.TOKEN_FILE, keys.ENCRYPTION] },
  {
    title: "RFD 80 mode, over TLS: ping framing without sessions",
    options: [rfd80.PROTOCOL, rfd80.ROUTE, rfd80.MAX_MESSAGE],
  },
  { title: "tele doctor, beside the client's", options: [doctor.IDLE, doctor.WAIT] },
  { title: "Several tunnels", options: [config.CONFIG, config.PRINT_CONFIG, config.CONFIG_SCHEMA] },
  {
    title: "Without a role",
    options: [keys.MAKE_CERT, keys.HOST, keys.MAKE_TOKEN, keys.NAME, shells.COMPLETION, shells.MAN, HELP, VERSION],
  },
];

/** Every option, in the same order. */
export const OPTIONS: readonly Option[] = OPTION_GROUPS.flatMap(({ options }) => options);

/** Options that only sessions use. */
export const SESSION_ONLY: readonly Option[] = [
  session.MAX_SESSIONS,
  fleet.NODE,
  fleet.FLEET_KEY_FILE,
  session.CARRIERS,
  session.RESUME_TIMEOUT,
  session.REPLAY_BUFFER,
  session.MEMORY,
  keys.TOKEN_FILE,
  keys.ENCRYPTION,
  services.FORWARD,
  services.SOCKS,
  services.REVERSE,
];

/**
 * The rows of the option table for the two roles and their sessions.
 *
 * @module
 */

import type { Address } from "../../net/address.ts";
import { LOG_LEVELS, type LogLevel } from "../../net/log.ts";
import type { Origin } from "../../net/origin.ts";
import type { Way } from "../../net/way.ts";
import { DEFAULT_CARRIERS } from "../../session/carrier_count.ts";
import { parseDuration } from "../values/duration.ts";
import { LOG_FORMATS, type LogFormat } from "../log/log_format.ts";
import {
  anAddress,
  anAddressToDial,
  anOrigin,
  aWay,
  choice,
  countRange,
  type FlagOption,
  range,
  type ValueOption,
} from "./option.ts";
import { parseSize } from "../values/size.ts";

/** The port of tele servers in all examples. */
const TELE_PORT = 40300;

/** Starts the server role. */
export const SERVER: FlagOption = {
  kind: "flag",
  name: "server",
  role: "server",
  meaning: "be the tele server, beside the user's server",
  example: "tele --server --in=:22 --out=:40300",
};

/** Starts the client role. */
export const CLIENT: FlagOption = {
  kind: "flag",
  name: "client",
  role: "client",
  meaning: "be the tele client, beside the user's client",
  example: "tele --client --in=:2222 --out=example.com:40300",
};

/** The server's `--in`. */
export const SERVER_IN: ValueOption<Address> = {
  kind: "value",
  name: "in",
  placeholder: "ADDR",
  role: "server",
  meaning: "the user's server; :port is on this machine",
  without: "required, or --service, or --route",
  example: "--in=:22",
  ...anAddressToDial(22),
};

/** The server's `--out`. */
export const SERVER_OUT: ValueOption<Address> = {
  kind: "value",
  name: "out",
  placeholder: "ADDR",
  role: "server",
  meaning: "where tele clients connect; :port is every interface",
  without: "a free port",
  example: "--out=:40300",
  ...anAddress(TELE_PORT),
};

/** `--max-sessions`. */
export const MAX_SESSIONS: ValueOption<number> = {
  kind: "value",
  name: "max-sessions",
  placeholder: "N",
  role: "server",
  meaning: "sessions (tele clients) at once; more are refused",
  default: "1000",
  example: "--max-sessions=50",
  ...countRange(1, 1_000_000),
};

/** The client's `--in`. */
export const CLIENT_IN: ValueOption<Address> = {
  kind: "value",
  name: "in",
  placeholder: "ADDR",
  role: "client",
  meaning: "where user's clients connect; :port is loopback only",
  without: "a free port",
  example: "--in=:2222",
  ...anAddress(2222),
};

/** `--stdio`. */
export const STDIO: FlagOption = {
  kind: "flag",
  name: "stdio",
  role: "client",
  meaning: "carry standard input and output instead, and end with them, as ssh's ProxyCommand does",
  example: "tele --client --stdio --out=example.com:40300",
};

/** The client's `--out`. */
export const CLIENT_OUT: ValueOption<Way> = {
  kind: "value",
  name: "out",
  placeholder: "ADDR",
  role: "client",
  meaning: "the tele server; wss://host/path leads there by a web server, exec:COMMAND by a command",
  isRepeatable: true,
  example: "--out=example.com:40300",
  ...aWay(TELE_PORT),
};

/** `--from`. */
export const FROM: ValueOption<Origin> = {
  kind: "value",
  name: "from",
  placeholder: "ADDR",
  role: "client",
  meaning: "leave from this address or interface; with several, one session uses all",
  without: "as the system chooses",
  isRepeatable: true,
  example: "--from=192.168.1.7",
  ...anOrigin,
};

/** `--carriers`. */
export const CARRIERS: ValueOption<number> = {
  kind: "value",
  name: "carriers",
  placeholder: "N",
  role: "client",
  meaning: "most connections to the tele server at once; 1 for never more than one",
  default: String(DEFAULT_CARRIERS),
  example: "--carriers=4",
  ...countRange(1, 8),
};

/** `--ping-interval`. */
export const PING_INTERVAL: ValueOption<number> = {
  kind: "value",
  name: "ping-interval",
  placeholder: "DUR",
  role: "both",
  meaning: "longest silence on an idle carrier",
  default: "30s",
  example: "--ping-interval=10s",
  ...range("a duration", parseDuration, "100ms", "1h"),
};

/** `--resume-timeout`. */
export const RESUME_TIMEOUT: ValueOption<number> = {
  kind: "value",
  name: "resume-timeout",
  placeholder: "DUR",
  role: "both",
  meaning: "how long a session waits for a carrier (the smaller of both sides)",
  default: "7d",
  example: "--resume-timeout=24h",
  ...range("a duration", parseDuration, "1s", "30d"),
};

/** `--drain-timeout`. */
export const DRAIN_TIMEOUT: ValueOption<number> = {
  kind: "value",
  name: "drain-timeout",
  placeholder: "DUR",
  role: "both",
  meaning: "behind SIGQUIT, what is left after so long is ended",
  default: "24h",
  example: "--drain-timeout=10m",
  ...range("a duration", parseDuration, "1s", "30d"),
};

/** `--replay-buffer`. */
export const REPLAY_BUFFER: ValueOption<number> = {
  kind: "value",
  name: "replay-buffer",
  placeholder: "SIZE",
  role: "both",
  meaning: "most that a session keeps of what it sent until the other side has taken it",
  default: "32MiB",
  example: "--replay-buffer=16MiB",
  ...range("a size", parseSize, "1MiB", "1GiB"),
};

/** `--memory`. */
export const MEMORY: ValueOption<number> = {
  kind: "value",
  name: "memory",
  placeholder: "SIZE",
  role: "both",
  meaning: "what all sessions may hold together; then users are not read",
  without: "a quarter of the machine's",
  example: "--memory=256MiB",
  ...range("a size", parseSize, "32MiB", "1024GiB"),
};

/** `--max`. */
export const MAX: ValueOption<number> = {
  kind: "value",
  name: "max",
  placeholder: "N",
  role: "both",
  meaning: "user connections at once; more are refused",
  default: "10000",
  example: "--max=500",
  ...countRange(1, 1_000_000),
};

/** `--log-level`. */
export const LOG_LEVEL: ValueOption<LogLevel> = {
  kind: "value",
  name: "log-level",
  placeholder: "LEVEL",
  role: "both",
  meaning: "least level that goes to standard error",
  default: "info",
  example: "--log-level=warn",
  ...choice(LOG_LEVELS),
};

/** `--log-format`. */
export const LOG_FORMAT: ValueOption<LogFormat> = {
  kind: "value",
  name: "log-format",
  placeholder: "FORMAT",
  role: "both",
  meaning: "shape of a log line",
  default: "text",
  example: "--log-format=json",
  ...choice(LOG_FORMATS),
};

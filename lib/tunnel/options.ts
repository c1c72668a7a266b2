/**
 * Every option of the command line, in one table: the parser reads it, and the help prints it.
 *
 * @module
 */

import { type Address, parseAddress, parseDialAddress } from "../net/address.ts";
import { TeleError } from "../net/error.ts";
import { LOG_LEVELS, type LogLevel } from "../net/log.ts";
import { parseDuration } from "./duration.ts";
import { LOG_FORMATS, type LogFormat } from "./log_format.ts";
import { parseSize } from "./size.ts";

/** What both roles are told. */
export interface CommonOptions {
  /** Longest silence on an idle carrier, in milliseconds. */
  readonly pingIntervalMs: number;
  /** How long a session waits for a carrier, in milliseconds. */
  readonly resumeTimeoutMs: number;
  /** Limit of one session's replay log, in bytes. */
  readonly replayBufferBytes: number;
  /** User connections at once. */
  readonly maxStreams: number;
  /** Least level that is logged. */
  readonly logLevel: LogLevel;
  /** Shape of a log line. */
  readonly logFormat: LogFormat;
}

/** What `tele --server` is told. */
export interface ServerOptions extends CommonOptions {
  /** The user's server. */
  readonly in: Address;
  /** Where tele clients connect; `undefined` for a free port. */
  readonly out: Address | undefined;
  /** Sessions at once. */
  readonly maxSessions: number;
}

/** What `tele --client` is told. */
export interface ClientOptions extends CommonOptions {
  /** Where user's clients connect; `undefined` for a free port. */
  readonly in: Address | undefined;
  /** The tele server. */
  readonly out: Address;
  /** Sessions, each with a carrier of its own, over which streams are spread. */
  readonly pool: number;
}

/** Who takes an option. */
export type OptionRole = "server" | "client" | "both";

/** An option without a value. */
export interface FlagOption {
  /** Tells it from a {@linkcode ValueOption}. */
  readonly kind: "flag";
  /** Name without dashes. */
  readonly name: string;
  /** Who takes it. */
  readonly role: OptionRole;
  /** What it does, as the help says it. */
  readonly meaning: string;
  /** The option as one would type it. */
  readonly example: string;
}

/** An option with a value. */
export interface ValueOption<Value> {
  /** Tells it from a {@linkcode FlagOption}. */
  readonly kind: "value";
  /** Name without dashes. Two entries may share a name when their roles differ. */
  readonly name: string;
  /** Stands for the value in the help. */
  readonly placeholder: string;
  /** Who takes it. */
  readonly role: OptionRole;
  /** What it does, as the help says it. */
  readonly meaning: string;
  /** The value as one would type it, or in words what happens without one. Missing if the option is required. */
  readonly default?: string;
  /** The option as one would type it. */
  readonly example: string;
  /** What values it takes, in words: for messages and the help. */
  readonly takes: string;
  /** Reads the value; throws a TeleError `bad-input` whose sentence says what is wrong with it. */
  readonly parse: (text: string) => Value;
}

/** One row of the table. */
export type Option = FlagOption | ValueOption<unknown>;

const TAKES_ADDRESS = "host:port, :port, [v6]:port or unix:/path";

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
  example: "--in=:22",
  takes: TAKES_ADDRESS,
  parse: parseDialAddress,
};

/** The server's `--out`. */
export const SERVER_OUT: ValueOption<Address> = {
  kind: "value",
  name: "out",
  placeholder: "ADDR",
  role: "server",
  meaning: "where tele clients connect; :port is every interface",
  default: "a free port",
  example: "--out=:40300",
  takes: TAKES_ADDRESS,
  parse: parseAddress,
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
  default: "a free port",
  example: "--in=:2222",
  takes: TAKES_ADDRESS,
  parse: parseAddress,
};

/** The client's `--out`. */
export const CLIENT_OUT: ValueOption<Address> = {
  kind: "value",
  name: "out",
  placeholder: "ADDR",
  role: "client",
  meaning: "the tele server",
  example: "--out=example.com:40300",
  takes: TAKES_ADDRESS,
  parse: parseDialAddress,
};

/** `--pool`. */
export const POOL: ValueOption<number> = {
  kind: "value",
  name: "pool",
  placeholder: "N",
  role: "client",
  meaning: "carriers (sessions) that share the user connections",
  default: "1",
  example: "--pool=4",
  ...countRange(1, 64),
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

/** `--replay-buffer`. */
export const REPLAY_BUFFER: ValueOption<number> = {
  kind: "value",
  name: "replay-buffer",
  placeholder: "SIZE",
  role: "both",
  meaning: "limit of one session's replay log",
  default: "32MiB",
  example: "--replay-buffer=16MiB",
  ...range("a size", parseSize, "1MiB", "1GiB"),
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

/** `--help`. */
export const HELP: FlagOption = {
  kind: "flag",
  name: "help",
  role: "both",
  meaning: "print this",
  example: "tele --help",
};

/** `--version`. */
export const VERSION: FlagOption = {
  kind: "flag",
  name: "version",
  role: "both",
  meaning: "print the version",
  example: "tele --version",
};

/** Every option, in the order of the help. */
export const OPTIONS: readonly Option[] = [
  ...[SERVER, SERVER_IN, SERVER_OUT, MAX_SESSIONS],
  ...[CLIENT, CLIENT_IN, CLIENT_OUT, POOL],
  ...[PING_INTERVAL, RESUME_TIMEOUT, REPLAY_BUFFER, MAX, LOG_LEVEL, LOG_FORMAT, HELP, VERSION],
];

/** Options of the design that this version refuses, by name, with the feature they belong to. */
export const LATER_OPTIONS: ReadonlyMap<string, string> = new Map([
  ...later("TLS", ["tls", "tls-ca", "tls-name", "tls-cert", "tls-key", "tls-client-ca"]),
  ...later("tokens", ["token-file", "make-token"]),
  ...later("RFD 80 mode", ["protocol", "route", "max-message"]),
  ...later("user connections on standard input and output", ["stdio"]),
]);

function later(feature: string, names: string[]): [string, string][] {
  return names.map((name) => [name, feature]);
}

/** A value between two others; the limits are written as a user would, so that messages and code cannot disagree. */
function range(noun: string, parse: (text: string) => number, least: string, most: string) {
  return {
    takes: `${noun} from ${least} to ${most}`,
    parse(text: string): number {
      const value = parse(text);
      if (value < parse(least)) throw bad(`${text} is less than ${least}`);
      if (value > parse(most)) throw bad(`${text} is more than ${most}`);
      return value;
    },
  };
}

function countRange(least: number, most: number) {
  return range("a whole number", parseCount, String(least), String(most));
}

function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw bad(`${JSON.stringify(text)} is not a whole number`);
  return Number(text);
}

function choice<Word extends string>(words: readonly Word[]) {
  return {
    takes: `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
    parse(text: string): Word {
      const word = words.find((each) => each === text);
      if (word === undefined) throw bad(`${JSON.stringify(text)} is none of these`);
      return word;
    },
  };
}

function bad(sentence: string): TeleError {
  return new TeleError("bad-input", sentence);
}

/**
 * What the roles are told.
 *
 * @module
 */

import type { Address } from "../../net/address.ts";
import type { LogLevel } from "../../net/log.ts";
import type { ServerLimits, SessionLimits } from "../../session/session_limits.ts";
import type { LogFormat } from "../log/log_format.ts";

/** What both roles are told. */
export interface CommonOptions {
  /** Limits of sessions. In RFD 80 mode two of them hold: the ping interval, and the streams, which are connections. */
  readonly limits: SessionLimits;
  /** What all sessions may hold together, in bytes; `undefined` for a quarter of the machine's memory. */
  readonly memoryBytes: number | undefined;
  /** RFD 80 mode: largest message taken, in bytes. */
  readonly maxMessageBytes: number;
  /** File with the token of session mode. */
  readonly tokenFile: string | undefined;
  /** The token of session mode, from the environment; never together with a file. */
  readonly tokenVariable: string | undefined;
  /** Least level that is logged. */
  readonly logLevel: LogLevel;
  /** Shape of a log line. */
  readonly logFormat: LogFormat;
}

/** A protocol that a server serves in RFD 80 mode. */
export interface Route {
  /** Its ALPN name, without `-ping`. */
  readonly protocol: string;
  /** The user's server that speaks it. */
  readonly in: Address;
}

/** TLS at the server's outer side. */
export interface ServerTls {
  /** Its certificate, PEM. */
  readonly certFile: string;
  /** The certificate's key, PEM. */
  readonly keyFile: string;
  /** Whose certificates clients must present, PEM; `undefined` if they need none. */
  readonly clientCaFile: string | undefined;
}

/** TLS at the client's outer side. */
export interface ClientTls {
  /** What to trust, PEM; `system` for what this machine trusts, `undefined` for the runtime's own authorities. */
  readonly caFile: string | undefined;
  /** The name to verify; `undefined` for the one in the server's address. */
  readonly name: string | undefined;
  /** The client's own certificate, PEM. It is there if the key is. */
  readonly certFile: string | undefined;
  /** The certificate's key, PEM. */
  readonly keyFile: string | undefined;
}

/** What `tele --server` is told. */
export interface ServerOptions extends CommonOptions {
  /** The user's server behind sessions; `undefined` if the port serves no sessions, only {@linkcode routes}. */
  readonly in: Address | undefined;
  /** The protocols served in RFD 80 mode; the names differ. Never empty without sessions. */
  readonly routes: readonly Route[];
  /** TLS, `undefined` for plain TCP; there if there are routes. */
  readonly tls: ServerTls | undefined;
  /** Where tele clients connect; `undefined` for a free port. */
  readonly out: Address | undefined;
  /** Limits of sessions, and how many of them there may be. */
  readonly limits: ServerLimits;
}

/** What `tele --client` is told. */
export interface ClientOptions extends CommonOptions {
  /** Where user's clients connect; `undefined` for a free port. */
  readonly in: Address | undefined;
  /** Whether standard input and output are the one user connection; {@linkcode in} is `undefined` then. */
  readonly isStdio: boolean;
  /** The tele server. */
  readonly out: Address;
  /** TLS, `undefined` for plain TCP; there if there is a protocol. */
  readonly tls: ClientTls | undefined;
  /** The protocol to speak in RFD 80 mode; `undefined` for sessions. */
  readonly protocol: string | undefined;
  /** RFD 80 mode: whether this side sends pings as the server does, because it was told an interval. */
  readonly sendsPings: boolean;
  /** Sessions, each with a carrier of its own, over which streams are spread. */
  readonly pool: number;
}

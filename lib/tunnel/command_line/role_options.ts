/**
 * The options of both roles, as the command line gives them.
 *
 * @module
 */

import type { Address } from "../../net/address.ts";
import type { HostPattern } from "../../net/host_pattern.ts";
import type { LogLevel } from "../../net/log.ts";
import type { Origin } from "../../net/origin.ts";
import type { Proxy } from "../../net/proxy/proxy.ts";
import type { Way } from "../../net/way.ts";
import type { Encryption } from "../../session/handshake/seal.ts";
import type { ServerLimits, SessionLimits } from "../../session/session_limits.ts";
import type { LogFormat } from "../log/log_format.ts";
import type { Seat } from "../workers/seat.ts";

/** Where a process tells how it goes, and to whom. */
export interface StatusOptions {
  /** Where it listens; without a host on loopback. */
  readonly address: Address;
  /** File with the secret that a request must show; needed beyond loopback. */
  readonly tokenFile: string | undefined;
}

/** Options of both roles. */
export interface CommonOptions {
  /** How many worker processes a parent starts; `undefined` for this process alone. */
  readonly workers?: number | undefined;
  /** Which worker this process is; `undefined` for none. */
  readonly seat?: Seat | undefined;
  /** Limits of sessions. In RFD 80 mode two of them hold: the ping interval, and the streams (connections). */
  readonly limits: SessionLimits;
  /** Memory of all sessions together, in bytes; `undefined` for a quarter of the machine's. */
  readonly memoryBytes: number | undefined;
  /** Behind SIGQUIT what is left after so long is ended, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Largest message taken in RFD 80 mode, in bytes. */
  readonly maxMessageBytes: number;
  /** File with the token of session mode. */
  readonly tokenFile: string | undefined;
  /** The token of session mode, from the environment; never together with a file. */
  readonly tokenVariable: string | undefined;
  /** Whether carriers are sealed with the token; `undefined` without one. */
  readonly encryption: Encryption | undefined;
  /** Lowest level that is logged. */
  readonly logLevel: LogLevel;
  /** Shape of a log line. */
  readonly logFormat: LogFormat;
  /** Where it tells how it goes; `undefined` for nowhere, and with standard input and output. */
  readonly status: StatusOptions | undefined;
}

/** A protocol that a server serves in RFD 80 mode. */
export interface Route {
  /** Its ALPN name, without `-ping`. */
  readonly protocol: string;
  /** The user's server that speaks it. */
  readonly in: Address;
}

/** A user's server that clients ask for by a name. */
export interface Service {
  /** The name; see `isServiceName`. */
  readonly name: string;
  /** The user's server. */
  readonly in: Address;
}

/** Where a client, or with a client's service a server, listens for a service. */
export interface Forward {
  /** Where user's clients connect. */
  readonly in: Address;
  /** Name of the service that they reach. */
  readonly service: string;
}

/** The servers, or workers of one, that have sessions together with this one. */
export interface FleetChoice {
  /** Where other servers reach this one, and where it listens for them; `undefined` if there are none. */
  readonly node: Address | undefined;
  /** File with what they share. */
  readonly keyFile: string;
  /** Where the workers of this server meet; `undefined` if it has none. */
  readonly folder?: string | undefined;
}

/** TLS at the server's outer side. */
export interface ServerTls {
  /** Its certificate, PEM. */
  readonly certFile: string;
  /** The certificate's key, PEM. */
  readonly keyFile: string;
  /** Certificates that clients must show, or their CAs, PEM; `undefined` if clients need none. */
  readonly clientCaFile: string | undefined;
}

/** TLS at the client's outer side. */
export interface ClientTls {
  /** What to trust, PEM; `system` for what this machine trusts, `undefined` for the runtime's own authorities. */
  readonly caFile: string | undefined;
  /** The name to verify; `undefined` for the one in the server's address. */
  readonly name: string | undefined;
  /** The client's own certificate, PEM; present if the key is. */
  readonly certFile: string | undefined;
  /** The certificate's key, PEM. */
  readonly keyFile: string | undefined;
}

/** Where the proxy stands that a client goes by: in what was given, or in a file. */
export type ProxySource =
  | {
    /** Tells it from a file. */
    readonly kind: "given";
    /** The proxy. */
    readonly proxy: Proxy;
    /** Who named it: the option or the environment variable. */
    readonly by: string;
  }
  | {
    /** Tells it from a proxy that was given. */
    readonly kind: "file";
    /** The file, which holds its URL. */
    readonly path: string;
  };

/** Options of `tele --server`. */
export interface ServerOptions extends CommonOptions {
  /** The user's server without a name behind sessions; `undefined` if there is none. */
  readonly in: Address | undefined;
  /** The other ones behind sessions; the names differ. */
  readonly services: readonly Service[];
  /** Where user's clients connect to services that clients offer. */
  readonly reverseListens: readonly Forward[];
  /** The destinations that clients may name. */
  readonly allows: readonly HostPattern[];
  /** Whether user's servers are told where their users come from, by a PROXY header. */
  readonly sendsProxy: boolean;
  /** The protocols served in RFD 80 mode; the names differ. Never empty without a user's server for sessions. */
  readonly routes: readonly Route[];
  /** TLS; `undefined` for plain TCP, never with routes. */
  readonly tls: ServerTls | undefined;
  /** Where tele clients connect; `undefined` for a free port. */
  readonly out: Address | undefined;
  /** The other servers; `undefined` for a server alone, and never without sessions. */
  readonly fleet: FleetChoice | undefined;
  /** Limits of sessions, and of their number. */
  readonly limits: ServerLimits;
}

/** One way to the tele server, from one address of this machine. */
export interface ClientPath {
  /** The way. */
  readonly out: Way;
  /** Where it leaves from; `undefined` if the system chooses. */
  readonly from: Origin | undefined;
  /** The proxy that leads there; `undefined` for none. */
  readonly proxy: ProxySource | undefined;
  /** TLS; `undefined` for plain TCP, never with a protocol. */
  readonly tls: ClientTls | undefined;
}

/** Options of `tele --client`. */
export interface ClientOptions extends CommonOptions {
  /**
   * Where user's clients connect to the user's server without a name; `undefined` for a free port, or with
   * {@linkcode forwards}, {@linkcode socks} or {@linkcode reverses} for nowhere.
   */
  readonly in: Address | undefined;
  /** Where they connect to services that have names. */
  readonly forwards: readonly Forward[];
  /** Where they connect that say by SOCKS where they want to go; `undefined` for nowhere. */
  readonly socks: Address | undefined;
  /** The user's servers of this side that the server's side reaches; the names differ. */
  readonly reverses: readonly Service[];
  /** Whether standard input and output are the one user connection; {@linkcode in} is `undefined` then. */
  readonly isStdio: boolean;
  /** How the tele server is reached: the first one names this client, and with a protocol there is no other. */
  readonly paths: readonly [ClientPath, ...ClientPath[]];
  /** The protocol to speak in RFD 80 mode; `undefined` for sessions. */
  readonly protocol: string | undefined;
  /** Whether this side sends pings in RFD 80 mode, as the server does: because it was given an interval. */
  readonly sendsPings: boolean;
  /** Most carriers at once. */
  readonly carriers: number;
  /**
   * Whether the tele server is there for this client alone, and ends with it: then a session without an identity may
   * wait for longer than an hour.
   *
   * @default {false}
   */
  readonly isOnlyClient?: boolean;
}

/** Options of `tele doctor`. */
export interface DoctorOptions {
  /** The client whose ways are examined. */
  readonly client: ClientOptions;
  /** How long an idle connection must live, in milliseconds. */
  readonly idleMs: number;
  /** Longest for one step, in milliseconds. */
  readonly waitMs: number;
}

/**
 * The client's sessions: user connections become streams of one session, or of several.
 *
 * @module
 */
import { formatAddress } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { formatWay } from "../../net/way.ts";
import { MuxClient, type MuxClientOptions } from "../../mux/link.ts";
import { NAMELESS_SESSION_KEPT_MS } from "../../session/session_constants.ts";
import { Environment } from "./environment.ts";
import { identityInMemory, type LoadedIdentity, loadIdentity, stateFolder } from "../files/identity_file.ts";
import { budgetOf } from "./memory.ts";
import type { ClientOptions } from "../command_line/role_options.ts";
import type { OuterDialer } from "./outer_dialer.ts";
import type { LinkStatus } from "../log/status_line.ts";
import type { StreamLog } from "../log/stream_log.ts";
import { readToken, watchToken } from "../files/token_file.ts";

/** What a {@linkcode SessionPool} needs beside the options of the role. */
export interface SessionPoolNeeds {
  /** Opens carriers. */
  dialer: OuterDialer;
  /** Logs connections that were refused. */
  streamLog: StreamLog;
  /** Told when a stream is over, and how. */
  onStreamEnd: NonNullable<MuxClientOptions["onStreamEnd"]>;
  /** Where log lines go. */
  log: Log;
  /** Time. */
  clock: Clock;
}

interface PoolParts {
  clock: Clock;
  maxStreams: number;
  streamLog: StreamLog;
  /** Stops watching the token's file. */
  stopWatching: () => void;
}

/** Sessions with a server, and the watch over this machine that they need. */
export class SessionPool {
  readonly #clients: MuxClient[];
  readonly #environment: Environment;
  readonly #maxStreams: number;
  readonly #streamLog: StreamLog;
  readonly #stopWatching: () => void;

  private constructor(clients: MuxClient[], parts: PoolParts) {
    this.#clients = clients;
    this.#maxStreams = parts.maxStreams;
    this.#streamLog = parts.streamLog;
    this.#stopWatching = parts.stopWatching;
    this.#environment = new Environment({
      clock: parts.clock,
      addresses: () => Deno.networkInterfaces().map((networkInterface) => networkInterface.address),
      onWake: (awayMs) => this.#wokeUp(awayMs),
      onAddresses: (isLocal) => clients.forEach((client) => client.addressesChanged(isLocal)),
    });
  }

  /**
   * Reads the token and the identity, which may be wrong.
   *
   * @returns Starts the sessions, which connect at once.
   * @throws {TeleError} `bad-input` if a file is wrong.
   */
  static async prepare(options: ClientOptions, needs: SessionPoolNeeds): Promise<() => SessionPool> {
    const { dialer, streamLog, onStreamEnd, log, clock } = needs;
    const token = await readToken({ file: options.tokenFile, variable: options.tokenVariable }, log);
    const { keys, isStored } = await identityOf(options, log);
    const { limits } = options;
    const lastSlot = options.pool - 1;
    const memory = budgetOf(options.memoryBytes, clock);
    const makeClient = (slot: number) =>
      new MuxClient({
        clock,
        log,
        dial: (signal, connected) => dialer.dialCarrier(signal, connected),
        identity: { keys, slot, lastSlot },
        onStreamEnd,
        token,
        ...limits,
        // When this client is killed, nobody would come back for what it leaves at the server.
        resumeTimeoutMs: Math.min(limits.resumeTimeoutMs, isStored ? Infinity : NAMELESS_SESSION_KEPT_MS),
        memory,
      });
    return () => {
      const clients = Array.from({ length: options.pool }, (_, slot) => makeClient(slot));
      const stopWatching = watchToken({ file: options.tokenFile }, {
        clock,
        log,
        onChange: (renewed) => clients.forEach((client) => client.renewToken(renewed)),
      });
      return new SessionPool(clients, { clock, maxStreams: limits.maxStreams, streamLog, stopWatching });
    };
  }

  /** Gives a user's connection to the session with the fewest streams; those with a carrier come first. */
  take(user: Duplex): void {
    const streams = this.#sum((client) => client.streamCount);
    if (streams >= this.#maxStreams) {
      this.#streamLog.refuse(user.peer, `there are ${streams} connections already; --max allows more`);
      return user.abort();
    }
    const rank = (client: MuxClient) => (client.isAttached ? 0 : this.#maxStreams) + client.streamCount;
    const client = this.#clients.reduce((best, other) => rank(other) < rank(best) ? other : best);
    try {
      client.open(user);
    } catch (error) {
      this.#streamLog.refuse(user.peer, reasonOf(error));
      user.abort();
    }
  }

  /** The state of all of them together, for a person. */
  get status(): LinkStatus {
    const outages = this.#clients.flatMap(({ outageMs }) => outageMs === undefined ? [] : [outageMs]);
    return {
      sessions: this.#clients.length,
      attached: this.#sum((client) => client.isAttached ? 1 : 0),
      outageMs: Math.max(0, ...outages),
      wasUp: this.#clients.every(({ isAttached, wasUp }) => isAttached || wasUp),
      streams: this.#sum((client) => client.streamCount),
      sentBytes: this.#sum((client) => client.acknowledgedBytes),
      receivedBytes: this.#sum((client) => client.receivedBytes),
      replayedBytes: this.#sum((client) => client.replayedBytes),
    };
  }

  #sum(of: (client: MuxClient) => number): number {
    return this.#clients.reduce((total, client) => total + of(client), 0);
  }

  /** On SIGUSR1: in an outage it tries at once, otherwise carriers must show a sign of life. */
  tryNow(log: Log): void {
    const isUp = this.status.attached === this.#clients.length;
    log("info", isUp ? "SIGUSR1: asking the tele server for a sign of life" : "SIGUSR1: trying to reconnect at once");
    this.#wokeUp();
  }

  #wokeUp(awayMs?: number): void {
    this.#clients.forEach((client) => client.wokeUp(awayMs));
  }

  /** Ends the sessions and all streams; settles when the server was told, as far as possible. */
  async stop(message: string): Promise<void> {
    this.#stopWatching();
    this.#environment.stop();
    await Promise.all(this.#clients.map((client) => client.stop(message)));
  }
}

/** Who this client is across restarts: only its listen address tells it from other clients of the same server. */
function identityOf(options: ClientOptions, log: Log): Promise<LoadedIdentity> {
  if (options.isStdio) return identityInMemory("a tele client with --stdio is another each time", "debug", log);
  if (options.in === undefined || (options.in.kind === "tcp" && options.in.port === 0)) {
    return identityInMemory(
      "a tele client on a free port is another each time; --in=:PORT makes it the same",
      "info",
      log,
    );
  }
  return loadIdentity(stateFolder(), formatAddress(options.in), formatWay(options.out), log);
}

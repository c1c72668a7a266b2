/**
 * The client's session: users' connections become its streams.
 *
 * @module
 */
import { type Address, formatAddress } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { formatWay } from "../../net/way.ts";
import { MuxClient } from "../../mux/link.ts";
import type { MuxClientOptions } from "../../mux/link_options.ts";
import { LastTicket } from "../../session/fleet/last_ticket.ts";
import type { MemoryBudget } from "../../session/memory_budget.ts";
import type { Observed } from "../../session/session_observer.ts";
import { NAMELESS_SESSION_KEPT_MS } from "../../session/session_constants.ts";
import { Environment } from "./environment.ts";
import {
  identityInMemory,
  identityOfProcess,
  type LoadedIdentity,
  loadIdentity,
  stateFolder,
} from "../files/identity_file.ts";
import { formatPath } from "../command_line/client_paths.ts";
import type { ClientOptions } from "../command_line/role_options.ts";
import { entrancesOf } from "../command_line/services.ts";
import { offeredServices } from "./offered_services.ts";
import type { OuterDialer } from "./outer_dialer.ts";
import type { LinkStatus } from "../log/status_line.ts";
import type { StreamLog } from "../log/stream_log.ts";
import { nameOf } from "../workers/seat.ts";
import { markOfToken, readClientToken, watchClientToken } from "../files/token_file.ts";

/** What a {@linkcode ClientSession} needs beside the options of the role. */
export interface ClientSessionNeeds extends Observed {
  /** Opens carriers. */
  dialer: OuterDialer;
  /** Logs connections that were refused. */
  streamLog: StreamLog;
  /** Told when a stream is over, and how. */
  onStreamEnd: NonNullable<MuxClientOptions["onStreamEnd"]>;
  /** What the sessions of all tunnels of this process hold. */
  memory: MemoryBudget;
  /** Where log lines go. */
  log: Log;
  /** Time. */
  clock: Clock;
}

interface SessionParts {
  clock: Clock;
  /** How many there are. */
  paths: number;
  maxStreams: number;
  streamLog: StreamLog;
  /** Stops watching the token's file. */
  stopWatching: () => void;
  /** Lets another client be this one. */
  release: () => void;
}

/** A session whose files are read. */
export interface PreparedSession {
  /** Starts the session, which connects at once. */
  begin(): ClientSession;
  /** In place of that: it will not begin. */
  giveUp(): void;
}

/** A session with a server, and the watch over this machine that it needs. */
export class ClientSession {
  readonly #client: MuxClient;
  readonly #environment: Environment;
  readonly #paths: number;
  readonly #maxStreams: number;
  readonly #streamLog: StreamLog;
  readonly #stopWatching: () => void;
  readonly #release: () => void;

  private constructor(client: MuxClient, parts: SessionParts) {
    this.#client = client;
    this.#paths = parts.paths;
    this.#maxStreams = parts.maxStreams;
    this.#streamLog = parts.streamLog;
    this.#stopWatching = parts.stopWatching;
    this.#release = parts.release;
    this.#environment = new Environment({
      clock: parts.clock,
      addresses: () => Deno.networkInterfaces().map((networkInterface) => networkInterface.address),
      onWake: (awayMs) => this.#wokeUp(awayMs),
      onAddresses: (isLocal) => client.addressesChanged(isLocal),
    });
  }

  /**
   * Reads the token and the identity, which may be wrong.
   *
   * @throws {TeleError} `bad-input` if a file is wrong.
   */
  static async prepare(options: ClientOptions, needs: ClientSessionNeeds): Promise<PreparedSession> {
    const { dialer, streamLog, onStreamEnd, memory, log, clock, observer } = needs;
    const source = { file: options.tokenFile, variable: options.tokenVariable };
    const since = markOfToken(source);
    const token = await readClientToken(source, log);
    const { keys, isStored, ticket, keep, release } = await identityOf(options, log);
    const { limits } = options;
    const isKept = isStored || options.isOnlyClient === true;
    const begin = () => {
      const client = new MuxClient({
        clock,
        log,
        paths: options.paths.map(formatPath),
        dial: (signal, connected, path, ticket) => dialer.dialCarrier(signal, connected, path, undefined, ticket),
        tickets: new LastTicket(ticket, keep),
        identity: { keys, slot: 0, lastSlot: 0 },
        asksByName: options.forwards.length > 0 || options.socks !== undefined,
        offers: offeredServices(options.reverses, { clock, streamLog }),
        onStreamStart: (stream, id) => streamLog.started(stream, id),
        onStreamEnd,
        ...token,
        carriers: options.carriers,
        ...limits,
        // When this client is killed, nobody would come back for what it leaves at the server.
        resumeTimeoutMs: Math.min(limits.resumeTimeoutMs, isKept ? Infinity : NAMELESS_SESSION_KEPT_MS),
        memory,
        observer,
      });
      const stopWatching = watchClientToken(source, {
        since,
        clock,
        log,
        onChange: ({ token: renewed, tokenName }) => client.renewToken(renewed, tokenName),
      });
      const paths = options.paths.length;
      const { maxStreams } = limits;
      return new ClientSession(client, { clock, paths, maxStreams, streamLog, stopWatching, release });
    };
    return { begin, giveUp: release };
  }

  /** Carries a user's connection as a stream, to the service of this name, the one without, or a destination. */
  take(user: Duplex, service?: string): void {
    const streams = this.#client.streamCount;
    if (streams >= this.#maxStreams) {
      this.#streamLog.refuse(user.peer, `there are ${streams} connections already; --max allows more`);
      return user.abort();
    }
    try {
      this.#client.open(user, service);
    } catch (error) {
      this.#streamLog.refuse(user.peer, reasonOf(error));
      user.abort();
    }
  }

  /** No user comes any more: a session that its server drains has no other behind it. */
  expectNobody(): void {
    this.#client.expectNobody();
  }

  /** Takes no user any more; settles when the last has ended, and the server knows. */
  drain(): Promise<void> {
    return this.#client.drain();
  }

  /** User connections that are carried now. */
  get streamCount(): number {
    return this.#client.streamCount;
  }

  /** Its state, for a person. */
  get status(): LinkStatus {
    const client = this.#client;
    return {
      carriers: client.carrierCount,
      paths: this.#paths,
      upPaths: client.upPaths,
      outageMs: client.outageMs ?? 0,
      wasUp: client.wasUp,
      streams: client.streamCount,
      sentBytes: client.acknowledgedBytes,
      receivedBytes: client.receivedBytes,
      replayedBytes: client.replayedBytes,
    };
  }

  /** On SIGUSR1: in an outage it tries at once, otherwise carriers must show a sign of life. */
  tryNow(log: Log): void {
    const isUp = this.#client.isAttached;
    log("info", isUp ? "SIGUSR1: asking the tele server for a sign of life" : "SIGUSR1: trying to reconnect at once");
    this.#wokeUp();
  }

  #wokeUp(awayMs?: number): void {
    this.#client.wokeUp(awayMs);
  }

  /** Ends the session and all streams; settles when the server was told, as far as possible. */
  async stop(message: string): Promise<void> {
    this.#stopWatching();
    this.#environment.stop();
    await this.#client.stop(message);
    this.#release();
  }
}

/** Who this client is across restarts: only its places and services tell it from other clients of the same server. */
function identityOf(options: ClientOptions, log: Log): Promise<LoadedIdentity> {
  if (options.isOnlyClient) return identityOfProcess();
  if (options.isStdio) return identityInMemory("a tele client with --stdio is another each time", "debug", log);
  // The first place is enough, and it stays the same client when services are added.
  const place = placeOf(options);
  if (place === undefined) {
    const why = "a tele client on a free port is another each time; --in=:PORT makes it the same";
    return identityInMemory(why, "info", log);
  }
  const own = options.seat === undefined ? place : `${place}\n${nameOf(options.seat)}`;
  return loadIdentity(stateFolder(), own, formatWay(options.paths[0].out), log);
}

/** What tells a client from others of this machine: where it listens, else the first service that it offers. */
function placeOf(options: ClientOptions): string | undefined {
  const listens = entrancesOf(options).map((entrance) => entrance.in).find(isFixed);
  if (listens !== undefined) return formatAddress(listens);
  const [offered] = options.reverses;
  return offered && `--reverse=${offered.name}`;
}

function isFixed(address: Address | undefined): address is Address {
  return address !== undefined && !(address.kind === "tcp" && address.port === 0);
}

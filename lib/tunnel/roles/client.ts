/**
 * The client role: takes users' connections, and carries each as a stream of a session with the tele server.
 *
 * @module
 */
import { formatAddress } from "../../net/address.ts";
import { type Clock, systemClock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { Shortages } from "../../net/shortage.ts";
import { formatWay } from "../../net/way.ts";
import type { MemoryBudget } from "../../session/memory_budget.ts";
import type { MuxStream } from "../../mux/stream.ts";
import type { StreamEnd } from "../../mux/stream_host.ts";
import { pingNameOf } from "../rfd80/alpn.ts";
import { serverOf } from "../command_line/client_paths.ts";
import { entrancesOf } from "../command_line/services.ts";
import type { ClientOptions } from "../command_line/role_options.ts";
import { makeDialer, type OuterDialer } from "./outer_dialer.ts";
import { Relays } from "../rfd80/relays.ts";
import { WorkTurns } from "../rfd80/work_turns.ts";
import { ClientSession } from "./client_session.ts";
import { type Entrances, openEntrances, type TakeUser } from "./entrances.ts";
import { budgetOf } from "./memory.ts";
import { RoleDrain } from "./role_drain.ts";
import type { Running } from "./running.ts";
import type { LinkStatus } from "../log/status_line.ts";
import { startStdio } from "./stdio.ts";
import type { TunnelStatus } from "../status/tunnel_status.ts";
import { streamObservers } from "../log/spans.ts";
import { StreamLog } from "../log/stream_log.ts";

/** Limit for connecting in RFD 80 mode, from the connection's turn on, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Most connections of RFD 80 mode that are made at once: with too many, a server ends the oldest handshakes. */
const CONNECTS_AT_ONCE = 64;

/** A connection that is not made after so long stands in nobody's way any more, in milliseconds. */
const CONNECT_TURN_MS = 1_000;

/** What a {@linkcode startClient} may be given beside its options. */
export interface ClientExtras {
  /**
   * What the sessions of all tunnels of this process hold.
   *
   * @default {a budget of its own, as the options say}
   */
  memory?: MemoryBudget;
  /** Looks on; not with standard input and output. */
  status?: TunnelStatus;
}

/**
 * Runs the client role. It does not wait for the server: users' connections are accepted at once, and wait.
 *
 * @throws {TeleError} `bad-input` if it cannot listen, or a file is wrong.
 */
export async function startClient(
  options: ClientOptions,
  log: Log,
  clock: Clock = systemClock,
  { memory = budgetOf(options.memoryBytes, clock), status }: ClientExtras = {},
): Promise<Running> {
  if (options.isStdio) return await startStdio(options, log, clock, memory);
  const dialer = await makeDialer(options, log, clock);
  const streamLog = new StreamLog(clock, log, streamObservers(clock, status));
  const stopParts = async () => {
    await dialer.stop();
    streamLog.stop();
  };
  const carrying = await prepare(options, dialer, { log, clock, memory, streamLog, status }).catch(async (error) => {
    await stopParts();
    throw error;
  });
  const early: [user: Duplex, service: string | undefined][] = [];
  let take: TakeUser = (user, service) => void early.push([user, service]);
  const entrances = await openEntrances(
    entrancesOf(options),
    { clock, log, streamLog, sharesPort: options.seat !== undefined },
    (user, service) => take(user, service),
  )
    .catch(async (error) => {
      carrying.giveUp();
      await stopParts();
      throw error;
    });
  // Only once it listens: a second client, started by mistake, must fail before it takes over the session of the first.
  const users = carrying.begin();
  take = (user, service) => users.take(user, service);
  for (const [user, service] of early) take(user, service);
  const drain = new RoleDrain({
    clock,
    log,
    timeoutMs: options.drainTimeoutMs,
    // Who has come by SOCKS and not said yet where it wants to go is one of those that are there.
    begin: () => entrances.drain().then(() => users.drain()),
    connections: () => users.connections(),
  });
  return {
    readyLine: readyLine(options, entrances),
    listens: entrances.addresses,
    status: users.status,
    tryNow: () => users.tryNow(),
    connections: () => users.connections(),
    get isDraining() {
      return drain.isDraining;
    },
    drain: () => drain.ask(),
    async stop(reason) {
      drain.stop();
      entrances.close();
      await users.stop(`the tele client ended (${reason})`);
      await stopParts();
    },
  };
}

function readyLine(options: ClientOptions, { addresses, words }: Entrances): string {
  const parts = [
    ...addresses.length === 0 ? [] : [`user's clients connect ${words}`],
    ...options.reverses.map(({ name, in: to }) => `offered as ${name} is ${formatAddress(to)}`),
    `tele server is ${serverOf(options)}`,
  ];
  return `tele client ready: ${parts.join(", ")}`;
}

/** Carries users' connections to the server. */
interface Users {
  take: TakeUser;
  tryNow(): void;
  /** The state of the sessions, where there are any. */
  status?: () => LinkStatus;
  connections(): number;
  /** Takes none from now on; settles when the last is over. */
  drain(): Promise<void>;
  stop(message: string): Promise<void>;
}

/** What is ready to carry users' connections, once this client listens. */
interface Carrying {
  begin(): Users;
  /** In place of that. */
  giveUp(): void;
}

interface CarryingNeeds {
  log: Log;
  clock: Clock;
  memory: MemoryBudget;
  streamLog: StreamLog;
  status: TunnelStatus | undefined;
}

async function prepare(options: ClientOptions, dialer: OuterDialer, needs: CarryingNeeds): Promise<Carrying> {
  if (options.protocol === undefined) return await prepareSessions(options, dialer, needs);
  return prepareProtocol(options, options.protocol, dialer, needs);
}

/** RFD 80 mode: each user's connection is a TLS connection of its own. */
function prepareProtocol(
  options: ClientOptions,
  protocol: string,
  dialer: OuterDialer,
  { log, clock, streamLog }: CarryingNeeds,
): Carrying {
  const { maxMessageBytes, limits: { maxStreams, pingIntervalMs } } = options;
  const relays = new Relays({ clock, streamLog, maxStreams });
  const shortages = new Shortages(clock, (shortage) => streamLog.waitFor(shortage));
  const turns = new WorkTurns(clock, { atOnce: CONNECTS_AT_ONCE, turnMs: CONNECT_TURN_MS });
  // The server always sends pings, a client only when it was given an interval.
  const framing = { maxMessageBytes, pingIntervalMs: options.sendsPings ? pingIntervalMs : undefined };
  const [{ out }] = options.paths;
  const server = formatWay(out);
  const dial = async (signal: AbortSignal) => {
    const limit = new AbortController();
    const timer = clock.setTimer(
      () => limit.abort(new TeleError("carrier-lost", `${server}: no answer within 10 s`)),
      CONNECT_TIMEOUT_MS,
    );
    try {
      return await dialer.dialProtocol(AbortSignal.any([signal, limit.signal]));
    } finally {
      timer.cancel();
    }
  };
  const connect = async (inner: Duplex, signal: AbortSignal) => {
    const { duplex, protocol: chosen } = await shortages.outlast(
      server,
      () => turns.take(() => dial(signal), signal),
      signal,
    );
    return { outer: duplex, inner, framing: chosen === pingNameOf(protocol) ? framing : undefined };
  };
  const users: Users = {
    take: (user) => void relays.carry(user, (signal) => connect(user, signal)),
    tryNow: () => log("info", "SIGUSR1: in RFD 80 mode there is no link that could be tried"),
    connections: () => relays.count,
    drain: () => relays.drain(),
    stop: () => Promise.resolve(relays.stop()),
  };
  return { begin: () => users, giveUp() {} };
}

/** Session mode: users' connections are streams of one session. */
async function prepareSessions(
  options: ClientOptions,
  dialer: OuterDialer,
  { log, clock, memory, streamLog, status }: CarryingNeeds,
): Promise<Carrying> {
  const onStreamEnd = (stream: MuxStream, end: StreamEnd) => streamLog.ended(stream, end);
  const needs = { dialer, streamLog, onStreamEnd, memory, log, clock, observer: status };
  const prepared = await ClientSession.prepare(options, needs);
  const begin = (): Users => {
    const session = prepared.begin();
    return {
      take: (user, service) => session.take(user, service),
      tryNow: () => session.tryNow(log),
      status: () => session.status,
      connections: () => session.streamCount,
      drain: () => session.drain(),
      stop: (message) => session.stop(message),
    };
  };
  return { begin, giveUp: () => prepared.giveUp() };
}

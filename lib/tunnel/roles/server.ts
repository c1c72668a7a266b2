/**
 * The server role: takes carriers, and connects each stream to the user's server.
 *
 * @module
 */
import { type Address, formatAddress } from "../../net/address.ts";
import { addressBlock } from "../../net/address_block.ts";
import { type Clock, systemClock } from "../../net/clock.ts";
import { dial } from "../../net/dial.ts";
import type { Duplex } from "../../net/duplex.ts";
import { badInput, TeleError } from "../../net/error.ts";
import { type Listening } from "../../net/listen.ts";
import { isTaken } from "../../net/listen_failure.ts";
import type { Log } from "../../net/log.ts";
import { Shortages } from "../../net/shortage.ts";
import { MuxServer } from "../../mux/link.ts";
import { NoServiceError } from "../../mux/no_service_error.ts";
import type { MemoryBudget } from "../../session/memory_budget.ts";
import type { FleetMember } from "../../session/fleet/fleet.ts";
import type { Observed } from "../../session/session_observer.ts";
import { isDestinationText } from "../../session/handshake/destination.ts";
import { ALL_DESTINATIONS, NAMELESS_SERVICE, type ServerTokens } from "../../session/handshake/token_table.ts";
import { addressesOf } from "../../net/race.ts";
import { Destinations } from "./destinations.ts";
import { Lookups } from "./lookups.ts";
import { FleetNode } from "./fleet_node.ts";
import { Environment } from "./environment.ts";
import { budgetOf } from "./memory.ts";
import type { ServerOptions } from "../command_line/role_options.ts";
import { servesSessions } from "../command_line/services.ts";
import type { Entrances } from "./entrances.ts";
import { openReverseDoors } from "./reverse_doors.ts";
import { introduced } from "./introduction.ts";
import { listenOuter } from "./outer_listener.ts";
import { Relays } from "../rfd80/relays.ts";
import { RoleDrain } from "./role_drain.ts";
import type { Running } from "./running.ts";
import type { TunnelStatus } from "../status/tunnel_status.ts";
import { streamObservers } from "../log/spans.ts";
import { StreamLog } from "../log/stream_log.ts";
import { REVERSE, SERVICES } from "../files/token_lines.ts";
import { markOfToken, readServerTokens, watchServerTokens } from "../files/token_file.ts";

/** What a {@linkcode startServer} may be given beside its options. */
export interface ServerExtras {
  /** Told how many sessions are held, whenever one begins or ends. */
  onSessionCount?: (sessions: number) => void;
  /**
   * What the sessions of all tunnels of this process hold.
   *
   * @default {a budget of its own, as the options say}
   */
  memory?: MemoryBudget;
  /** Looks on. */
  status?: TunnelStatus;
}

/**
 * Runs the server role.
 *
 * @throws {TeleError} `bad-input` if it cannot listen.
 */
export async function startServer(
  options: ServerOptions,
  log: Log,
  clock: Clock = systemClock,
  { onSessionCount, memory = budgetOf(options.memoryBytes, clock), status }: ServerExtras = {},
): Promise<Running> {
  const source = { file: options.tokenFile, variable: options.tokenVariable };
  const since = markOfToken(source);
  const tokens = await readServerTokens(source, log);
  const streamLog = new StreamLog(clock, log, streamObservers(clock, status));
  const shortages = new Shortages(clock, (shortage) => streamLog.waitFor(shortage));
  const dialUser = (address: Address, signal: AbortSignal) =>
    shortages.outlast(formatAddress(address), () => dial(address, signal), signal);
  const { limits: { resumeTimeoutMs: keptMs } } = options;
  const node = options.fleet && await FleetNode.prepare(options.fleet, { clock, log, keptMs });
  const need = { clock, log, dial: dialUser, streamLog, memory, onSessionCount, observer: status, fleet: node?.fleet };
  const sessions = servesSessions(options) ? startSessions(options, tokens, need) : undefined;
  if (tokens !== undefined) warnOfUnknown(tokens, options, log);
  const doors = sessions &&
    await openReverseDoors(options, { sessions, streamLog, clock, log }).catch(async (error) => {
      node?.stop();
      await sessions.stop("the tele server cannot listen");
      streamLog.stop();
      throw error;
    });
  const relays = new Relays({ clock, streamLog, maxStreams: options.limits.maxStreams });
  const { maxMessageBytes, limits: { pingIntervalMs } } = options;
  let isDraining = false;
  const listening = await listenOuter(options, log, clock, (outer, choice) => {
    if (choice.kind === "session") {
      const done = sessions?.accept(outer);
      if (done !== undefined) status?.handshake(done);
      return;
    }
    const framing = choice.pings ? { maxMessageBytes, pingIntervalMs } : undefined;
    const { in: upstream } = choice.route;
    const connect = (signal: AbortSignal) =>
      options.sendsProxy ? introduced(dialUser(upstream, signal), addressBlock(outer)) : dialUser(upstream, signal);
    relays.carry(outer, async (signal) => ({ outer, inner: await connect(signal), framing }));
  }, { node, isReady: () => !isDraining }).catch(async (error) => {
    node?.stop();
    doors?.close();
    await sessions?.stop("the tele server cannot listen");
    streamLog.stop();
    throw isTaken(error.cause) ? suspectSwap(error) : error;
  });
  warnOfExposure(listening, options, tokens !== undefined, log);
  const stopWatching = watchServerTokens(source, {
    since,
    clock,
    log,
    onChange(renewed) {
      warnOfUnknown(renewed, options, log);
      void sessions?.renewTokens(renewed);
    },
  });
  const environment = sessions && watchSleep(sessions, clock);
  const drain = new RoleDrain({
    clock,
    log,
    timeoutMs: options.drainTimeoutMs,
    begin() {
      isDraining = true;
      // Clients that are in an outage still come for their sessions, here if nobody has followed.
      if (sessions === undefined) listening.close();
      return Promise.all([doors?.drain(), relays.drain(), sessions?.drain()]);
    },
    connections: () => relays.count + (sessions?.streamCount ?? 0),
  });
  return {
    readyLine: readyLine(listening, options, doors),
    listens: [
      ...listening.addresses,
      ...node?.addresses ?? [],
      ...doors?.addresses ?? [],
    ],
    tryNow: () => log("debug", "SIGUSR1 is for clients: a server waits until they come"),
    connections: () => relays.count + (sessions?.streamCount ?? 0),
    get isDraining() {
      return drain.isDraining;
    },
    leavePorts: () => listening.leave(),
    returnToPorts: () => listening.comeBack(),
    drain: () => drain.ask(),
    async stop(reason) {
      drain.stop();
      stopWatching();
      environment?.stop();
      listening.close();
      node?.stop();
      doors?.close();
      relays.stop();
      await sessions?.stop(`the tele server ended (${reason})`);
      streamLog.stop();
    },
  };
}

/** The program that listens there may be the very one that clients are to reach. */
function suspectSwap(error: TeleError): TeleError {
  const hint = "if it is the user's server, give its address to --in, and to --out a port for tele clients";
  return badInput(`${error.message}; ${hint}`, { cause: error.cause });
}

/** Clients find a server that slept silent, and come back: its log is to say for how long that was. */
function watchSleep(sessions: MuxServer, clock: Clock): Environment {
  return new Environment({
    clock,
    addresses: () => [],
    onWake: (awayMs) => sessions.wasAway(awayMs),
    onAddresses() {},
  });
}

interface SessionsNeed extends Observed {
  clock: Clock;
  log: Log;
  dial: (address: Address, signal: AbortSignal) => Promise<Duplex>;
  streamLog: StreamLog;
  memory: MemoryBudget;
  onSessionCount: ((sessions: number) => void) | undefined;
  fleet: FleetMember | undefined;
}

function startSessions(
  options: ServerOptions,
  tokens: ServerTokens | undefined,
  { clock, log, dial, streamLog, memory, onSessionCount, observer, fleet }: SessionsNeed,
): MuxServer {
  const upstreams = upstreamsOf(options);
  const lookups = new Lookups(addressesOf);
  const resolve = (...args: Parameters<Lookups["resolve"]>) => lookups.resolve(...args);
  const destinations = new Destinations({ patterns: options.allows, clock, resolve, dial });
  return new MuxServer({
    clock,
    log,
    hasServices: true,
    wantsUsers: options.sendsProxy,
    listensFor: [...new Set(options.reverseListens.map(({ service }) => service))],
    dial(signal, { service, tokenName, user, client }) {
      if (service !== undefined && isDestinationText(service)) return destinations.connect(service, signal, tokenName);
      const upstream = upstreams.get(service);
      if (upstream === undefined) throw new NoServiceError(service);
      return options.sendsProxy ? introduced(dial(upstream, signal), user ?? client) : dial(upstream, signal);
    },
    onStreamStart: (stream, id) => streamLog.started(stream, id),
    onStreamEnd: (stream, end, client) => streamLog.ended(stream, end, client),
    onSessionCount,
    fleet,
    ...tokens,
    encryption: options.encryption,
    ...options.limits,
    memory,
    observer,
  });
}

/** The user's servers by the names of their services; the one of `--in` has none. */
function upstreamsOf({ in: input, services }: ServerOptions): ReadonlyMap<string | undefined, Address> {
  const named = services.map((service) => [service.name, service.in] as const);
  return new Map<string | undefined, Address>(input === undefined ? named : [[undefined, input], ...named]);
}

/** The options of what has no name. */
const OPTION_OF: Readonly<Record<string, string>> = {
  [NAMELESS_SERVICE]: "--in=ADDR",
  [ALL_DESTINATIONS]: "--allow=HOST:PORT",
};

/** A name that is misspelt in a line of a token would only be seen when its client is refused. */
function warnOfUnknown(tokens: ServerTokens, options: ServerOptions, log: Log): void {
  const names = [...upstreamsOf(options).keys()].map((name) => name ?? NAMELESS_SERVICE);
  if (options.allows.length > 0) names.push(ALL_DESTINATIONS);
  const entries = [tokens, ...tokens.tokens ?? []];
  const warn = (
    word: string,
    allowed: readonly string[],
    known: readonly string[],
    optionOf: (name: string) => string,
  ) => {
    const unknown = [...new Set(allowed)].filter((name) => !known.includes(name));
    if (unknown.length === 0) return;
    const what = `${word}${unknown.join(",")} in the token file allows what this server does not have`;
    log("warn", `${what}: give ${optionOf(unknown[0]!)} too`);
  };
  const reached = entries.flatMap(({ services = [] }) => services);
  warn(SERVICES, reached, names, (name) => OPTION_OF[name] ?? `--service=${name}=ADDR`);
  const listensFor = options.reverseListens.map(({ service }) => service);
  warn(REVERSE, entries.flatMap(({ reverse = [] }) => reverse), listensFor, (name) => `--reverse-listen=ADDR=${name}`);
}

function readyLine(listening: Listening, options: ServerOptions, doors: Entrances | undefined): string {
  const clients = `tele clients connect to ${listening.addresses.join(" and ")}${protectionOf(options)}`;
  const upstreams = [
    ...options.in === undefined ? [] : [`user's server is ${formatAddress(options.in)}`],
    ...options.services.map((service) => `service ${service.name} is ${formatAddress(service.in)}`),
    ...options.allows.length === 0 ? [] : [`allowed by SOCKS is ${options.allows.map(({ text }) => text).join(" ")}`],
    ...options.routes.map((route) => `${route.protocol} is ${formatAddress(route.in)}`),
    ...doors === undefined || doors.words === "" ? [] : [`user's clients connect ${doors.words}`],
    ...options.fleet?.node === undefined ? [] : [`other servers connect to ${formatAddress(options.fleet.node)}`],
  ];
  return `tele server ready: ${clients}, ${upstreams.join(", ")}`;
}

/** What protects carriers, for the ready line. */
function protectionOf({ tls, encryption }: ServerOptions): string {
  if (tls !== undefined) return " (TLS)";
  return encryption === undefined || encryption === "never" ? "" : ", sealed by the token";
}

/** Warns once of what is open to everyone, and names the option that closes it. */
function warnOfExposure(listening: Listening, options: ServerOptions, hasToken: boolean, log: Log): void {
  if (!listening.isExposed || options.tls?.clientCaFile !== undefined) return;
  const [address] = listening.addresses;
  if (servesSessions(options) && !hasToken) {
    const allowed = options.allows.map(({ text }) => text);
    const upstreams = [...[...upstreamsOf(options).values()].map(formatAddress), ...allowed].join(", ");
    const offered = [...new Set(options.reverseListens.map(({ service }) => service))].join(", ");
    const deeds = [
      ...upstreams === "" ? [] : [`connect to ${upstreams} through it`],
      ...offered === "" ? [] : [`offer ${offered} to its users`],
    ];
    log(
      "warn",
      `anyone who can reach ${address} can ${deeds.join(", and ")}: ` +
        "--token-file=FILE lets in only clients that have the same token (tele --make-token prints one)",
    );
  }
  if (options.routes.length > 0) {
    const names = options.routes.map((route) => route.protocol).join(", ");
    log(
      "warn",
      `anyone who can reach ${address} can connect to ${names} through it: ` +
        "--tls-client-ca=FILE lets in only clients with a certificate",
    );
  }
}

/**
 * The server role: takes carriers, and connects each stream to the user's server.
 *
 * @module
 */
import { type Address, formatAddress } from "../../net/address.ts";
import { type Clock, systemClock } from "../../net/clock.ts";
import { dial } from "../../net/dial.ts";
import type { Duplex } from "../../net/duplex.ts";
import { badInput, TeleError } from "../../net/error.ts";
import { type Listening } from "../../net/listen.ts";
import { isTaken } from "../../net/listen_failure.ts";
import type { Log } from "../../net/log.ts";
import { Shortages } from "../../net/shortage.ts";
import { MuxServer } from "../../mux/link.ts";
import type { ServerTokens } from "../../session/handshake/token_table.ts";
import { Environment } from "./environment.ts";
import { budgetOf } from "./memory.ts";
import type { ServerOptions } from "../command_line/role_options.ts";
import { listenOuter } from "./outer_listener.ts";
import { Relays } from "../rfd80/relays.ts";
import type { Running } from "./running.ts";
import { StreamLog } from "../log/stream_log.ts";
import { markOfToken, readServerTokens, watchServerTokens } from "../files/token_file.ts";

/**
 * Runs the server role.
 *
 * @throws {TeleError} `bad-input` if it cannot listen.
 */
export async function startServer(options: ServerOptions, log: Log, clock: Clock = systemClock): Promise<Running> {
  const source = { file: options.tokenFile, variable: options.tokenVariable };
  const since = markOfToken(source);
  const tokens = await readServerTokens(source, log);
  const streamLog = new StreamLog(clock, log);
  const shortages = new Shortages(clock, (shortage) => streamLog.waitFor(shortage));
  const dialUser = (address: Address, signal: AbortSignal) =>
    shortages.outlast(formatAddress(address), () => dial(address, "user", signal), signal);
  const sessions = options.in === undefined ? undefined : startSessions(options, options.in, tokens, {
    clock,
    log,
    dial: dialUser,
    streamLog,
  });
  const relays = new Relays({ clock, streamLog, maxStreams: options.limits.maxStreams });
  const { maxMessageBytes, limits: { pingIntervalMs } } = options;
  const listening = await listenOuter(options, log, clock, (outer, choice) => {
    if (choice.kind === "session") return void sessions?.accept(outer);
    const framing = choice.pings ? { maxMessageBytes, pingIntervalMs } : undefined;
    relays.carry(outer, async (signal) => ({ outer, inner: await dialUser(choice.route.in, signal), framing }));
  }).catch((error) => {
    throw isTaken(error.cause) ? suspectSwap(error) : error;
  });
  warnOfExposure(listening, options, tokens !== undefined, log);
  const stopWatching = watchServerTokens(source, {
    since,
    clock,
    log,
    onChange: (renewed) => void sessions?.renewTokens(renewed),
  });
  const environment = sessions && watchSleep(sessions, clock);
  return {
    readyLine: readyLine(listening, options),
    listens: listening.addresses,
    tryNow: () => log("debug", "SIGUSR1 is for clients: a server waits until they come"),
    async stop(reason) {
      stopWatching();
      environment?.stop();
      listening.close();
      relays.stop();
      await sessions?.stop(`the tele server ended (${reason})`);
    },
  };
}

/** The program that listens there may be the very one that clients are to reach. */
function suspectSwap(error: TeleError): TeleError {
  const hint = "if it is the user's server, give its address to --in, and to --out a port for tele clients";
  return badInput(`${error.message}; ${hint}`);
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

interface SessionsNeed {
  clock: Clock;
  log: Log;
  dial: (address: Address, signal: AbortSignal) => Promise<Duplex>;
  streamLog: StreamLog;
}

function startSessions(
  options: ServerOptions,
  upstream: Address,
  tokens: ServerTokens | undefined,
  { clock, log, dial, streamLog }: SessionsNeed,
): MuxServer {
  return new MuxServer({
    clock,
    log,
    dial: (signal) => dial(upstream, signal),
    onStreamEnd: (stream, end, client) => streamLog.ended(stream, end, client),
    ...tokens,
    encryption: options.encryption,
    ...options.limits,
    memory: budgetOf(options.memoryBytes, clock),
  });
}

function readyLine(listening: Listening, options: ServerOptions): string {
  const clients = `tele clients connect to ${listening.addresses.join(" and ")}${protectionOf(options)}`;
  const upstreams = [
    ...options.in === undefined ? [] : [`user's server is ${formatAddress(options.in)}`],
    ...options.routes.map((route) => `${route.protocol} is ${formatAddress(route.in)}`),
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
  if (options.in !== undefined && !hasToken) {
    log(
      "warn",
      `anyone who can reach ${address} can connect to ${formatAddress(options.in)} through it: ` +
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

/**
 * The client role: takes users' connections, and carries each as a stream of a session with the tele server.
 *
 * @module
 */
import { formatAddress } from "../net/address.ts";
import { type Clock, systemClock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { reasonOf, TeleError } from "../net/error.ts";
import { listen } from "../net/listen.ts";
import type { Log } from "../net/log.ts";
import { MuxClient } from "../mux/link.ts";
import { makeIdentityKeys } from "../session/keys.ts";
import { pingNameOf } from "./alpn.ts";
import { Environment } from "./environment.ts";
import { loadIdentity, stateFolder } from "./identity_file.ts";
import type { ClientOptions } from "./options.ts";
import { makeDialer, type OuterDialer } from "./outer_dialer.ts";
import { Relays } from "./relays.ts";
import type { Running } from "./server.ts";
import { StreamLog } from "./stream_log.ts";
import { readToken } from "./token.ts";

/** How long a connection of RFD 80 mode may take to be made, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Runs the client role. It does not wait for the server: users' connections are taken at once, and wait.
 *
 * @throws {TeleError} `bad-input` if it cannot listen, or a file is wrong.
 */
export async function startClient(options: ClientOptions, log: Log, clock: Clock = systemClock): Promise<Running> {
  const dialer = await makeDialer(options, log, clock);
  const carrying = options.protocol === undefined
    ? await prepareSessions(options, dialer, log, clock)
    : prepareProtocol(options, options.protocol, dialer, log, clock);
  const early: Duplex[] = [];
  let take = (user: Duplex): void => void early.push(user);
  const listening = await listen(options.in, {
    use: "user",
    defaultHosts: ["127.0.0.1", "::1"],
    clock,
    log,
    onConnection: (user) => take(user),
  });
  // Not before it listens: a second client started by mistake must fail before it takes over the session of the first.
  const users = carrying();
  take = (user) => users.take(user);
  early.forEach(take);
  const where = `user's clients connect to ${listening.addresses.join(" and ")}`;
  const server = `${formatAddress(options.out)}${options.tls ? " (TLS)" : ""}`;
  return {
    readyLine: `tele client ready: ${where}, tele server is ${server}`,
    async stop(reason) {
      listening.close();
      dialer.stop();
      await users.stop(`the tele client ended (${reason})`);
    },
  };
}

/** Carries users' connections to the server. */
interface Users {
  take(user: Duplex): void;
  stop(message: string): Promise<void>;
}

/** RFD 80 mode: each user's connection is a TLS connection of its own. */
function prepareProtocol(
  options: ClientOptions,
  protocol: string,
  dialer: OuterDialer,
  log: Log,
  clock: Clock,
): () => Users {
  const { maxMessageBytes, maxStreams } = options;
  const relays = new Relays({ clock, streamLog: new StreamLog(clock, log), maxStreams });
  // The server sends pings; a client only when it is told how often.
  const framing = { maxMessageBytes, pingIntervalMs: options.sendsPings ? options.pingIntervalMs : undefined };
  const connect = async (inner: Duplex, signal: AbortSignal) => {
    const limit = new AbortController();
    const timer = clock.setTimer(
      () => limit.abort(new TeleError("carrier-lost", `${formatAddress(options.out)}: no answer within 10 s`)),
      CONNECT_TIMEOUT_MS,
    );
    try {
      const { duplex, protocol: chosen } = await dialer.dialProtocol(AbortSignal.any([signal, limit.signal]));
      return { outer: duplex, inner, framing: chosen === pingNameOf(protocol) ? framing : undefined };
    } finally {
      timer.cancel();
    }
  };
  return () => ({
    take: (user) => void relays.carry(user, (signal) => connect(user, signal)),
    stop: () => Promise.resolve(relays.stop()),
  });
}

/** Session mode: users' connections are streams of one session, or of a few. */
async function prepareSessions(
  options: ClientOptions,
  dialer: OuterDialer,
  log: Log,
  clock: Clock,
): Promise<() => Users> {
  const token = await readToken({ file: options.tokenFile, variable: options.tokenVariable }, log);
  const streamLog = new StreamLog(clock, log);
  // A free port is another each time, so what it was called before says nothing about who this client is.
  const fixedAddress = options.in?.kind === "tcp" && options.in.port === 0 ? undefined : options.in;
  const keys = fixedAddress === undefined
    ? await makeIdentityKeys()
    : await loadIdentity(stateFolder(), formatAddress(fixedAddress), formatAddress(options.out), log);
  return () => {
    const pool = Array.from({ length: options.pool }, (_, slot) =>
      new MuxClient({
        clock,
        log,
        dial: (signal) => dialer.dialCarrier(signal),
        identity: { keys, slot },
        onStreamEnd: (stream, end) => streamLog.ended(stream, end),
        token,
        maxStreams: options.maxStreams,
        pingIntervalMs: options.pingIntervalMs,
        resumeTimeoutMs: options.resumeTimeoutMs,
        replayBufferBytes: options.replayBufferBytes,
      }));
    const environment = new Environment({
      clock,
      addresses: () => Deno.networkInterfaces().map((networkInterface) => networkInterface.address),
      onWake: () => pool.forEach((client) => client.wokeUp()),
      onAddresses: (isLocal) => pool.forEach((client) => client.addressesChanged(isLocal)),
    });
    return {
      take: (user) => carry(user, pool, options.maxStreams, streamLog),
      async stop(message) {
        environment.stop();
        await Promise.all(pool.map((client) => client.stop(message)));
      },
    };
  };
}

/** Gives a user's connection to the session with the fewest streams, one with a carrier before one without. */
function carry(user: Duplex, pool: MuxClient[], maxStreams: number, streamLog: StreamLog): void {
  const streams = pool.reduce((count, client) => count + client.streamCount, 0);
  if (streams >= maxStreams) {
    streamLog.refuse(user.peer, `there are ${streams} connections already; --max allows more`);
    return user.abort();
  }
  const rank = (client: MuxClient) => (client.isAttached ? 0 : maxStreams) + client.streamCount;
  const client = pool.reduce((best, other) => rank(other) < rank(best) ? other : best);
  try {
    client.open(user);
  } catch (error) {
    streamLog.refuse(user.peer, reasonOf(error));
    user.abort();
  }
}

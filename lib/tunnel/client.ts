/**
 * The client role: takes users' connections, and carries each as a stream of a session with the tele server.
 *
 * @module
 */
import { formatAddress } from "../net/address.ts";
import { type Clock, systemClock } from "../net/clock.ts";
import { dial } from "../net/dial.ts";
import type { Duplex } from "../net/duplex.ts";
import { reasonOf } from "../net/error.ts";
import { listen } from "../net/listen.ts";
import type { Log } from "../net/log.ts";
import { SegmentPool } from "../net/segment_pool.ts";
import { Mux } from "../mux/mux.ts";
import { SessionClient } from "../session/client.ts";
import { makeIdentityKeys } from "../session/keys.ts";
import { Environment } from "./environment.ts";
import { loadIdentity, stateFolder } from "./identity_file.ts";
import type { ClientOptions } from "./options.ts";
import { INBOUND_SEGMENTS, OUTBOUND_SEGMENTS, type Running } from "./server.ts";
import { StreamLog } from "./stream_log.ts";

/**
 * Runs the client role. It does not wait for the server: users' connections are taken at once, and wait.
 *
 * @throws {TeleError} `bad-input` if it cannot listen.
 */
export async function startClient(options: ClientOptions, log: Log, clock: Clock = systemClock): Promise<Running> {
  const streamLog = new StreamLog(clock, log);
  let pool: SessionClient<Mux>[] = [];
  const accept = (user: Duplex) => carry(user, pool, options.maxStreams, streamLog);
  const listening = await listen(options.in, {
    use: "user",
    defaultHosts: ["127.0.0.1", "::1"],
    clock,
    log,
    onConnection: accept,
  });
  const server = formatAddress(options.out);
  // A free port is another each time, so what it was called before says nothing about who this client is.
  const hasFixedAddress = options.in !== undefined && (options.in.kind === "unix" || options.in.port !== 0);
  const keys = hasFixedAddress
    ? await loadIdentity(stateFolder(), listening.addresses.join(" "), server, log)
    : await makeIdentityKeys();
  pool = startSessions(options, keys, log, clock, streamLog);
  const environment = new Environment({
    clock,
    addresses: () => Deno.networkInterfaces().map((networkInterface) => networkInterface.address),
    isBusy: () => pool.some((client) => client.user.streamCount > 0),
    onWake: () => pool.forEach((client) => client.wokeUp()),
    onAddresses: (isLocal) => pool.forEach((client) => client.addressesChanged(isLocal)),
  });
  return {
    readyLine: `tele client ready: user's clients connect to ${listening.addresses.join(" and ")}, tele server is ${server}`,
    async stop(reason) {
      listening.close();
      environment.stop();
      await Promise.all(pool.map((client) => client.stop(`the tele client ended (${reason})`)));
    },
  };
}

function startSessions(
  options: ClientOptions,
  keys: CryptoKeyPair,
  log: Log,
  clock: Clock,
  streamLog: StreamLog,
): SessionClient<Mux>[] {
  const outbound = new SegmentPool({ plenty: OUTBOUND_SEGMENTS });
  const inbound = new SegmentPool({ plenty: INBOUND_SEGMENTS });
  const makeUser = () =>
    new Mux({
      clock,
      pool: outbound,
      maxStreams: options.maxStreams,
      onStreamEnd: (stream, end) => streamLog.ended(stream, end),
    });
  return Array.from({ length: options.pool }, (_, slot) =>
    new SessionClient<Mux>({
      dial: (signal) => dial(options.out, "carrier", signal),
      clock,
      log,
      pool: inbound,
      makeUser,
      bindUser: (mux, session) => mux.bind(session),
      inherit: (from, to) => from.takeUnopened().forEach((stream) => to.adopt(stream)),
      replayBufferBytes: options.replayBufferBytes,
      pingIntervalMs: options.pingIntervalMs,
      resumeTimeoutMs: options.resumeTimeoutMs,
      identity: { keys, slot },
    }));
}

/** Gives a user's connection to the session with the fewest streams, one with a carrier before one without. */
function carry(user: Duplex, pool: SessionClient<Mux>[], maxStreams: number, streamLog: StreamLog): void {
  const streams = pool.reduce((count, client) => count + client.user.streamCount, 0);
  if (streams >= maxStreams) {
    streamLog.refuse(user.peer, `there are ${streams} connections already; --max allows more`);
    return user.abort();
  }
  const rank = (client: SessionClient<Mux>) => (client.isAttached ? 0 : maxStreams) + client.user.streamCount;
  const client = pool.reduce((best, other) => rank(other) < rank(best) ? other : best);
  try {
    client.user.open(user);
    client.hurry();
  } catch (error) {
    streamLog.refuse(user.peer, reasonOf(error));
    user.abort();
  }
}

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
import { MuxClient } from "../mux/link.ts";
import { makeIdentityKeys } from "../session/keys.ts";
import { Environment } from "./environment.ts";
import { loadIdentity, stateFolder } from "./identity_file.ts";
import type { ClientOptions } from "./options.ts";
import type { Running } from "./server.ts";
import { StreamLog } from "./stream_log.ts";

/**
 * Runs the client role. It does not wait for the server: users' connections are taken at once, and wait.
 *
 * @throws {TeleError} `bad-input` if it cannot listen.
 */
export async function startClient(options: ClientOptions, log: Log, clock: Clock = systemClock): Promise<Running> {
  const streamLog = new StreamLog(clock, log);
  const server = formatAddress(options.out);
  // A free port is another each time, so what it was called before says nothing about who this client is.
  const fixedAddress = options.in?.kind === "tcp" && options.in.port === 0 ? undefined : options.in;
  const keys = fixedAddress === undefined
    ? await makeIdentityKeys()
    : await loadIdentity(stateFolder(), formatAddress(fixedAddress), server, log);
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
  const pool = startSessions(options, keys, log, clock, streamLog);
  take = (user) => carry(user, pool, options.maxStreams, streamLog);
  early.forEach(take);
  const environment = new Environment({
    clock,
    addresses: () => Deno.networkInterfaces().map((networkInterface) => networkInterface.address),
    onWake: () => pool.forEach((client) => client.wokeUp()),
    onAddresses: (isLocal) => pool.forEach((client) => client.addressesChanged(isLocal)),
  });
  return {
    readyLine: `tele client ready: user's clients connect to ${
      listening.addresses.join(" and ")
    }, tele server is ${server}`,
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
): MuxClient[] {
  return Array.from({ length: options.pool }, (_, slot) =>
    new MuxClient({
      clock,
      log,
      dial: (signal) => dial(options.out, "carrier", signal),
      identity: { keys, slot },
      onStreamEnd: (stream, end) => streamLog.ended(stream, end),
      maxStreams: options.maxStreams,
      pingIntervalMs: options.pingIntervalMs,
      resumeTimeoutMs: options.resumeTimeoutMs,
      replayBufferBytes: options.replayBufferBytes,
    }));
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

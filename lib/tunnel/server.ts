/**
 * The server role: takes carriers, and connects each stream to the user's server.
 *
 * @module
 */
import { formatAddress } from "../net/address.ts";
import { type Clock, systemClock } from "../net/clock.ts";
import { dialPatiently } from "../net/dial.ts";
import { TeleError } from "../net/error.ts";
import { listen, type Listening } from "../net/listen.ts";
import type { Log } from "../net/log.ts";
import { MuxServer } from "../mux/link.ts";
import type { ServerOptions } from "./options.ts";
import { StreamLog } from "./stream_log.ts";

/** A running role. */
export interface Running {
  /** The one line for standard output. */
  readonly readyLine: string;
  /** Ends it: peers are told, connections are closed. */
  stop(reason: string): Promise<void>;
}

/**
 * Runs the server role.
 *
 * @throws {TeleError} `bad-input` if it cannot listen.
 */
export async function startServer(options: ServerOptions, log: Log, clock: Clock = systemClock): Promise<Running> {
  const userServer = options.in;
  if (userServer === undefined) {
    throw new TeleError("bad-input", "this build cannot serve protocols yet: give --in=ADDR");
  }
  const streamLog = new StreamLog(clock, log);
  const sessions = new MuxServer({
    clock,
    log,
    dial: (signal) => dialPatiently(userServer, signal, clock, () => streamLog.waitForDescriptors()),
    onStreamEnd: (stream, end) => streamLog.ended(stream, end),
    maxStreams: options.maxStreams,
    maxSessions: options.maxSessions,
    pingIntervalMs: options.pingIntervalMs,
    resumeTimeoutMs: options.resumeTimeoutMs,
    replayBufferBytes: options.replayBufferBytes,
  });
  const listening = await listen(options.out, {
    use: "carrier",
    defaultHosts: ["::", "0.0.0.0"],
    clock,
    log,
    onConnection: (carrier) => void sessions.accept(carrier),
  });
  const upstream = formatAddress(userServer);
  warnOfExposure(listening, upstream, log);
  return {
    readyLine: `tele server ready: tele clients connect to ${
      listening.addresses.join(" and ")
    }, user's server is ${upstream}`,
    async stop(reason) {
      listening.close();
      await sessions.stop(`the tele server ended (${reason})`);
    },
  };
}

function warnOfExposure(listening: Listening, upstream: string, log: Log): void {
  if (!listening.isExposed) return;
  log(
    "warn",
    `anyone who can reach ${listening.addresses[0]} can connect to ${upstream} through it; ` +
      "listen on loopback only (--out=127.0.0.1:PORT) and let clients come through ssh or a VPN if that is too much",
  );
}

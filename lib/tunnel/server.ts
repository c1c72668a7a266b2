/**
 * The server role: takes carriers, and connects each stream to the user's server.
 *
 * @module
 */
import { formatAddress } from "../net/address.ts";
import { type Clock, systemClock } from "../net/clock.ts";
import { dial } from "../net/dial.ts";
import { type Listening, listen } from "../net/listen.ts";
import type { Log } from "../net/log.ts";
import { SegmentPool } from "../net/segment_pool.ts";
import { Mux } from "../mux/mux.ts";
import { SessionServer } from "../session/server.ts";
import type { ServerOptions } from "./options.ts";
import { StreamLog } from "./stream_log.ts";

/** Segments out at once before data is copied out of them: 16 MiB of what arrives, 64 MiB of what is sent. */
export const INBOUND_SEGMENTS = 64;
export const OUTBOUND_SEGMENTS = 256;

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
  const outbound = new SegmentPool({ plenty: OUTBOUND_SEGMENTS });
  const streamLog = new StreamLog(clock, log);
  const sessions = new SessionServer<Mux>({
    clock,
    log,
    pool: new SegmentPool({ plenty: INBOUND_SEGMENTS }),
    makeUser: () =>
      new Mux({
        clock,
        pool: outbound,
        maxStreams: options.maxStreams,
        dial: (signal) => dial(options.in, "user", signal),
        onStreamEnd: (stream, end) => streamLog.ended(stream, end),
      }),
    bindUser: (mux, session) => mux.bind(session),
    replayBufferBytes: options.replayBufferBytes,
    pingIntervalMs: options.pingIntervalMs,
    resumeTimeoutMs: options.resumeTimeoutMs,
    maxSessions: options.maxSessions,
  });
  const listening = await listen(options.out, {
    use: "carrier",
    defaultHosts: ["::", "0.0.0.0"],
    clock,
    log,
    onConnection: (carrier) => void sessions.accept(carrier),
  });
  const upstream = formatAddress(options.in);
  warnOfExposure(listening, upstream, log);
  return {
    readyLine: `tele server ready: tele clients connect to ${listening.addresses.join(" and ")}, user's server is ${upstream}`,
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

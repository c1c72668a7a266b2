/**
 * What both ends of a link put together in the same way.
 *
 * @module
 */
import { systemClock } from "../net/clock.ts";
import { silentLog } from "../net/log.ts";
import { MemoryBudget } from "../session/memory_budget.ts";
import { SEGMENT_BYTES, SegmentPool } from "../session/segment_pool.ts";
import { limitsOf } from "../session/session_limits.ts";
import { guardedObserver, type Observed } from "../session/session_observer.ts";
import type { SessionServerOptions } from "../session/session_server_options.ts";
import { guardedLog, guardedStreamCallbacks } from "./callbacks.ts";
import { CutQueue } from "./cut_queue.ts";
import type { LinkOptions } from "./link_options.ts";
import { Mux } from "./mux.ts";
import type { MuxOptions } from "./mux_options.ts";
import type { MuxSession } from "./mux_session.ts";

/**
 * Segments of 256 KiB out at once before what arrives is copied out of them: 64 MiB, most of what users of one session
 * may leave unread. With fewer a single download that pauses would make all others slower.
 */
const INBOUND_SEGMENTS = 256;
/** The same for what is read from users, beyond the limit of a session's logs: 32 MiB. */
const OUTBOUND_SEGMENTS = 128;

const NO_LIMIT = new MemoryBudget(Infinity);

/** Cuts streams of lost sessions, for one end. */
export function cutQueue({ clock = systemClock, memory = NO_LIMIT }: LinkOptions): CutQueue {
  // Only when its streams were cut is released what a session held.
  return new CutQueue(clock, () => memory.sessionEnded());
}

/** Which end it is, and what only that has. */
export interface OfEnd extends Pick<MuxOptions, "end" | "dial" | "hasServices" | "lastStream"> {
  /** Told, once for each, when the peer of a mux opens no streams any more: it is to be answered by {@linkcode Mux.drain}. */
  onPeerDrains?: (mux: Mux) => void;
}

/** Makes the muxes of one end, which share memory and the limit of streams. */
export function muxMaker(options: LinkOptions, cuts: CutQueue, { onPeerDrains, ...ofEnd }: OfEnd): () => Mux {
  const { clock = systemClock, memory = NO_LIMIT } = options;
  const { maxStreams, replayBufferBytes } = limitsOf(options);
  const callbacks = guardedStreamCallbacks(options, guardedLog(options.log ?? silentLog));
  const plenty = OUTBOUND_SEGMENTS + Math.ceil(replayBufferBytes / SEGMENT_BYTES);
  const pool = new SegmentPool({ plenty: memory.segments(plenty) });
  const open = { count: 0 };
  const common = { clock, pool, maxStreams, open, memory, cuts, ...callbacks, ...ofEnd };
  return () => {
    const mux: Mux = new Mux({ ...common, onPeerDrains: () => onPeerDrains?.(mux) });
    return mux;
  };
}

/** See {@linkcode sessionOptions}. */
export interface CommonOptions
  extends Pick<SessionServerOptions<Mux>, "clock" | "log" | "pool" | "memory" | "limits" | "observer"> {
  /** The token of clients without a name. */
  token: Uint8Array | undefined;
  /** Joins a session and its mux. */
  bindUpper: (mux: Mux, session: MuxSession) => void;
}

/** What the sessions of one end are given, but what only a client or only a server has. */
export function sessionOptions(options: LinkOptions & Observed): CommonOptions {
  return {
    clock: options.clock ?? systemClock,
    log: guardedLog(options.log ?? silentLog),
    pool: new SegmentPool({ plenty: (options.memory ?? NO_LIMIT).segments(INBOUND_SEGMENTS) }),
    memory: options.memory,
    limits: limitsOf(options),
    token: options.token,
    observer: guardedObserver(options.observer),
    bindUpper: (mux: Mux, session: MuxSession) => mux.bind(session),
  };
}

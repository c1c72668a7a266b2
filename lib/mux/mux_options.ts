/**
 * What a mux needs of the program around it.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { MemoryBudget } from "../session/memory_budget.ts";
import type { SegmentPool } from "../session/segment_pool.ts";
import type { OnStreamEnd, OnStreamStart } from "./callbacks.ts";
import type { CutQueue } from "./cut_queue.ts";
import type { DialUser } from "./stream_dials.ts";
import type { End } from "./stream_table.ts";

/** Options of `Mux`. */
export interface MuxOptions {
  /** Which end of the session this is. */
  end: End;
  /** Time. */
  clock: Clock;
  /** Segments that users' connections are read into. */
  pool: SegmentPool;
  /** Streams at once; the peer's further ones are reset. */
  maxStreams: number;
  /** Counts the open streams of all muxes that share the limit. */
  open: { count: number };
  /**
   * Connects a stream that the peer opened to its user. It rejects if that cannot be reached; `signal` aborts when the
   * stream has ended meanwhile. Without it, the peer may not open streams.
   */
  dial?: DialUser;
  /**
   * Whether {@linkcode dial} finds services by their names; else streams for such are refused.
   *
   * @default {false}
   */
  hasServices?: boolean;
  /**
   * What the sessions of the process may hold together.
   *
   * @default {no limit}
   */
  memory?: MemoryBudget;
  /**
   * Cuts the streams of sessions that are lost; shared by all muxes of a process.
   *
   * @default {one of its own}
   */
  cuts?: CutQueue;
  /** Told when a stream has begun here, and has its number. */
  onStreamStart?: OnStreamStart;
  /** Told, once, when the peer opens no streams any more: this end is to answer by the same. */
  onPeerDrains?: () => void;
  /** Told when a stream is over, and whose client's it was. */
  onStreamEnd?: OnStreamEnd;
  /**
   * Highest number that streams are given here.
   *
   * @default LAST_STREAM
   */
  lastStream?: number;
}

/**
 * What one of several carriers carries.
 *
 * @module
 */
import { DATA_HEADER_BYTES } from "./session_constants.ts";

/**
 * A carrier's share of what a session sends. Beside it everything of a stream goes on the carrier of its open until that
 * was taken. Source: `PROTOCOL.md`, "Lanes", "Numbers of streams".
 */
export interface Share {
  /** Frames without data, and what streams send that are not bulk. */
  readonly quiet: boolean;
  /** Data of streams that are bulk, in frames of {@linkcode SPREAD_FRAME_BYTES} or more. */
  readonly bulk: boolean;
  /** The same in smaller frames: on one carrier only, since each may leave a gap on the others. */
  readonly smallBulk: boolean;
  /** Whether others carry bulk too: then nothing large is cut into smaller frames. */
  readonly isSpread: boolean;
}

/** Least bytes of data of a frame where a stream is spread over several carriers. */
export const SPREAD_FRAME_BYTES: number = 16 * 1024;

/** Least room for such a frame, with its header. */
export const SPREAD_ROOM_BYTES: number = SPREAD_FRAME_BYTES + DATA_HEADER_BYTES;

/** Where fewer bytes of bulk may be under way, all of it is on one carrier: a long frame or two would be all there is. */
export const LEAST_SPREAD_BYTES: number = 4 * SPREAD_FRAME_BYTES;

/** A carrier that has no more to send than this, in bytes, is idle at times: one such frame, and the next. */
export const CARRIER_BYTES: number = 2 * SPREAD_ROOM_BYTES;

/** The share of a carrier that is the only one. */
export const ALL: Share = { quiet: true, bulk: true, smallBulk: true, isSpread: false };

/** The share of the quiet carrier beside bulk carriers. */
export const QUIET: Share = { quiet: true, bulk: false, smallBulk: false, isSpread: true };

/** The share of that bulk carrier. */
export const LONE_BULK: Share = { quiet: false, bulk: true, smallBulk: true, isSpread: false };

/** The share of a bulk carrier beside others. */
export const BULK: Share = { quiet: false, bulk: true, smallBulk: false, isSpread: true };

/** The share of the quiet carrier that carries bulk as well, beside others that do. */
export const QUIET_AND_BULK: Share = { quiet: true, bulk: true, smallBulk: false, isSpread: true };

/** The share of a carrier that others relieve: only what has to go behind an open that went there. */
export const NOTHING_NEW: Share = { quiet: false, bulk: false, smallBulk: false, isSpread: true };

/** Whether a frame without data goes into `log`: there where its stream's open waits to be taken, or with the quiet. */
export function goesInto(log: object, openLog: object | undefined, { quiet }: Share): boolean {
  return openLog === undefined ? quiet : openLog === log;
}

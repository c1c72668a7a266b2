/**
 * What one of several carriers carries.
 *
 * @module
 */

/**
 * A carrier's share of what a session sends. Beside it everything of a stream goes on the carrier of its open until that
 * was taken. Source: `PROTOCOL.md`, "Lanes", "Numbers of streams".
 */
export interface Share {
  /** Frames without data, and what streams send that are not bulk. */
  readonly quiet: boolean;
  /** Data of streams that are bulk. */
  readonly bulk: boolean;
}

/**
 * Whether a frame without data goes into `log`: there where its stream's open waits to be taken, or on the quiet carrier.
 *
 * @param openLog See {@linkcode FrameOwner.openLog}.
 */
export function goesInto(log: object, openLog: object | undefined, { quiet }: Share): boolean {
  return openLog === undefined ? quiet : openLog === log;
}

/** The share of a carrier that is the only one. */
export const ALL: Share = { quiet: true, bulk: true };

/** The share of the quiet carrier beside bulk carriers. */
export const QUIET: Share = { quiet: true, bulk: false };

/** The share of a bulk carrier. */
export const BULK: Share = { quiet: false, bulk: true };

/** The share of a carrier that others relieve: only what has to go behind an open that went there. */
export const NOTHING_NEW: Share = { quiet: false, bulk: false };

/**
 * Every number of the mux, named once. Source: `PROTOCOL.md`, "Streams" and "Flow control".
 *
 * @module
 */

/** Why a stream is reset. */
export const ResetCode = {
  /** The user's server refused, or cannot be reached. */
  refused: 1,
  /** The user's program reset its connection, or it failed. */
  reset: 2,
  /** Too many streams. */
  limit: 3,
  /** The server does not connect to that destination for this client. */
  denied: 4,
  /** No way leads to the destination, or its name has no address. */
  unreachable: 5,
  /** Nobody answers at the destination. */
  silent: 6,
} as const;

/** One of {@linkcode ResetCode}. */
export type ResetCode = typeof ResetCode[keyof typeof ResetCode];

/** Credit a new stream begins with while streams are few, in bytes. */
export const MOST_START_CREDIT = 256 * 1024;
/** Credit a new stream always begins with, in bytes: the reserve that lets every stream start. */
export const LEAST_START_CREDIT = 4 * 1024;
/** Receive memory set apart for the start credit of all streams, in bytes. */
export const START_POOL_BYTES = 16 * 1024 * 1024;
/** Start credit that an acceptor lets all streams of a session take at least, and an opener relies on, in bytes. */
export const LEAST_START_POOL_BYTES = 2 * 1024 * 1024;
/** Bytes of a window that are used up before a value is told; half of a smaller one. */
export const WINDOW_STEP_BYTES = 64 * 1024;
/** But no more than this of a large one: what is used up and not told holds the peer back as if it was not there. */
export const MOST_WINDOW_STEP_BYTES = 1024 * 1024;
/** Window values in one frame: it passes where large packets vanish. */
export const WINDOWS_A_FRAME = 84;
/**
 * A window grows to this at the most, in bytes. 1 Gbit/s with a round trip of 100 ms fills 12.5 MB, and while what was
 * lost comes again, as much once more follows it.
 */
export const MOST_WINDOW_BYTES = 24 * 1024 * 1024;
/**
 * Receive memory by which windows may grow beyond their start, all streams together, in bytes. Who takes from it leaves
 * twice as much to others: so one stream alone can have the largest window.
 */
export const GROWTH_POOL_BYTES = 72 * 1024 * 1024;

/**
 * Bytes of opens, ends, resets and window values beyond the limit of the logs that a peer may leave unacknowledged; then
 * it may cause no further one. Honest peers acknowledge: 8 MiB are 70,000 refused streams.
 */
export const MOST_EXCESS_BYTES = 8 * 1024 * 1024;

/**
 * Turn of a bulk stream, in milliseconds: it may send what the path carries in that time. On a quick path a short turn
 * would be small writes.
 */
export const TURN_MS = 1;
/** The least that one turn may take, in bytes. */
export const LEAST_TURN_BYTES = 64 * 1024;
/** The most one turn takes, and one pull puts into the log, in bytes: a stream that becomes ready waits behind it. */
export const MOST_PULL_BYTES = 256 * 1024;
/**
 * Streams with something to send at which the first write begins, before the users of the others were read: the peer
 * and its users have work meanwhile.
 */
export const EARLY_STREAMS = 8;
/** A stream that sent less than this within {@linkcode QUIET_SPAN_MS} is quiet and goes first, in bytes. */
export const QUIET_BYTES = 16 * 1024;
/** The time over which a stream's sending is looked at, in milliseconds. */
export const QUIET_SPAN_MS = 100;

/** A stream that has had something waiting for so long is bulk, in milliseconds. */
export const BULK_AFTER_MS = 100;
/** Without anything waiting for so long it is quiet again, in milliseconds. */
export const QUIET_AFTER_MS = 1_000;
/**
 * Turns behind which something waits are of one backlog when they are no further apart, in milliseconds: on a slow path
 * a stream has some turns a second.
 */
export const SAME_BACKLOG_MS = 250;

/** How long a reset of the peer's waits for the user to take some of what came before it, in milliseconds. */
export const LAST_WRITES_MS = 10_000;
/** How long a user that takes nothing more may be silent before it counts as read to the end, in milliseconds. */
export const LAST_READS_MS = 1_000;

/** What an open costs, without the dial, in costs of an ordinary frame. */
export const OPEN_COST = 16;
/** Users that are dialled in one turn, before others have theirs: as many as programs open connections at once. */
export const DIALS_A_TURN = 64;
/**
 * Users that are dialled in each of the turns behind it, while more wait: those are many, and others wait for each
 * turn.
 */
export const DIALS_A_LATER_TURN = 16;
/** Streams that are cut in one turn when their session is lost. */
export const CUTS_A_TURN = 128;
/** Users that are dialled for one session at once, before {@linkcode DIALS_A_SECOND} is kept. */
export const MOST_DIALS_AT_ONCE = 4096;
/** Users that are dialled for one session in a second, when there are many and their streams come to no good end. */
export const DIALS_A_SECOND = 2000;

/** Highest number of a stream; see "Numbers of streams". */
export const LAST_STREAM = 2 ** 31 - 1;
/** Ranges of numbers of streams below the highest that a peer may leave unseen. */
export const MOST_UNSEEN_RANGES = 1024;
/** Gaps that early data may leave in one stream. */
export const MOST_GAPS_A_STREAM = 2048;
/** The same in all streams of a session. */
export const MOST_GAPS = 16_384;
/** What an early piece costs of its stream's window beside its own bytes, in bytes: it is an object or two. */
export const EARLY_PIECE_BYTES = 256;

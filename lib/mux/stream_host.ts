/**
 * What a stream begins with, how it ends, and what it needs of its mux.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { StartCredits } from "../session/frames.ts";
import type { SegmentPool } from "../session/segment_pool.ts";
import type { ReceiveWindow } from "./credit.ts";
import type { Draining } from "./draining.ts";
import type { GapBudget } from "./gap_budget.ts";
import type { MuxSession } from "./mux_session.ts";
import type { Turns } from "./turns.ts";

/** What a stream begins with. */
export interface StreamStart {
  /** Its number in the session, if the peer has opened it. */
  id?: number;
  /** What the peer may send. */
  window: ReceiveWindow;
  /** Credit to send with, in bytes. */
  sendCredit: number;
  /** Whether this side opens it: then an open with these credits goes first. */
  opening?: StartCredits;
  /** Name of the service that it is for, or a destination, if it is for one. It keeps it when it moves. */
  service?: string;
}

/** What a stream was opened for, and when. */
export interface StreamOrigin {
  /** Name of the service that it is for, or a destination; `undefined` for the one without a name. */
  readonly service: string | undefined;
  /** When it was opened here, by the clock, in milliseconds. */
  readonly atMs: number;
}

/**
 * How a stream ended, as the log tells it. Finished means that the peer has taken all of it, not that it was sent; a
 * cut is wished where the peer's process was asked to end.
 */
export type StreamEnd =
  | { kind: "finished" }
  | { kind: "reset"; code: number; message: string; by: "here" | "peer" }
  | { kind: "cut"; message: string; isWished?: boolean };

/** What a stream, one of many `Stream`s, needs of its mux. */
export interface StreamHost<Stream> {
  /** Time. */
  readonly clock: Clock;
  /** Segments to read users' connections into. */
  readonly pool: SegmentPool;
  /** How many bytes one turn may take: less while other bulk streams wait for theirs. */
  readonly turnBytes: number;
  /** Where it asks for a turn, and what is to be told of it waits for one. */
  readonly turns: Pick<Turns, "ready" | "arrived" | "tellWindow" | "tellReset">;
  /** Whether opens tell the addresses of users. */
  readonly tellsUsers: boolean;
  /** Whether the peer has said that all of the session is over, and was taken, whatever it still acknowledges. */
  readonly draining: Pick<Draining, "isAllOver">;
  /** The next number, since its open goes into a log: one that was given and never seen would be remembered for ever. */
  numberOf(stream: Stream): number;
  /** It has begun here, with this number. */
  streamStarted(stream: Stream, id: number): void;
  /** The peer has taken all that it sent, and its end. */
  endTaken(stream: Stream): void;
  /** It is over and forgotten. */
  streamEnded(stream: Stream, end: StreamEnd): void;
  /** The session, once there is one. */
  readonly session: MuxSession | undefined;
  /** Number of the step: what the peer sent together arrives in one. */
  readonly step: number;
  /** Gaps that early data leaves in all streams of the session. */
  readonly gaps: GapBudget;
}

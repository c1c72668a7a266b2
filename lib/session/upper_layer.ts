/**
 * Who uses a session: the layer above it.
 *
 * @module
 */
import type { TeleError } from "../net/error.ts";
import type { FrameLog } from "./carrier/frame_log.ts";
import type { Open, Reset } from "./frames.ts";
import type { Segment } from "./segment_pool.ts";
import type { Share } from "./share.ts";

/**
 * The layer above a session: it fills logs and takes what arrives. The mux is one.
 *
 * What arrives may come twice, and in another order than it was sent in: see `PROTOCOL.md`, "What makes it exact".
 */
export interface UpperLayer {
  /** Puts frames into `log`: up to `bulkBytes` of data, of urgent data up to `urgentBytes`, which is more. */
  pull(log: FrameLog, bulkBytes: number, urgentBytes: number, nowMs: number): void;
  /**
   * The same where the session has several carriers, and `log` is that of one: only its share.
   *
   * @param frameBytes How long a frame of data may be on its path.
   */
  pullShare(log: FrameLog, bulkBytes: number, urgentBytes: number, share: Share, frameBytes: number): void;
  /** What the peer takes of the bulk that waits before it grants more, in bytes; `undefined` if none waits. */
  readonly bulkCreditBytes: number | undefined;
  /** Whether one does that has had something waiting: without, `backlog` need not be asked. */
  readonly hasBacklog: boolean;
  /** For how long a stream has had something waiting, in milliseconds, and whether any is bulk. */
  backlog(nowMs: number): { backlogMs: number; isBulk: boolean };
  /** The peer opened a stream. */
  receiveOpen(open: Open): void;
  /**
   * Data of a stream, the first byte of which has the given offset in it. A view of `segment`; who keeps it retains it.
   *
   * @throws {TeleError} `carrier-lost` if it cannot be kept now: its carrier is gone by that, and it comes again.
   */
  receiveData(id: number, offset: number, bytes: Uint8Array, segment: Segment): void;
  /** A stream's data ends at `offset`. */
  receiveEnd(id: number, offset: number): void;
  /** The peer reset a stream. */
  receiveReset(reset: Reset): void;
  /** The peer may be sent data of a stream up to `limit`. */
  receiveWindow(id: number, limit: number): void;
  /**
   * The peer opens no stream any more, and wishes the same of this end; `last` is the highest number that it has opened.
   *
   * @throws {TeleError} `protocol` if that cannot be.
   */
  receiveDrain(last: number): void;
  /** No stream is opened here any more; the peer is told so behind the last that waits. */
  drain(): void;
  /** A window value of this stream was lost with its carrier: the newest is to be told. */
  windowLost(id: number): void;
  /** What an opened stream, or another counted frame, costs of a turn. */
  costOf(type: number): number;
  /** A turn is over: what is due behind it is done. */
  turnEnded(): void;
  /** The session is over; `error` says why. Called once. */
  ended(error: TeleError): void;
  /** Start credit that the peer may take for its streams, in bytes, as it is told; set, what the peer has told. */
  startPoolBytes: number;
  /** Whether opens tell the addresses of users: set when the server wants that. */
  tellsUsers?: boolean;
  /** Open streams. */
  readonly streamCount: number;
  /** Those of them whose open is in a log, or was: the others can go on in another session. */
  readonly openedCount: number;
  /** Whether something waits here that is not in a log yet and belongs to no open stream. */
  readonly hasUnsent: boolean;
}

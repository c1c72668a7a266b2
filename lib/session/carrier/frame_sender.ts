/**
 * What a carrier writes next: control frames and counted ones, as one write.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Clock, Timer } from "../../net/clock.ts";
import { framed } from "../../ping/codec.ts";
import { encodeEnding, type Ending } from "../ending.ts";
import { writeReceipt } from "../frames.ts";
import type { Receipt } from "../handshake/fields.ts";
import type { LogBudget } from "../log_budget.ts";
import { FrameType, LEAST_ROOM_BYTES, RECEIPT_FRAME_BYTES } from "../session_constants.ts";
import type { OutgoingControl } from "./control.ts";
import type { FrameLog } from "./frame_log.ts";
import { PIECE_MS, SMALL_BYTES } from "./pace.ts";
import type { SendRoom } from "./send_room.ts";
import type { WriteSource } from "./write_loop.ts";
import { WriteHold } from "./write_hold.ts";

/** Who keeps the promise about silence, and is told of each write. */
export interface WriteWatch {
  /** A write is about to be made up, with counted frames or without. */
  preparing(nowMs: number, withData: boolean): void;
  /** It begins. */
  wrote(nowMs: number): void;
}

/** A pull of no more has everything that streams had, unless there was no room for it; in bytes. */
const LITTLE_BYTES = 16 * 1024;

/** Options of {@linkcode FrameSender}. */
export interface FrameSenderOptions {
  /** What all logs of the session hold. */
  budget: LogBudget;
  /** Puts counted frames into the log; see {@linkcode CarrierHost.pull}. */
  pull(bulkBytes: number, urgentBytes: number, nowMs: number): void;
  /** Time. */
  clock: Clock;
  /** Keeps what was sent. */
  log: FrameLog;
  /** How much may be sent. */
  room: SendRoom;
  /** Control frames that are due. */
  control: OutgoingControl;
  /** Is told of each write. */
  watch: WriteWatch;
  /** Counts what was taken from the carrier. */
  receiver: { readonly takenBytes: number };
  /** There may be something to send again. */
  wake(): void;
}

/**
 * Pulls from the session just in time as much as there is room for, and joins frames and what is due in front of them.
 *
 * No allocation for each message but the views of it: control frames go into the headroom of the frame that follows.
 * Invariant 3: what a write has keeps its memory until it settles, as {@linkcode FrameSender.written} and
 * {@linkcode FrameSender.failed} tell.
 */
export class FrameSender implements WriteSource {
  readonly #options: FrameSenderOptions;
  readonly #log: FrameLog;
  readonly #room: SendRoom;
  /** What the write under way has of the log's memory. */
  readonly #hold = new WriteHold();
  /** Whether the last pull may have left something behind for want of room. */
  #awaitsRoom = false;
  /** Whether the log has all that there was when it was asked for last: of more a wake tells. */
  #hasAll = false;
  #nextPiece: Timer | undefined;

  /** Nothing is under way. */
  constructor(options: FrameSenderOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#room = options.room;
  }

  /** Whether something waits for room that an acknowledgement makes: most make some that nobody waits for. */
  get awaitsRoom(): boolean {
    return this.#awaitsRoom || this.#log.hasUnsent;
  }

  /** Control frames and counted ones, as one write, which must begin at once; nothing if nothing is due. */
  next(): Uint8Array | undefined {
    const { clock, control, watch, receiver } = this.#options;
    const nowMs = clock.now();
    const log = this.#log;
    if (log.hasUnsent) this.#hasAll = false;
    else this.#pull(nowMs);
    // What was pulled may go: it kept the bound, or is a quiet stream's.
    const most = this.#room.pieceBytes(nowMs);
    // A frame is written whole, since other frames may follow each write.
    const withData = log.hasUnsent && most >= Math.min(log.nextFrameBytes, SMALL_BYTES);
    if (!this.#room.pace.isFree) this.#room.flight.markApplicationLimited();
    watch.preparing(nowMs, withData);
    const controlBytes = control.take(nowMs, withData, receiver.takenBytes);
    if (!withData && controlBytes === undefined) return undefined;
    watch.wrote(nowMs);
    const bytes = withData ? this.#join(nowMs, controlBytes, most) : controlBytes!;
    this.#room.writing(nowMs, bytes.length);
    return bytes;
  }

  /** The control frames in front of counted ones; on their own if there is no room for that. */
  #join(nowMs: number, controlBytes: Uint8Array | undefined, most: number): Uint8Array {
    if (controlBytes === undefined) return this.#nextFrames(nowMs, most);
    if (controlBytes.length > this.#log.headroom) return controlBytes;
    const frames = this.#nextFrames(nowMs, most);
    const { buffer, byteOffset, length } = frames;
    const whole = new Uint8Array(buffer, byteOffset - controlBytes.length, controlBytes.length + length);
    whole.set(controlBytes);
    return whole;
  }

  #pull(nowMs: number): void {
    const { budget, pull } = this.#options;
    const log = this.#log;
    const bulkBytes = this.#room.bulkBytes(nowMs);
    const before = log.end;
    pull(bulkBytes, this.#room.urgentBytes(nowMs), nowMs);
    const pulledBytes = log.end - before;
    this.#awaitsRoom = bulkBytes - pulledBytes < LEAST_ROOM_BYTES || budget.bulkRoom < LEAST_ROOM_BYTES;
    this.#hasAll = pulledBytes <= LITTLE_BYTES && !this.#awaitsRoom && this.#room.pace.isFree;
    if (!log.hasUnsent) this.#room.lacksData();
  }

  #nextFrames(nowMs: number, most: number): Uint8Array {
    const log = this.#log;
    const from = log.handed;
    const frames = log.nextWrite(this.#hold, most)!;
    this.#room.sent(nowMs, from, log.handed);
    if (!this.#room.pace.isFree) {
      this.#nextPiece ??= this.#options.clock.setTimer(() => {
        this.#nextPiece = undefined;
        this.#options.wake();
      }, PIECE_MS);
    }
    return frames;
  }

  /**
   * A goodbye, with the control frames that are due in front of it.
   *
   * @param acknowledges Whether all that came is acknowledged.
   * @param receipts In front of it: what this end took of other carriers.
   */
  lastWords(ending: Ending, acknowledges: boolean, receipts: readonly Receipt[]): Uint8Array {
    const { clock, control, receiver } = this.#options;
    control.acknowledgeDue = acknowledges;
    const controlBytes = control.take(clock.now(), false, receiver.takenBytes) ?? new Uint8Array(0);
    return concat([controlBytes, ...receipts.map(receiptFrame), framed(encodeEnding("goodbye", ending))]);
  }

  /** A leave, behind an acknowledgement of all that came. */
  leave(): Uint8Array {
    const { clock, control, receiver } = this.#options;
    control.acknowledgeDue = true;
    const controlBytes = control.take(clock.now(), false, receiver.takenBytes)!;
    return concat([controlBytes, framed(new Uint8Array([FrameType.leave]))]);
  }

  /** The write of what came last from {@linkcode FrameSender.next} is done. Says whether it may have more. */
  written(): boolean {
    this.#hold.release();
    if (this.#room.isTelling) this.#room.written(this.#options.clock.now());
    if (!this.#hasAll || this.#log.hasUnsent) return true;
    this.#room.lacksData();
    return false;
  }

  /** It has failed, or was not begun. */
  failed(): void {
    this.#hold.release();
  }

  /** No piece is sent later. What a write under way has stays its own. */
  stop(): void {
    this.#nextPiece?.cancel();
  }
}

function receiptFrame(receipt: Receipt): Uint8Array {
  const frame = new Uint8Array(RECEIPT_FRAME_BYTES);
  writeReceipt(frame, 0, receipt);
  return frame;
}

/**
 * The bytes a session has sent and the peer has not yet acknowledged: the pure core of exactly-once delivery.
 *
 * @module
 */
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../ping/codec.ts";
import { TeleError } from "../../net/error.ts";
import { MemoryPool } from "../memory_pool.ts";
import type { Segment } from "../segment_pool.ts";
import { DATA_HEADER_BYTES, FrameType, HEADROOM_BYTES, LEAST_ROOM_BYTES } from "../session_constants.ts";
import { type Piece, PieceQueue } from "./piece_queue.ts";
import { MOST_GATHERED_BYTES, type WriteHold } from "./write_hold.ts";

/** Bytes of one arena: the memory that small records are gathered in. */
const ARENA_BYTES = 32 * 1024;

/** Pieces up to this size are gathered into one frame when several wait. In bytes. */
export const GATHER_BYTES = 4 * 1024;

/** Memory that a piece takes beside its bytes: room for a header in front, and what describes it. */
export const PIECE_BYTES: number = HEADROOM_BYTES + 128;

/** What every log may hold whatever others hold, in bytes: no session ever stands still for want of memory. */
const LOG_RESERVE_BYTES = 128 * 1024;

/**
 * A queue of counted bytes with three marks: acknowledged ≤ next to send ≤ end.
 *
 * Offsets count bytes since the session began. The log copies nothing: it keeps the memory it was given, and writes
 * frame headers into the room in front of the bytes. After a resume in the middle of a piece, that room is memory of
 * bytes which the peer has, so a frame cut anywhere is sent again from the exact byte without a copy.
 *
 * Invariant 1: every byte between the marks stays until it is acknowledged. Invariant 3: what a write has under way is
 * held by that write as well, and is not written into: neither `acknowledge` nor `rewind` nor `clear` takes it away; a
 * frame of bytes that an older carrier's write still has is copied, since its header would go into their memory.
 * Invariant 5: `room` never lets data past
 * the limit; only small control records go beyond, and streams are limited.
 *
 * Source: `PROTOCOL.md`, "Counting and replay".
 *
 * @example
 * ```ts
 * import { ReplayLog } from "./replay_log.ts";
 * import { WriteHold } from "./write_hold.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const log = new ReplayLog({ limitBytes: 1024 });
 * const at = log.reserve(3); // first, since it may change the arena
 * log.arena.set([1, 2, 3], at);
 * assertEquals(log.nextWrite(new WriteHold()), new Uint8Array([0, 0, 0, 4, 0x10, 1, 2, 3]));
 * log.rewind(2); // a new carrier: the peer has two bytes
 * assertEquals(log.nextWrite(new WriteHold()), new Uint8Array([0, 0, 0, 2, 0x10, 3]));
 * log.acknowledge(3);
 * assertEquals(log.heldBytes, 0);
 * ```
 */
export class ReplayLog {
  /** Memory in which {@linkcode ReplayLog.reserve} has made room; it changes with every call. */
  arena: Uint8Array = new Uint8Array(0);
  readonly #limitBytes: number;
  #arenaUsed = 0;
  readonly #pieces = new PieceQueue();
  #acknowledged = 0;
  #sent = 0;
  #highestSent = 0;
  #end = 0;
  #held = 0;

  /** Its share, beyond the reserve, of the memory that all logs of the process may hold. */
  readonly #share: MemoryPool;

  /** An empty log that takes data up to `limitBytes`, and beyond a reserve no more than its share of `memory`. */
  constructor(options: { limitBytes: number; memory?: MemoryPool }) {
    this.#limitBytes = options.limitBytes;
    this.#share = new MemoryPool(Infinity, options.memory);
  }

  /** Offset up to which the peer has acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Offset of the next byte to send on the present carrier. */
  get sent(): number {
    return this.#sent;
  }

  /** Offset behind the last byte. */
  get end(): number {
    return this.#end;
  }

  /** Bytes held: not yet acknowledged. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Memory that is held: of many small records, most of it is not their bytes. */
  get #memoryBytes(): number {
    return this.#held + PIECE_BYTES * this.#pieces.count;
  }

  /** How many bytes of data may be added. */
  get room(): number {
    const memoryBytes = this.#memoryBytes;
    const reserved = Math.max(0, LOG_RESERVE_BYTES - memoryBytes);
    return Math.max(0, Math.min(this.#limitBytes - memoryBytes, reserved + this.#share.free));
  }

  /** Room below which a part of what waits is not worth a record, in bytes; see {@linkcode LEAST_ROOM_BYTES}. */
  get leastRoom(): number {
    return this.#held === 0 ? 1 : LEAST_ROOM_BYTES;
  }

  /** Memory held beyond the limit, which is for data: opens, ends and resets always fit. In bytes. */
  get excessBytes(): number {
    return Math.max(0, this.#memoryBytes - this.#limitBytes);
  }

  /** Whether there is something to send on the present carrier. */
  get hasUnsent(): boolean {
    return this.#sent < this.#end;
  }

  /**
   * Adds a record of `bytes` bytes, to be written into {@linkcode ReplayLog.arena} at the returned position before
   * anything else is called. Records added one after the other leave in one frame.
   */
  reserve(bytes: number): number {
    const { last } = this.#pieces;
    let at = this.#arenaUsed;
    const joins = last !== undefined && last.memory === this.arena && last.end === at && last.offset >= this.#sent &&
      this.#pieces.next !== undefined && at + bytes <= this.arena.length;
    if (joins) {
      last.end += bytes;
    } else {
      if (at + HEADROOM_BYTES + bytes > this.arena.length) {
        this.arena = new Uint8Array(Math.max(ARENA_BYTES, bytes + HEADROOM_BYTES));
        at = 0;
      }
      at += HEADROOM_BYTES;
      this.#add(this.arena, at, at + bytes, undefined);
    }
    this.#arenaUsed = at + bytes;
    this.#end += bytes;
    this.#hold(this.#held + bytes);
    return at;
  }

  /**
   * Adds `memory[start..end]` without copying it. `segment` is held from now until the bytes are acknowledged.
   * At least {@linkcode HEADROOM_BYTES} bytes before `start` must be free to be written.
   */
  adopt(memory: Uint8Array, start: number, end: number, segment?: Segment): void {
    segment?.retain();
    this.#add(memory, start, end, segment);
    this.#end += end - start;
    this.#hold(this.#held + end - start);
  }

  #add(memory: Uint8Array, start: number, end: number, segment: Segment | undefined): void {
    this.#pieces.add({ memory, start, end, offset: this.#end, segment, writes: 0 });
  }

  /**
   * The next bytes to write: one data frame. Its bytes count as sent from now on, so it must be handed to a write at
   * once.
   *
   * @param hold Gets what the frame is made of, until the write has settled.
   * @param maxBytes About how many counted bytes; a larger piece is cut.
   * @param leastBytes No piece is cut smaller than this.
   * @returns A view that is valid until `hold` is released, or `undefined` if everything was sent.
   */
  nextWrite(hold: WriteHold, maxBytes = Infinity, leastBytes: number = GATHER_BYTES): Uint8Array | undefined {
    const { next: piece, following } = this.#pieces;
    if (piece === undefined) return undefined;
    const from = piece.start + (this.#sent - piece.offset);
    const most = Math.max(maxBytes, leastBytes);
    const isGathered = following !== undefined && isSmall(piece) && isSmall(following) && piece.end - from <= most;
    if (isGathered) return this.#gatherSmall(hold, most);
    // In front of a piece there is room for a header; in the middle of one only where the peer has what stands there.
    const hasRoom = from === piece.start || this.#sent === this.#acknowledged;
    if (piece.end - from <= most && hasRoom && piece.writes === 0) {
      hold.take(piece);
      this.#pieces.advance();
      return this.#frame(piece.memory, from, piece.end);
    }
    return this.#cut(hold, piece, from, Math.min(piece.end, from + most, from + MOST_GATHERED_BYTES));
  }

  /** How many bytes of memory in front of what {@linkcode ReplayLog.nextWrite} returned are free for the caller. */
  static readonly SPARE_HEADROOM: number = HEADROOM_BYTES - DATA_HEADER_BYTES;

  /** Writes the header in front of `memory[from..to]` and moves the mark behind it. */
  #frame(memory: Uint8Array, from: number, to: number): Uint8Array {
    const start = from - DATA_HEADER_BYTES;
    writeFrameHeader(memory, start, to - from + 1);
    memory[start + FRAME_HEADER_BYTES] = FrameType.data;
    this.#sent += to - from;
    if (this.#sent > this.#highestSent) this.#highestSent = this.#sent;
    return memory.subarray(start, to);
  }

  /** A frame of part of a piece, copied: the bytes in front of it are still needed, or a write still has it. */
  #cut(hold: WriteHold, piece: Piece, from: number, to: number): Uint8Array {
    const gather = hold.takeGather();
    gather.set(piece.memory.subarray(from, to), HEADROOM_BYTES);
    if (to === piece.end) this.#pieces.advance();
    return this.#frame(gather, HEADROOM_BYTES, HEADROOM_BYTES + to - from);
  }

  /** Many small pieces as one frame, copied. */
  #gatherSmall(hold: WriteHold, maxBytes: number): Uint8Array {
    const gather = hold.takeGather();
    const limit = HEADROOM_BYTES + Math.min(MOST_GATHERED_BYTES, maxBytes);
    let sent = this.#sent;
    let filled = HEADROOM_BYTES;
    for (;;) {
      const piece = this.#pieces.next;
      if (piece === undefined || !isSmall(piece)) break;
      const bytes = piece.memory.subarray(piece.start + (sent - piece.offset), piece.end);
      if (filled + bytes.length > limit) break;
      gather.set(bytes, filled);
      filled += bytes.length;
      sent += bytes.length;
      this.#pieces.advance();
    }
    return this.#frame(gather, HEADROOM_BYTES, filled);
  }

  /**
   * The peer has everything before `offset`, which may be more than the writes under way have sent: see
   * {@linkcode WriteHold}.
   *
   * @throws {TeleError} `protocol` if that is below what it acknowledged before, or above what was handed to writes of
   * this carrier.
   */
  acknowledge(offset: number): void {
    this.#check(offset, this.#sent);
    this.#drop(offset);
  }

  #drop(offset: number): void {
    this.#acknowledged = offset;
    this.#pieces.dropBefore(offset);
    this.#hold(this.#end - offset);
  }

  /**
   * A new carrier: the peer has everything before `offset`, and the rest is sent again.
   *
   * @returns How many bytes will be sent again.
   * @throws {TeleError} `protocol` if that count is impossible.
   */
  rewind(offset: number): number {
    this.#check(offset, this.#highestSent);
    this.#drop(offset);
    const again = this.#highestSent - offset;
    this.#sent = offset;
    this.#pieces.rewind();
    return again;
  }

  /** Lets go of everything but what writes under way have; the log must not be used afterwards. */
  clear(): void {
    this.#pieces.clear();
    this.#hold(0);
    this.#acknowledged = this.#sent = this.#highestSent = this.#end;
  }

  #hold(bytes: number): void {
    this.#held = bytes;
    const more = Math.max(0, this.#memoryBytes - LOG_RESERVE_BYTES) - this.#share.used;
    if (more !== 0) this.#share.claim(more);
  }

  #check(offset: number, sent: number): void {
    if (offset >= this.#acknowledged && offset <= sent) return;
    throw new TeleError(
      "protocol",
      `the peer says it received ${offset} bytes, which cannot be: it acknowledged ${this.#acknowledged} before, ` +
        `and ${sent} were sent`,
    );
  }
}

function isSmall(piece: Piece): boolean {
  return piece.end - piece.start <= GATHER_BYTES;
}

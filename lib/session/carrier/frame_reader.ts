/**
 * From a carrier's bytes to the frames of a session.
 *
 * @module
 */
import { readU32 } from "../../net/bytes.ts";
import { TeleError } from "../../net/error.ts";
import { FRAME_HEADER_BYTES, FrameTooLargeError } from "../../ping/codec.ts";
import { isCounted, isSkipped } from "../frames.ts";
import { Segment } from "../segment_pool.ts";
import {
  COUNTED_HEADER_BYTES,
  DATA_HEADER_BYTES,
  FrameType,
  MAX_CONTROL_FRAME_BYTES,
  MAX_SESSION_FRAME_BYTES,
} from "../session_constants.ts";

/** What a {@linkcode SessionFrameReader} finds, in order. */
export interface SessionFrameSink {
  /**
   * The next data of a stream, as it comes: a frame need not be whole to count. A view of what was pushed; empty only
   * where the frame has no data. The offset is not checked: one of 2^53 or more, which is not exact, ends the session.
   * `segment` is what was pushed with it.
   */
  data(id: number, offset: number, bytes: Uint8Array, segment: Segment): void;
  /** A stream's data ends at `offset`. */
  end(id: number, offset: number): void;
  /** The whole payload of any other counted frame; its first byte is the type. Valid during the call only. */
  counted(payload: Uint8Array): void;
  /** The same of a frame that is not counted. */
  control(payload: Uint8Array): void;
}

/** A counted frame that cannot be. Another carrier would only bring it again: it ends the session. */
export class CountedFrameError extends TeleError {
  /** The sentence says what is wrong with the frame. */
  constructor(message: string) {
    super("protocol", message);
    this.name = "CountedFrameError";
  }
}

/** How much the frames of one turn may still cost; see `MOST_TURN_COST`. */
export interface Allowance {
  /** Below 1 no further byte is taken. */
  left: number;
}

/** Cost of a frame, by its type. */
type CostOf = (type: number) => number;

/** No byte has this value. */
const NO_TYPE = -1;

/** Bytes of the payload of data in front of the data itself. */
const DATA_FIELDS_BYTES = DATA_HEADER_BYTES - FRAME_HEADER_BYTES;

/**
 * Cuts what one carrier delivers into frames: one state machine for the length, the type, and the stream and offset of
 * data. Data passes through as it comes; other frames are gathered.
 *
 * Invariant 2: bytes are counted as they are taken, also those of a frame that never comes whole.
 *
 * Source: `PROTOCOL.md`, "Session frames", "Counting".
 *
 * @example
 * ```ts
 * import { SessionFrameReader } from "./frame_reader.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: unknown[] = [];
 * const reader = new SessionFrameReader({
 *   data: (id, offset, bytes) => seen.push({ id, offset, bytes: [...bytes] }),
 *   end: (id, offset) => seen.push({ id, end: offset }),
 *   counted: (payload) => seen.push({ counted: [...payload] }),
 *   control: (payload) => seen.push({ control: [...payload] }),
 * });
 * const frame = new Uint8Array([0, 0, 0, 15, 0x23, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 7, 8]);
 * reader.push(frame.subarray(0, 18)); // an end with two bytes, of which one came
 * assertEquals(reader.countedBytes, 18);
 * reader.push(frame.subarray(18));
 * reader.push(new Uint8Array([0, 0, 0, 0])); // a ping
 * assertEquals(seen, [
 *   { id: 1, offset: 9, bytes: [7] },
 *   { id: 1, offset: 10, bytes: [8] },
 *   { id: 1, end: 11 },
 * ]);
 * ```
 */
export class SessionFrameReader {
  readonly #sink: SessionFrameSink;
  readonly #allowance: Allowance;
  readonly #costOf: CostOf;
  /** The length, and of data the rest of its header. */
  readonly #head = new Uint8Array(DATA_HEADER_BYTES);
  #filled = 0;
  #length = 0;
  /** Type of the frame under way; {@linkcode NO_TYPE} before it has come. */
  #type = NO_TYPE;
  /** Bytes of the payload that have not come: of data those behind its header. */
  #left = 0;
  #id = 0;
  #offset = 0;
  #gathered: Uint8Array | undefined;
  #counted = 0;
  /** Counted bytes of the frame that the sink is being told of: wasted, if it throws. */
  #told = 0;

  /** A reader at a frame boundary, which stops when `allowance` is used up. */
  constructor(sink: SessionFrameSink, allowance: Allowance = { left: Infinity }, costOf: CostOf = () => 1) {
    this.#sink = sink;
    this.#allowance = allowance;
    this.#costOf = costOf;
  }

  /** Counted bytes that were taken. */
  get countedBytes(): number {
    return this.#counted;
  }

  /**
   * How many of them are of a frame that is sent again whole unless the rest of it comes: of one that is not data, or of
   * the header of data.
   */
  get wastedBytes(): number {
    if (this.#type === NO_TYPE) return this.#told;
    if (!isCounted(this.#type)) return 0;
    if (!this.#isData) return FRAME_HEADER_BYTES + this.#length - this.#left;
    if (this.#filled < DATA_HEADER_BYTES) return this.#filled;
    return this.#left === this.#length - DATA_FIELDS_BYTES ? DATA_HEADER_BYTES : 0;
  }

  /**
   * Takes the next bytes of the carrier, as far as the allowance goes.
   *
   * @param segment What they lie in, for who keeps data; unless told otherwise, memory that nobody reads into again.
   * @returns How many it took.
   * @throws {TeleError} `protocol` if these are no frames, or one is too large; a {@linkcode CountedFrameError} if that
   *   is a counted one.
   */
  push(bytes: Uint8Array, segment: Segment = new Segment(bytes)): number {
    let at = 0;
    while (at < bytes.length && this.#allowance.left >= 1) {
      if (this.#type === NO_TYPE) at = this.#begin(bytes, at);
      else if (!this.#isData) at = this.#payload(bytes, at);
      else if (this.#filled < DATA_HEADER_BYTES) at = this.#fillHead(bytes, at, segment);
      else at = this.#data(bytes, at, segment);
    }
    return at;
  }

  get #isData(): boolean {
    return this.#type === FrameType.data || this.#type === FrameType.end;
  }

  /** Up to the type, which is looked at and not taken, or behind a ping. */
  #begin(bytes: Uint8Array, from: number): number {
    let at = from;
    while (this.#filled < FRAME_HEADER_BYTES) {
      if (at === bytes.length) return at;
      this.#head[this.#filled++] = bytes[at++];
      if (this.#filled === FRAME_HEADER_BYTES) this.#measure();
      // A ping.
      if (this.#filled === 0) return at;
    }
    if (at === bytes.length) return at;
    this.#start(bytes[at]);
    return at;
  }

  #measure(): void {
    this.#length = readU32(this.#head, 0);
    if (this.#length > MAX_SESSION_FRAME_BYTES) throw new FrameTooLargeError(this.#length, MAX_SESSION_FRAME_BYTES);
    if (this.#length > 0) return;
    this.#filled = 0;
    this.#allowance.left--;
  }

  #start(type: number): void {
    this.#type = type;
    this.#left = this.#length;
    if (this.#isData) {
      if (this.#length < DATA_FIELDS_BYTES) throw new CountedFrameError("a frame of data is too short");
    } else if (this.#length > MAX_CONTROL_FRAME_BYTES && !isSkipped(type)) {
      const sentence = `a frame of type ${type} is too large`;
      throw isCounted(type) ? new CountedFrameError(sentence) : new TeleError("protocol", sentence);
    }
    // The prefix counts when the type has come, and that is taken in the next step.
    if (isCounted(type)) this.#counted += FRAME_HEADER_BYTES;
  }

  #fillHead(bytes: Uint8Array, from: number, segment: Segment): number {
    const end = Math.min(bytes.length, from + DATA_HEADER_BYTES - this.#filled);
    for (let at = from; at < end; at++) this.#head[this.#filled++] = bytes[at];
    this.#counted += end - from;
    if (this.#filled < DATA_HEADER_BYTES) return end;
    this.#left = this.#length - DATA_FIELDS_BYTES;
    this.#id = readU32(this.#head, COUNTED_HEADER_BYTES);
    this.#offset = readU32(this.#head, COUNTED_HEADER_BYTES + 4) * 2 ** 32 +
      readU32(this.#head, COUNTED_HEADER_BYTES + 8);
    if (this.#left === 0) this.#endEmpty(bytes.subarray(end, end), segment);
    return end;
  }

  #data(bytes: Uint8Array, from: number, segment: Segment): number {
    const end = Math.min(bytes.length, from + this.#left);
    const offset = this.#offset;
    // Before the sink hears of it: a throw there ends the session, and what comes again must find a whole state.
    this.#left -= end - from;
    this.#offset += end - from;
    const piece = from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end);
    this.#sink.data(this.#id, offset, piece, segment);
    this.#counted += end - from;
    if (this.#left === 0) this.#endData();
    return end;
  }

  /** Data or an end without data; what names a stream that never was ends the session all the same. */
  #endEmpty(nothing: Uint8Array, segment: Segment): void {
    const isEnd = this.#type === FrameType.end;
    this.#finish();
    if (isEnd) this.#sink.end(this.#id, this.#offset);
    else this.#sink.data(this.#id, this.#offset, nothing, segment);
  }

  #endData(): void {
    const isEnd = this.#type === FrameType.end;
    this.#finish();
    if (isEnd) this.#sink.end(this.#id, this.#offset);
  }

  #payload(bytes: Uint8Array, from: number): number {
    const end = Math.min(bytes.length, from + this.#left);
    const piece = bytes.subarray(from, end);
    const isWhole = piece.length === this.#length;
    const type = this.#type;
    if (!isWhole && !isSkipped(type)) this.#gather(piece);
    this.#left -= piece.length;
    if (this.#left === 0) {
      const payload = isWhole || this.#gathered === undefined ? piece : this.#gathered;
      this.#told = isCounted(type) ? FRAME_HEADER_BYTES + this.#length - piece.length : 0;
      this.#finish();
      this.#emit(type, payload);
      this.#told = 0;
    }
    if (isCounted(type)) this.#counted += piece.length;
    return end;
  }

  #gather(piece: Uint8Array): void {
    this.#gathered ??= new Uint8Array(this.#length);
    this.#gathered.set(piece, this.#length - this.#left);
  }

  /** The next byte begins a frame. */
  #finish(): void {
    this.#allowance.left -= isCounted(this.#type) ? this.#costOf(this.#type) : 1;
    this.#gathered = undefined;
    this.#type = NO_TYPE;
    this.#filled = 0;
  }

  #emit(type: number, payload: Uint8Array): void {
    if (isSkipped(type)) return;
    if (isCounted(type)) this.#sink.counted(payload);
    else this.#sink.control(payload);
  }
}

/**
 * RFD 80 ping framing as pure functions and a pull-free decoder: no streams, no I/O.
 *
 * A frame is `uint32` big-endian length followed by that many bytes. Length 0 is a ping: it keeps middle boxes from
 * closing an idle connection, and no reader ever sees it.
 *
 * @module
 */
import { writeU32 } from "../net/bytes.ts";
import { badInput, TeleError } from "../net/error.ts";

/** Bytes of the length in front of every frame. */
export const FRAME_HEADER_BYTES = 4;

/** The largest length that a frame header can say, in bytes. */
export const MAX_FRAME_LENGTH = 0xffff_ffff;

/** The largest message a reader takes unless told otherwise: 256 MiB. */
export const DEFAULT_MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/**
 * Writes the header of a frame of `length` payload bytes (0 for a ping) at `offset` of `into`.
 *
 * Source: RFD 80, "ping framing"; `PROTOCOL.md`, "Frames".
 *
 * @throws {TeleError} `bad-input` if `length` does not fit in 32 bits.
 *
 * @example
 * ```ts
 * import { writeFrameHeader } from "./codec.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const header = new Uint8Array(4);
 * writeFrameHeader(header, 0, 258);
 * assertEquals(header, new Uint8Array([0, 0, 1, 2]));
 * ```
 */
export function writeFrameHeader(into: Uint8Array, offset: number, length: number): void {
  if (!Number.isInteger(length) || length < 0 || length > MAX_FRAME_LENGTH) {
    throw badInput(`a frame holds 0 to ${MAX_FRAME_LENGTH} bytes, not ${length}`);
  }
  writeU32(into, offset, length);
}

/** A payload behind its header: a whole frame. */
export function framed(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(frame, 0, payload.length);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** A peer announced a frame above the limit, so that nothing behind it can be read either. Its code is `protocol`. */
export class FrameTooLargeError extends TeleError {
  /** A frame of `bytes` bytes where `maxBytes` is the limit. */
  constructor(bytes: number, maxBytes: number) {
    super("protocol", `a frame of ${bytes} bytes was announced, the limit is ${maxBytes}`);
    this.name = "FrameTooLargeError";
  }
}

/** What a {@linkcode FrameDecoder} finds, in the order it finds it. A payload may come in any number of pieces. */
export interface FrameSink {
  /** A frame of `length` > 0 payload bytes begins. */
  frameStart(length: number): void;
  /** The next bytes of its payload; the array is a view of what was pushed. */
  frameData(bytes: Uint8Array): void;
  /** Its last byte was handed over. */
  frameEnd(): void;
  /** A zero-length frame came. */
  ping?(): void;
}

/**
 * Cuts a byte stream into frames, wherever the stream itself was cut, in constant memory.
 *
 * Invariant: between two calls it holds at most three bytes of a header, never payload.
 *
 * @example
 * ```ts
 * import { FrameDecoder } from "./codec.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * const decoder = new FrameDecoder(1024, {
 *   frameStart: (length) => seen.push(`start ${length}`),
 *   frameData: (bytes) => seen.push(`data ${bytes}`),
 *   frameEnd: () => seen.push("end"),
 *   ping: () => seen.push("ping"),
 * });
 * decoder.push(new Uint8Array([0, 0, 0, 0, 0, 0, 0, 2, 7]));
 * decoder.push(new Uint8Array([8]));
 * assertEquals(seen, ["ping", "start 2", "data 7", "data 8", "end"]);
 * ```
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #sink: FrameSink;
  #headerBytes = 0;
  #length = 0;
  #left = 0;

  /** Tells `sink` what it finds, and refuses frames whose payload is longer than `maxFrameBytes` bytes. */
  constructor(maxFrameBytes: number, sink: FrameSink) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#sink = sink;
  }

  /** Whether the bytes so far end exactly between two frames. If not, an end of the stream here is a truncation. */
  get atBoundary(): boolean {
    return this.#headerBytes === 0 && this.#left === 0;
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @throws {TeleError} `protocol` if a frame is announced that is larger than `maxFrameBytes`. Nothing of that frame
   * is handed over, and the decoder must not be used again.
   */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left === 0) {
        this.#length = (this.#length << 8 | bytes[at++]) >>> 0;
        if (++this.#headerBytes < FRAME_HEADER_BYTES) continue;
        this.#begin();
        continue;
      }
      const end = Math.min(bytes.length, at + this.#left);
      this.#left -= end - at;
      this.#sink.frameData(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
      at = end;
      if (this.#left === 0) this.#sink.frameEnd();
    }
  }

  #begin(): void {
    const length = this.#length;
    this.#headerBytes = 0;
    this.#length = 0;
    if (length === 0) {
      this.#sink.ping?.();
      return;
    }
    if (length > this.#maxFrameBytes) {
      throw new FrameTooLargeError(length, this.#maxFrameBytes);
    }
    this.#left = length;
    this.#sink.frameStart(length);
  }
}

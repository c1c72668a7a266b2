/**
 * One side's frames, made one after the other in memory of their own.
 *
 * @module
 */
import { MOST_HEADER_BYTES, type Opcode, type WebSocketSide, writeHeader } from "./frame_header.ts";
import { mask, MASK_BYTES } from "./mask.ts";

/** Most payload of a frame, in bytes: what a middle box keeps of one stays small. */
export const MOST_PAYLOAD_BYTES: number = 64 * 1024;

/** Memory for frames of quiet times, in bytes. */
const SMALL_BYTES = 1024;

/** Where a payload begins in that memory: behind its header, at a whole word, which masks faster. */
const PAYLOAD_AT = (MOST_HEADER_BYTES + 3) & ~3;

/**
 * Makes frames. The payload is copied, since a client has to mask it and nobody may write into what the caller lent.
 *
 * @example
 * ```ts
 * import { FrameEncoder } from "./frame_encoder.ts";
 * import { Opcode } from "./frame_header.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new FrameEncoder("server").encode(Opcode.binary, new Uint8Array([7, 8]));
 * assertEquals(frame, new Uint8Array([0x82, 2, 7, 8]));
 * ```
 */
export class FrameEncoder {
  readonly #masks: boolean;
  readonly #key = new Uint8Array(MASK_BYTES);
  #memory = new Uint8Array(PAYLOAD_AT + SMALL_BYTES);

  /** Makes frames of that side. */
  constructor(side: WebSocketSide) {
    this.#masks = side === "client";
  }

  /**
   * A message of one frame.
   *
   * @param payload At most {@linkcode MOST_PAYLOAD_BYTES}; free again when this returns.
   * @returns Memory that is good until the next call.
   */
  encode(opcode: Opcode, payload: Uint8Array): Uint8Array {
    const memory = this.#memoryFor(payload.length);
    const key = this.#masks ? crypto.getRandomValues(this.#key) : undefined;
    const length = writeHeader(memory, opcode, payload.length, key);
    memory.copyWithin(PAYLOAD_AT - length, 0, length);
    const end = PAYLOAD_AT + payload.length;
    memory.set(payload, PAYLOAD_AT);
    if (key !== undefined) mask(memory.subarray(PAYLOAD_AT, end), key, 0);
    return memory.subarray(PAYLOAD_AT - length, end);
  }

  /** An idle connection holds only the small one. */
  #memoryFor(payloadBytes: number): Uint8Array {
    const bytes = PAYLOAD_AT + (payloadBytes <= SMALL_BYTES ? SMALL_BYTES : MOST_PAYLOAD_BYTES);
    if (this.#memory.length !== bytes) this.#memory = new Uint8Array(bytes);
    return this.#memory;
  }
}

/**
 * What proofs and signatures of a handshake are made over.
 *
 * @module
 */
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../ping/codec.ts";

/**
 * The messages of a handshake, in order, each behind its length. Source: `PROTOCOL.md`, "Keys and proofs".
 *
 * Invariant 4: bytes that merely stand behind one another do not say where a message ends. A middleman could then
 * put the same bytes behind one message and in front of the next: both ends would prove the same, and mean different
 * messages. Proofs take nothing but this class, so that nothing else can be proven.
 *
 * @example
 * ```ts
 * import { Transcript } from "./transcript.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const whole = Transcript.of(new Uint8Array([1]), new Uint8Array([2, 3]));
 * assertEquals(whole.bytes, new Uint8Array([0, 0, 0, 1, 1, 0, 0, 0, 2, 2, 3]));
 * ```
 */
export class Transcript {
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A transcript of `messages`. */
  static of(...messages: Uint8Array[]): Transcript {
    return messages.reduce((before: Transcript, message) => before.with(message), new Transcript(new Uint8Array(0)));
  }

  /** This transcript and one more message. */
  with(message: Uint8Array): Transcript {
    const before = this.#bytes.length;
    const bytes = new Uint8Array(before + FRAME_HEADER_BYTES + message.length);
    bytes.set(this.#bytes);
    writeFrameHeader(bytes, before, message.length);
    bytes.set(message, before + FRAME_HEADER_BYTES);
    return new Transcript(bytes);
  }

  /** What is proven. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }
}

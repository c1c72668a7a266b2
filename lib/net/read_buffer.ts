/**
 * Memory for reads that is as large as what comes.
 *
 * @module
 */

/** First and largest size: a stranger costs little, a carrier is fast. */
const SMALLEST_BYTES = 4 * 1024;
const LARGEST_BYTES = 256 * 1024;

/**
 * A buffer that doubles while reads fill it, and is no larger than what its reader takes at once: whoever reads little
 * at a time is idle, or waits for its own peer.
 *
 * @example
 * ```ts
 * import { ReadBuffer } from "./read_buffer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const buffer = new ReadBuffer();
 * assertEquals(buffer.memory(65_536).length, 4_096);
 * buffer.filled(4_096);
 * assertEquals(buffer.memory(65_536).length, 8_192);
 * assertEquals(buffer.memory(100).length, 4_096);
 * ```
 */
export class ReadBuffer {
  #memory: Uint8Array | undefined;
  #bytes = SMALLEST_BYTES;

  /** Memory for one read on behalf of somebody who takes `wantedBytes` at once; the one before is not used any more. */
  memory(wantedBytes: number): Uint8Array {
    this.#bytes = Math.min(this.#bytes, Math.max(SMALLEST_BYTES, wantedBytes));
    if (this.#memory?.length !== this.#bytes) this.#memory = new Uint8Array(this.#bytes);
    return this.#memory;
  }

  /** The read brought `count` bytes. */
  filled(count: number): void {
    if (count === this.#bytes) this.#bytes = Math.min(this.#bytes * 2, LARGEST_BYTES);
  }
}

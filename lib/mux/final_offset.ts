/**
 * Where one direction of a stream ends.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";

/**
 * Checks what the peer says about the length of one direction of a stream: by data, by its end, by a reset. A pure
 * core. Source: `PROTOCOL.md`, "Putting together".
 *
 * Each frame may come by another carrier, again, and in any order, so each rule holds whichever of two frames comes
 * first. An end and a reset of one stream tell the same offset, since nothing is sent behind an end. Invariant 5: no
 * byte is beyond the credit. What is thrown here ends the session. That data came before, or is early, is no fault:
 * that is for the stream and its `Reassembly`.
 *
 * @example
 * ```ts
 * import { FinalOffset } from "./final_offset.ts";
 * import { assert, assertThrows } from "@std/assert";
 *
 * const final = new FinalOffset();
 * final.checkData(0, 6, 4096);
 * final.end(10, 4096); // four bytes are still on their way, by another carrier
 * assert(!final.isAt(6) && final.isAt(10));
 * assertThrows(() => final.checkData(8, 3, 4096));
 * ```
 */
export class FinalOffset {
  /** Offset behind the farthest byte that came. */
  #came = 0;
  #final: number | undefined;

  /** Whether an end or a reset has told it. */
  get isKnown(): boolean {
    return this.#final !== undefined;
  }

  /** Whether `received` bytes, in order from the first, are all that the peer has sent and will send. */
  isAt(received: number): boolean {
    return received === this.#final;
  }

  /**
   * Data came, or came again.
   *
   * @param granted Offset up to which the peer may send.
   * @throws {TeleError} `protocol` if a byte of it is beyond the credit or the final offset.
   */
  checkData(offset: number, bytes: number, granted: number): void {
    const end = offset + bytes;
    if (end <= this.#came) return;
    if (end > granted) {
      throw new TeleError("protocol", `the peer sent data up to ${end} on a stream with credit up to ${granted}`);
    }
    if (this.#final !== undefined && end > this.#final) {
      throw new TeleError("protocol", `the peer sent data up to ${end} on a stream that it ended at ${this.#final}`);
    }
    this.#came = end;
  }

  /**
   * An end or a reset came, or came again.
   *
   * @param offset Behind the last byte that its sender sends; of an end, behind the data in its own frame, which
   *   {@linkcode FinalOffset.checkData} has seen.
   * @param granted Offset up to which the peer may send.
   * @throws {TeleError} `protocol` if it is another offset than before, below what came, or above the credit.
   */
  end(offset: number, granted: number): void {
    if (offset === this.#final) return;
    if (this.#final !== undefined) {
      throw new TeleError("protocol", `the peer ended a stream at ${this.#final}, and then at ${offset}`);
    }
    if (offset < this.#came) {
      throw new TeleError("protocol", `the peer ended a stream at ${offset}, and had sent data up to ${this.#came}`);
    }
    if (offset > granted) {
      throw new TeleError("protocol", `the peer ended a stream at ${offset}, with credit up to ${granted}`);
    }
    this.#final = offset;
  }
}

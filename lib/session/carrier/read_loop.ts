/**
 * Reads what a carrier delivers, and hands it over in turns.
 *
 * @module
 */
import type { Duplex } from "../../net/duplex.ts";
import { Segment, type SegmentPool } from "../segment_pool.ts";
import { ReadBuffer } from "./read_buffer.ts";

/** Who takes what a {@linkcode ReadLoop} reads. */
export interface BytesTaker {
  /** Bytes came, which are about to be taken. */
  came(bytes: number): void;
  /** Whether what comes counts no more, and is thrown away. */
  isOver(): boolean;
  /** Takes the first of the bytes that came, a view of `segment`: all, or as many as the turn allows; says how many. */
  take(segment: Segment, bytes: Uint8Array): number;
  /** What came was taken, or the turn's allowance is used up; the promise, if there is one, settles when it goes on. */
  turnEnded(): Promise<void> | undefined;
  /** The peer has ended its direction: nothing more comes. */
  ended(): void;
}

/**
 * One read at a time, each handed over before the next.
 *
 * Invariant 1: after {@linkcode ReadLoop.stop} nothing that the duplex delivers is handed over. Invariant 3: the read
 * under way keeps its memory until it settles. Invariant 5: it waits for nothing but turns, which are short; limits are
 * kept by credit. Invariant 10: what is too much for one turn is taken in several.
 */
export class ReadLoop {
  readonly #duplex: Duplex;
  readonly #pool: SegmentPool;
  readonly #taker: BytesTaker;
  #isStopped = false;

  /** Reads nothing before {@linkcode ReadLoop.run}. */
  constructor(options: { duplex: Duplex; pool: SegmentPool; taker: BytesTaker }) {
    this.#duplex = options.duplex;
    this.#pool = options.pool;
    this.#taker = options.taker;
  }

  /** Whether nothing is handed over any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Nothing is handed over any more, not even what was read already. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Reads until the peer ends its direction, or it is stopped.
   *
   * @param leftover What was read with the handshake.
   * @throws What the duplex throws, and what the taker does.
   */
  async run(leftover: Uint8Array): Promise<void> {
    // One step later, when the session has its carrier: what came with the handshake may end both.
    await Promise.resolve();
    // What came on the carrier before may still wait: else each that takes over would add a read to it (invariant 10).
    await this.#taker.turnEnded();
    if (leftover.length > 0 && !this.#isStopped) await this.#takeAll(new Segment(leftover), leftover);
    const buffer = new ReadBuffer(this.#pool);
    try {
      while (!this.#isStopped) {
        const { segment } = buffer;
        const count = await this.#duplex.read(segment.memory);
        if (this.#isStopped) return;
        if (count === null) return this.#taker.ended();
        const behind = this.#takeAll(segment, segment.memory.subarray(0, count));
        if (behind !== undefined) await behind;
        buffer.filled(count);
      }
    } finally {
      buffer.release();
    }
  }

  /** All that was read, in turns if it is too much for one; the promise, if there is one, settles behind the last. */
  #takeAll(segment: Segment, bytes: Uint8Array): Promise<void> | undefined {
    this.#taker.came(bytes.length);
    if (this.#taker.isOver()) return undefined;
    const taken = this.#taker.take(segment, bytes);
    const behind = this.#taker.turnEnded();
    if (taken === bytes.length || this.#taker.isOver()) return behind;
    return this.#takeLater(segment, bytes.subarray(taken), behind);
  }

  async #takeLater(segment: Segment, bytes: Uint8Array, behind: Promise<void> | undefined): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      await behind;
      if (this.#taker.isOver()) return;
      at += this.#taker.take(segment, bytes.subarray(at));
      behind = this.#taker.turnEnded();
    }
    await behind;
  }
}

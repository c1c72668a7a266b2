/**
 * The credit that the peer takes for the streams that it opens.
 *
 * @module
 */
import type { MemoryBudget } from "../session/memory_budget.ts";
import { MemoryPool } from "../session/memory_pool.ts";
import type { End } from "./stream_table.ts";
import { LEAST_START_CREDIT, LEAST_START_POOL_BYTES, START_POOL_BYTES } from "./mux_constants.ts";

/** A stream that the peer has opened. */
export interface PeerStream {
  /** Its number. */
  readonly id: number;
  /** Whether all that the peer has sent and will send was received. */
  readonly hasArrived: boolean;
  /** Bytes of it that wait for the user. */
  readonly waitingBytes: number;
}

/**
 * Books of an end whose peer opens streams: what each may send before it is granted more.
 *
 * Invariant 5: what waits for users is bounded by what was taken, which stays taken as long as it waits.
 *
 * Source: `PROTOCOL.md`, "Flow control".
 *
 * @example
 * ```ts
 * import { PeerStarts } from "./peer_starts.ts";
 * import { MemoryBudget } from "../session/memory_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const starts = new PeerStarts(new MemoryBudget(Infinity), "server");
 * assertEquals(starts.refusal(262_144, 0), undefined);
 * starts.take(1, 262_144);
 * starts.delete(1);
 * ```
 */
export class PeerStarts {
  readonly #memory: MemoryPool;
  /** By number of the stream. */
  readonly #taken: Map<number, number> = new Map();
  readonly #pool: MemoryPool;
  /** How much the peer may take for all streams, in bytes, as it is told. */
  readonly poolBytes: number;

  readonly #end: End;

  /** Nothing was taken at this `end`; what is counts in `memory`. */
  constructor({ starts }: MemoryBudget, end: End) {
    this.#end = end;
    this.#memory = starts;
    this.#pool = new MemoryPool(Infinity, starts);
    // A share of what is left, so that later sessions have some. It is only told here: what a client takes counts when
    // it does.
    this.poolBytes = Math.max(LEAST_START_POOL_BYTES, Math.min(START_POOL_BYTES, Math.floor(starts.free / 16)));
  }

  /**
   * Why the peer may not take `bytes` for one stream more than the `streams` that are open; `undefined` if it may. The
   * session goes on: the peer did nothing wrong, it cannot know.
   */
  refusal(bytes: number, streams: number): string | undefined {
    if (!this.#hasRoomFor(bytes, streams)) {
      return "the user's server does not read what waits for it on other connections";
    }
    if (this.#hasMemoryFor(bytes)) return undefined;
    return `the tele ${this.#end} has no memory left for it; --memory on its side allows more`;
  }

  /** Twice the pool: what came on a stream that has ended at the peer waits here until its user has read it. */
  #hasRoomFor(bytes: number, streams: number): boolean {
    return this.#pool.used + bytes <= 2 * this.poolBytes + LEAST_START_CREDIT * (streams + 1);
  }

  /**
   * Of the memory of all sessions each has its share, and every one may open streams with the least while there is any.
   */
  #hasMemoryFor(bytes: number): boolean {
    return bytes <= this.#pool.free || (bytes <= LEAST_START_CREDIT && bytes <= this.#memory.free);
  }

  /** Stream `id` has begun with `bytes`. */
  take(id: number, bytes: number): void {
    this.#taken.set(id, bytes);
    this.#pool.claim(bytes);
  }

  /** Once all of a stream has come, only what waits for the user is still needed of its credit. */
  received(stream: PeerStream): void {
    if (!stream.hasArrived) return;
    const taken = this.#taken.get(stream.id);
    if (taken === undefined || taken <= stream.waitingBytes) return;
    this.#taken.set(stream.id, stream.waitingBytes);
    this.#pool.give(taken - stream.waitingBytes);
  }

  /** Stream `id` is over. */
  delete(id: number): void {
    this.#pool.give(this.#taken.get(id) ?? 0);
    this.#taken.delete(id);
  }
}

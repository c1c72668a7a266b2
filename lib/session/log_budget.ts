/**
 * How much a session holds of what it has sent.
 *
 * @module
 */
import { MemoryPool } from "./memory_pool.ts";
import { LEAST_SPREAD_BYTES } from "./share.ts";
import { DATA_HEADER_BYTES, HEADROOM_BYTES, LEAST_ROOM_BYTES } from "./session_constants.ts";

/** Memory that a piece takes beside its bytes: room for control frames in front, and what describes it. */
export const PIECE_BYTES: number = HEADROOM_BYTES + 128;

/** What every session may hold whatever others hold, in bytes: none ever stands still for want of memory. */
const LOG_RESERVE_BYTES = 128 * 1024;

/** Of the limit this share, and {@linkcode LEAST_QUIET_BYTES} at the least, is for quiet streams alone; half at the most. */
const QUIET_SHARE = 1 / 8;
const LEAST_QUIET_BYTES = 1024 * 1024;
const MOST_QUIET_SHARE = 1 / 2;

/** Options of {@linkcode LogBudget}. */
export interface LogBudgetOptions {
  /** Most bytes of data that a session holds. */
  limitBytes: number;
  /**
   * What all sessions of the process may hold.
   *
   * @default {no limit}
   */
  memory?: MemoryPool;
}

/**
 * Counts what a session holds in all its logs, and of what is to be sent again.
 *
 * Invariant 5: `room` never lets data past the limit; only small frames go beyond, and streams are limited.
 *
 * Source: `PROTOCOL.md`, "Counting", "Memory".
 *
 * @example
 * ```ts
 * import { LogBudget, PIECE_BYTES } from "./log_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const budget = new LogBudget({ limitBytes: 10_000 });
 * budget.change(1_000, 1);
 * assertEquals([budget.heldBytes, budget.room], [1_000, 9_000 - PIECE_BYTES]);
 * ```
 */
export class LogBudget {
  readonly #limitBytes: number;
  readonly #quietBytes: number;
  /** Its share, beyond the reserve, of the memory that all logs of the process may hold. */
  readonly #share: MemoryPool;
  #held = 0;
  #pieces = 0;
  #lingering = 0;
  #streamFrames = 0;

  /** Nothing is held. */
  constructor(options: LogBudgetOptions) {
    const { limitBytes } = options;
    this.#limitBytes = limitBytes;
    const quietBytes = Math.max(LEAST_QUIET_BYTES, QUIET_SHARE * limitBytes);
    this.#quietBytes = Math.ceil(Math.min(quietBytes, MOST_QUIET_SHARE * limitBytes));
    this.#share = new MemoryPool(Infinity, options.memory);
  }

  /** Bytes of frames that are held: sent and not taken, or to be sent. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Frames of streams that are held: opens, data, ends and resets. What else there is may be lost with the session. */
  get streamFrames(): number {
    return this.#streamFrames;
  }

  /** Memory that is held: of many small frames, most of it is not their bytes. */
  get #memoryBytes(): number {
    return this.#held + PIECE_BYTES * this.#pieces;
  }

  /** How many bytes of data may be added. */
  get room(): number {
    return this.#roomBelow(this.#limitBytes);
  }

  /** How many bytes of data of streams that are not quiet may be added: bulk never takes the last of it (invariant 6). */
  get bulkRoom(): number {
    return this.#roomBelow(this.#limitBytes - this.#quietBytes);
  }

  /** Whether it ever has room for bulk on several carriers, whose frames are long. */
  get mayBeSpread(): boolean {
    return this.#limitBytes - this.#quietBytes >= LEAST_SPREAD_BYTES;
  }

  #roomBelow(limitBytes: number): number {
    const memoryBytes = this.#memoryBytes;
    const reserved = Math.max(0, LOG_RESERVE_BYTES - memoryBytes - this.#lingering);
    return Math.max(0, Math.min(limitBytes - memoryBytes, reserved + this.#share.free));
  }

  /** Room below which a part of what waits is not worth a frame, in bytes; see {@linkcode LEAST_ROOM_BYTES}. */
  get leastRoom(): number {
    return this.#held === 0 ? DATA_HEADER_BYTES + 1 : LEAST_ROOM_BYTES;
  }

  /** Memory held beyond the limit, which is for data: opens, ends and resets always fit. In bytes. */
  get excessBytes(): number {
    return Math.max(0, this.#memoryBytes - this.#limitBytes);
  }

  /** `bytes` in `pieces` are held more, or less, with so many frames of streams. */
  change(bytes: number, pieces: number, streamFrames = 0): void {
    this.#held += bytes;
    this.#pieces += pieces;
    this.#streamFrames += streamFrames;
    this.#claim();
  }

  /**
   * `bytes` more, or less, were taken by the peer and are still in memory: another carrier is about to send them too.
   * They count for what all sessions hold, and not for the limit.
   */
  linger(bytes: number): void {
    this.#lingering += bytes;
    this.#claim();
  }

  #claim(): void {
    const more = Math.max(0, this.#memoryBytes + this.#lingering - LOG_RESERVE_BYTES) - this.#share.used;
    if (more !== 0) this.#share.claim(more);
  }
}

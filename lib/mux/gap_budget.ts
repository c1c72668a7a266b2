/**
 * Gaps in the streams of a session, and what it costs to keep what is behind them.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import { MemoryPool } from "../session/memory_pool.ts";
import { EARLY_PIECE_BYTES, MOST_GAPS } from "./mux_constants.ts";

/**
 * Counts the gaps that early data leaves in all streams of a session together, and what the early pieces cost beside
 * their bytes. A pure core. Source: `PROTOCOL.md`, "Putting together".
 *
 * Invariant 5: each stream has a limit of its own, and many streams would still be many times that; and a piece of one
 * byte is a few objects, which no credit was granted for.
 *
 * @example
 * ```ts
 * import { GapBudget } from "./gap_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const budget = new GapBudget();
 * budget.open();
 * budget.close(1);
 * budget.charge(256);
 * assertEquals([budget.gaps, budget.costBytes], [0, 256]);
 * ```
 */
export class GapBudget {
  readonly #memory: MemoryPool;
  #gaps = 0;

  /**
   * No gap is open.
   *
   * @param memory What all sessions of the process may hold of it.
   */
  constructor(memory: MemoryPool = new MemoryPool(Infinity)) {
    this.#memory = new MemoryPool(Infinity, memory);
  }

  /** Gaps that are open. */
  get gaps(): number {
    return this.#gaps;
  }

  /**
   * One more gap.
   *
   * @throws {TeleError} `protocol` if there are {@linkcode MOST_GAPS} already; it is not counted then.
   */
  open(): void {
    if (this.#gaps >= MOST_GAPS) {
      throw new TeleError("protocol", `the peer left more than ${MOST_GAPS} gaps in the streams of its session`);
    }
    this.#gaps++;
  }

  /** What early pieces cost beside their own bytes. */
  get costBytes(): number {
    return this.#memory.used;
  }

  /**
   * One more early piece is to be kept.
   *
   * @throws {TeleError} `carrier-lost` if there is no memory for it: it comes again, when what is in front of it has.
   */
  checkRoom(): void {
    if (this.#memory.free >= EARLY_PIECE_BYTES) return;
    throw new TeleError("carrier-lost", "there is no memory left for data that came before what is in front of it");
  }

  /** Early pieces cost `bytes` more, or less. */
  charge(bytes: number): void {
    this.#memory.claim(bytes);
  }

  /** `gaps` are closed, or their stream is over. */
  close(gaps: number): void {
    if (gaps > this.#gaps) throw new Error("more gaps were closed than opened");
    this.#gaps -= gaps;
  }
}

/**
 * What has arrived of one direction of a stream.
 *
 * @module
 */
import type { Segment, SegmentPool } from "../session/segment_pool.ts";
import { TeleError } from "../net/error.ts";
import type { DueData } from "./early_piece.ts";
import { FinalOffset } from "./final_offset.ts";
import type { GapBudget } from "./gap_budget.ts";
import { Reassembly } from "./reassembly.ts";

/**
 * Puts the data of one stream in order, each byte once, and checks where it ends.
 *
 * Invariant 1: a byte is handed over when all in front of it were, whichever carriers brought it and how often. What it
 * takes to know an end, or to keep what is early, is made when there is one: nearly all streams have neither for long.
 *
 * Source: `PROTOCOL.md`, "Putting together".
 */
export class Arrivals {
  #received = 0;
  #final: FinalOffset | undefined;
  #early: Reassembly | undefined;

  /** Bytes that were handed over: all before this offset. */
  get received(): number {
    return this.#received;
  }

  /** Whether something came before what is in front of it. */
  get hasEarly(): boolean {
    return this.#early !== undefined;
  }

  /** What it costs to keep that, beside its bytes. */
  get earlyCostBytes(): number {
    return this.#early?.costBytes ?? 0;
  }

  /** Whether all that the peer has sent and will send was handed over. */
  get isComplete(): boolean {
    return this.#final?.isAt(this.#received) === true;
  }

  /**
   * Data came.
   *
   * @param granted Offset up to which the peer may send.
   * @param host What keeps early data: it counts the gaps of all streams, and says when segments are scarce.
   * @returns What of it is due now; what is early is kept, and comes by {@linkcode Arrivals.next}.
   * @throws {TeleError} `protocol` if it is beyond the credit or the end, or leaves too many gaps; `carrier-lost` if it
   *   is early and there is no memory for it.
   */
  take(
    offset: number,
    bytes: Uint8Array,
    segment: Segment,
    granted: number,
    { gaps, pool }: { readonly gaps: GapBudget; readonly pool: SegmentPool },
  ): Uint8Array | undefined {
    if (this.#final === undefined) {
      const end = offset + bytes.length;
      if (end > granted) {
        throw new TeleError("protocol", `the peer sent data up to ${end} on a stream with credit up to ${granted}`);
      }
    } else {
      this.#final.checkData(offset, bytes.length, granted);
    }
    if (offset > this.#received) {
      this.#knowing(granted).checkData(offset, bytes.length, granted);
      this.#early ??= new Reassembly({ received: this.#received, budget: gaps, pool });
      this.#early.add(offset, bytes, segment);
      return undefined;
    }
    const known = this.#received - offset;
    if (known >= bytes.length) return undefined;
    this.#received += bytes.length - known;
    return known === 0 ? bytes : bytes.subarray(known);
  }

  /** From the first gap or end on, the farthest byte matters. */
  #knowing(granted: number): FinalOffset {
    if (this.#final === undefined) {
      this.#final = new FinalOffset();
      this.#final.checkData(0, this.#received, granted);
    }
    return this.#final;
  }

  /** The next that was early and is due; its segment is held for the caller. */
  next(): DueData | undefined {
    const due = this.#early?.next(this.#received);
    if (due === undefined) {
      if (this.#early?.isEmpty) this.#early = undefined;
      return undefined;
    }
    this.#received += due.bytes.length;
    return due;
  }

  /**
   * The peer sends nothing behind `offset`.
   *
   * @throws {TeleError} `protocol` if that cannot be.
   */
  end(offset: number, granted: number): void {
    this.#knowing(granted).end(offset, granted);
  }

  /** What is early is not wanted any more. */
  drop(): void {
    this.#early?.drop();
    this.#early = undefined;
  }
}

/**
 * The data of a stream, put together again.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import type { Segment, SegmentPool } from "../session/segment_pool.ts";
import { type DueData, EarlyPiece, JOINED_BYTES } from "./early_piece.ts";
import type { GapBudget } from "./gap_budget.ts";
import { EARLY_PIECE_BYTES, MOST_GAPS_A_STREAM } from "./mux_constants.ts";

/** Options of a {@linkcode Reassembly}. */
export interface ReassemblyOptions {
  /** Bytes of the stream that were received in order so far. */
  received: number;
  /** The gaps of the session. */
  budget: GapBudget;
  /** Where segments come from, which may be scarce. */
  pool: Pick<SegmentPool, "isScarce">;
}

/**
 * Keeps the data of one stream that is early, until what is in front of it has come. A pure core.
 * Source: `PROTOCOL.md`, "Putting together".
 *
 * A stream makes one with its first gap, and forgets it when it {@linkcode Reassembly.isEmpty}: without gaps it costs
 * nothing. What begins at or before `received` the stream hands on itself, without what it has, and then asks for
 * {@linkcode Reassembly.next} until there is nothing. The stream also checks, by a `FinalOffset`, that no byte is
 * beyond the credit or the end; here are trimmed those that come again, and gaps are counted.
 *
 * Invariant 1: no byte is kept twice or handed over twice. Invariant 3: a piece of {@linkcode JOINED_BYTES} or more
 * stays in its segment, and holds it until whoever took it over releases it. Invariant 5: everything else is copied,
 * and pieces that touch are joined, so there are no more pieces than gaps, and two for each {@linkcode JOINED_BYTES};
 * {@linkcode Reassembly.heldBytes} and {@linkcode Reassembly.costBytes} tell what they take.
 *
 * @example
 * ```ts
 * import { Reassembly } from "./reassembly.ts";
 * import { GapBudget } from "./gap_budget.ts";
 * import { Segment, SegmentPool } from "../session/segment_pool.ts";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const early = new Reassembly({ received: 3, budget: new GapBudget(), pool: new SegmentPool({ plenty: 4 }) });
 * const segment = new Segment(new Uint8Array([5, 6]));
 * early.add(5, segment.memory, segment);
 * assertEquals([early.next(3), early.gaps], [undefined, 1]);
 * // Bytes 3 to 5 came: the stream has handed them on, the sixth of them being kept here as well.
 * const due = early.next(6)!;
 * assertEquals([...due.bytes], [6]);
 * due.segment.release();
 * assert(early.isEmpty);
 * ```
 */
export class Reassembly {
  readonly #budget: GapBudget;
  readonly #pool: Pick<SegmentPool, "isScarce">;
  /** In front of this nothing is wanted any more. */
  #received: number;
  /** By offset; none has a byte of another. */
  readonly #pieces: EarlyPiece[] = [];
  #gaps = 0;
  #heldBytes = 0;
  /** Room in copies that nothing is in yet. */
  #roomBytes = 0;
  /** What the session's books have of {@linkcode Reassembly.costBytes}. */
  #chargedBytes = 0;

  /** Nothing is early yet. */
  constructor(options: ReassemblyOptions) {
    this.#received = options.received;
    this.#budget = options.budget;
    this.#pool = options.pool;
  }

  /** Whether nothing is early. */
  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Gaps that are open: one in front of each run of bytes. */
  get gaps(): number {
    return this.#gaps;
  }

  /** Bytes of the stream that are early. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** What it costs to hold them, beside themselves, in bytes: it lowers the window that is told next. */
  get costBytes(): number {
    return this.#pieces.length * EARLY_PIECE_BYTES + this.#roomBytes;
  }

  /**
   * Keeps data that is early, but for what came before.
   *
   * @param segment What `bytes` is a view of.
   * @throws {TeleError} `protocol` if it leaves one gap too many, in the stream or in its session, `carrier-lost` if
   *   there is no memory for it. What was kept is as before then.
   */
  add(offset: number, bytes: Uint8Array, segment: Segment): void {
    this.#budget.checkRoom();
    const end = offset + bytes.length;
    let at = Math.max(offset, this.#received);
    while (at < end) {
      const index = this.#indexBehind(at);
      const next = this.#pieces[index];
      const stop = Math.min(end, next?.offset ?? end);
      // What is missing in front of the next piece; none if that begins at or before here.
      if (at < stop) this.#keep(index, at, bytes.subarray(at - offset, stop - offset), segment);
      at = Math.max(stop, next?.end ?? stop);
    }
    this.#charge();
  }

  /**
   * What is due, piece by piece: the bytes from `received` on. The caller counts them as received, and releases the
   * segment once it has what it wants.
   *
   * @param received Bytes of the stream that were received in order, with all that was handed over here.
   */
  next(received: number): DueData | undefined {
    if (received < this.#received) throw new Error("a stream received less than it had");
    for (let front = this.#pieces[0]; front !== undefined && front.offset <= received; front = this.#pieces[0]) {
      this.#uncount(front);
      this.#pieces.shift();
      // The gap in front of it is closed; from its end on begins the next, if there is one.
      if (front.offset > this.#received) this.#closeGap();
      this.#received = front.end;
      this.#charge();
      if (front.end > received) return front.handOver(received);
      front.drop();
    }
    this.#received = received;
    return undefined;
  }

  /** Nothing of it is wanted any more: the stream is over. */
  drop(): void {
    for (const piece of this.#pieces) piece.drop();
    this.#pieces.length = 0;
    this.#budget.close(this.#gaps);
    this.#gaps = this.#heldBytes = this.#roomBytes = 0;
    this.#charge();
  }

  /** Where the first piece is that ends behind `at`: mostly none, since most data comes behind all that is kept. */
  #indexBehind(at: number): number {
    let [low, high] = [0, this.#pieces.length];
    if (high > 0 && this.#pieces[high - 1]!.end <= at) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pieces[middle]!.end <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Keeps bytes of which there are none, in front of the piece at `index`. */
  #keep(index: number, offset: number, bytes: Uint8Array, segment: Segment): void {
    const [before, behind] = [this.#pieces[index - 1], this.#pieces[index]];
    const touchesBefore = offset === (before?.end ?? this.#received);
    const touchesBehind = offset + bytes.length === behind?.offset;
    if (!touchesBefore && !touchesBehind) this.#openGap();
    if (bytes.length >= JOINED_BYTES && segment.isPooled && !this.#pool.isScarce) {
      this.#insert(index, EarlyPiece.view(offset, bytes, segment));
    } else if (touchesBefore && before?.takes(bytes.length)) {
      this.#uncount(before);
      before.append(bytes);
      this.#count(before);
      if (behind !== undefined && before.joins(behind)) this.#join(index - 1, before, behind);
    } else if (touchesBehind && behind.takes(bytes.length)) {
      this.#uncount(behind);
      behind.prepend(bytes);
      this.#count(behind);
    } else {
      this.#insert(index, EarlyPiece.copy(offset, bytes));
    }
    if (touchesBefore && touchesBehind) this.#closeGap();
  }

  #insert(index: number, piece: EarlyPiece): void {
    this.#pieces.splice(index, 0, piece);
    this.#count(piece);
  }

  #join(index: number, before: EarlyPiece, behind: EarlyPiece): void {
    this.#uncount(before);
    this.#uncount(behind);
    const joined = before.join(behind);
    this.#pieces.splice(index, 2, joined);
    this.#count(joined);
  }

  #count(piece: EarlyPiece): void {
    this.#heldBytes += piece.length;
    this.#roomBytes += piece.room;
  }

  #uncount(piece: EarlyPiece): void {
    this.#heldBytes -= piece.length;
    this.#roomBytes -= piece.room;
  }

  /** Told once a call: what is joined and parted on the way is nobody's. */
  #charge(): void {
    const bytes = this.costBytes;
    if (bytes === this.#chargedBytes) return;
    this.#budget.charge(bytes - this.#chargedBytes);
    this.#chargedBytes = bytes;
  }

  #openGap(): void {
    if (this.#gaps >= MOST_GAPS_A_STREAM) {
      throw new TeleError("protocol", `the peer left more than ${MOST_GAPS_A_STREAM} gaps in a stream`);
    }
    this.#budget.open();
    this.#gaps++;
  }

  #closeGap(): void {
    this.#budget.close(1);
    this.#gaps--;
  }
}

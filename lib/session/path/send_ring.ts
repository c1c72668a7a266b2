/**
 * What was sent on one carrier and is not acknowledged, send by send.
 *
 * @module
 */

/** A record of one send is a row of numbers in a ring; these are its columns. */
const END = 0, SENT_MS = 1, ACKED = 2, ACKED_MS = 3, FIRST_SENT_MS = 4, LIMITED = 5, COLUMNS = 6;
/** Room for few at first, since most carriers idle; it grows. A power of two. */
const FIRST_ROWS = 16;
const MOST_ROWS = 65_536;

/** What is remembered of a send (draft-cheng-iccrg-delivery-rate-estimation). */
export interface Send {
  /** The cumulative offset behind its last byte. */
  end: number;
  /** When it was sent, in milliseconds. */
  sentMs: number;
  /** What was acknowledged then. */
  acked: number;
  /** When that last moved, in milliseconds. */
  ackedMs: number;
  /** When the bytes were sent that were acknowledged last. */
  firstSentMs: number;
  /** The sender itself held data back, or had none. */
  isLimited: boolean;
}

/**
 * A ring of sends, oldest first, without an object for each.
 *
 * @example
 * ```ts
 * import { SendRing } from "./send_ring.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const ring = new SendRing();
 * ring.add({ end: 100, sentMs: 1, acked: 0, ackedMs: 0, firstSentMs: 1, isLimited: false });
 * ring.add({ end: 300, sentMs: 2, acked: 0, ackedMs: 0, firstSentMs: 1, isLimited: false });
 * const { send, waitedByteMs } = ring.acknowledge(0, 200, 11);
 * assertEquals(send.end, 300);
 * assertEquals(waitedByteMs, 100 * 10 + 100 * 9);
 * ```
 */
export class SendRing {
  // Rows from #head on, #count of them, wrapping around; one for each send that is not wholly acknowledged.
  #rows = new Float64Array(FIRST_ROWS * COLUMNS);
  #mask = FIRST_ROWS - 1;
  #head = 0;
  #count = 0;

  /**
   * Remembers a send. Sends in one tick of the clock share a row, and so do all when memory is used up.
   */
  add(send: Send): void {
    const at = this.#rowFor(send), rows = this.#rows;
    rows[at + END] = send.end;
    rows[at + SENT_MS] = send.sentMs;
    rows[at + ACKED] = send.acked;
    rows[at + ACKED_MS] = send.ackedMs;
    rows[at + FIRST_SENT_MS] = send.firstSentMs;
    rows[at + LIMITED] = send.isLimited ? 1 : 0;
  }

  /**
   * Lets go of what is acknowledged.
   *
   * @param from What was acknowledged before.
   * @param to What is acknowledged now: more, and no more than was sent.
   * @returns The send that holds the last acknowledged byte, even if more of it is on its way; and the sum of the times
   *   that the bytes between `from` and `to` were under way, in byte milliseconds.
   */
  acknowledge(from: number, to: number, nowMs: number): { send: Send; waitedByteMs: number } {
    const rows = this.#rows;
    let waitedByteMs = 0;
    let at = this.#head * COLUMNS;
    for (; rows[at + END] < to; at = this.#head * COLUMNS) {
      waitedByteMs += (rows[at + END] - from) * (nowMs - rows[at + SENT_MS]);
      from = rows[at + END];
      this.#dropHead();
    }
    waitedByteMs += (to - from) * (nowMs - rows[at + SENT_MS]);
    if (rows[at + END] === to) this.#dropHead();
    const send = {
      end: rows[at + END],
      sentMs: rows[at + SENT_MS],
      acked: rows[at + ACKED],
      ackedMs: rows[at + ACKED_MS],
      firstSentMs: rows[at + FIRST_SENT_MS],
      isLimited: rows[at + LIMITED] === 1,
    };
    return { send, waitedByteMs };
  }

  #rowFor(send: Send): number {
    const newest = ((this.#head + this.#count - 1) & this.#mask) * COLUMNS;
    if (this.#count > 0) {
      const sameTick = this.#rows[newest + SENT_MS] === send.sentMs && this.#rows[newest + ACKED] === send.acked;
      if (sameTick || this.#count === MOST_ROWS) return newest;
    }
    if (this.#count > this.#mask) this.#grow();
    return ((this.#head + this.#count++) & this.#mask) * COLUMNS;
  }

  #grow(): void {
    const rows = new Float64Array(this.#rows.length * 2), start = this.#head * COLUMNS;
    rows.set(this.#rows.subarray(start));
    rows.set(this.#rows.subarray(0, start), this.#rows.length - start);
    this.#rows = rows;
    this.#mask = rows.length / COLUMNS - 1;
    this.#head = 0;
  }

  #dropHead(): void {
    this.#head = (this.#head + 1) & this.#mask;
    this.#count--;
  }
}

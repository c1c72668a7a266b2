/**
 * What is on its way in one direction of a connection in memory.
 *
 * @module
 */

/** Bytes on their way, or the end of a direction. */
export interface Segment {
  bytes: Uint8Array;
  /** When it arrives. */
  atMs: number;
  /** FIN, behind all bytes. */
  fin?: boolean;
  /** The sender of the FIN has closed the other direction too. */
  deaf?: boolean;
}

/** Segments in the order in which they arrive. */
export class SegmentQueue {
  #segments: Segment[] = [];
  #bytes = 0;

  /** Bytes on their way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The newest segment. */
  get last(): Segment | undefined {
    return this.#segments.at(-1);
  }

  push(segment: Segment): void {
    this.#segments.push(segment);
    this.#bytes += segment.bytes.byteLength;
  }

  /**
   * Bytes that have arrived at `nowMs`, at most `limit` of them: handed to `fill`, with where each piece begins. Says
   * how many.
   */
  take(limit: number, nowMs: number, fill: (piece: Uint8Array, at: number) => void): number {
    let taken = 0;
    while (taken < limit && this.#segments.length > 0) {
      const head = this.#segments[0];
      if (head.atMs > nowMs || head.fin) break;
      const count = Math.min(head.bytes.byteLength, limit - taken);
      fill(head.bytes.subarray(0, count), taken);
      taken += count;
      if (count === head.bytes.byteLength) this.#segments.shift();
      else head.bytes = head.bytes.subarray(count);
    }
    this.#bytes -= taken;
    return taken;
  }

  /** Takes the FIN, if it is what comes next and has arrived at `nowMs`. */
  takeFin(nowMs: number): boolean {
    const head = this.#segments[0];
    if (!head?.fin || head.atMs > nowMs) return false;
    this.#segments.shift();
    return true;
  }

  /** Drops the bytes that have arrived at `nowMs`, and says whether there were any. */
  dropArrived(nowMs: number): boolean {
    const kept = this.#segments.filter((segment) => segment.fin || segment.atMs > nowMs);
    if (kept.length === this.#segments.length) return false;
    this.#keep(kept);
    return true;
  }

  /** Drops all bytes; a FIN stays. */
  dropBytes(): void {
    this.#keep(this.#segments.filter((segment) => segment.fin));
  }

  /** Drops everything. */
  clear(): void {
    this.#keep([]);
  }

  #keep(segments: Segment[]): void {
    this.#segments = segments;
    this.#bytes = segments.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  }

  /** When the first segment arrives that has not arrived at `nowMs`. */
  nextAfter(nowMs: number): number | undefined {
    // They arrive in order, so half of what is left is looked at once.
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#segments[middle].atMs <= nowMs) low = middle + 1;
      else high = middle;
    }
    return this.#segments[low]?.atMs;
  }
}

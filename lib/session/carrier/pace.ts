/**
 * How a carrier begins behind one on which nothing large arrived: with small pieces.
 *
 * @module
 */

/**
 * Counted bytes of a small piece. With all that stands in front of it, and TLS around it, it fits into one packet of
 * the smallest path there is (IPv6: 1280 bytes).
 */
export const SMALL_BYTES = 1024;

/** Small pieces under way at the most: TCP sends that many at once, each by itself; what waits longer it joins. */
const MOST_SMALL = 8;

/** A large piece that is not acknowledged for this long was swallowed, or the path is dead; in milliseconds. */
const SWALLOWED_MS = 1_000;

/** For how long nothing large is tried where small pieces arrived and large ones did not; doubles each time. */
const HELD_MS = 60_000;

/** The most that caution grows to: then a large piece is tried every eight minutes. */
const MOST_CAUTION = 5;

/**
 * Lets a carrier send small pieces only, until enough of them have arrived to try a large one.
 *
 * A pure core, of one carrier and one direction. A path may swallow large packets without a word, and TCP may need
 * seconds to find out, or never do so: then what fits into small packets still arrives. As soon as anything large was
 * acknowledged there is no limit any more.
 *
 * What the next carrier should know is a number, the _caution_: 0 to begin as usual, 1 to begin with small pieces, from
 * 2 to go on with them for a while.
 *
 * Source: `PROTOCOL.md`, "Small pieces".
 *
 * @example
 * ```ts
 * import { Pace, SMALL_BYTES } from "./pace.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const pace = new Pace(0);
 * assertEquals(pace.room(0, 0), Infinity);
 * pace.sent(0, 0, 64_000);
 * const next = new Pace(3_000, pace.lesson(3_000)); // nothing of it was acknowledged
 * assertEquals(next.room(3_000, 0), SMALL_BYTES);
 * ```
 */
export class Pace {
  readonly #caution: number;
  readonly #heldUntilMs: number;
  /** Bytes under way at the most. */
  #limit: number;
  /** Whether anything large was acknowledged. */
  #isProven = false;
  /** Where the first large piece begins, and when it was sent; -1 before. */
  #largeFrom = -1;
  #largeMs = 0;

  /** A carrier that begins at `nowMs`, behind others that taught this much caution. */
  constructor(nowMs: number, caution = 0) {
    this.#caution = caution;
    this.#limit = caution === 0 ? Infinity : SMALL_BYTES;
    this.#heldUntilMs = caution < 2 ? nowMs : nowMs + HELD_MS * 2 ** (caution - 2);
  }

  /** Whether there is no limit. */
  get isFree(): boolean {
    return this.#limit === Infinity;
  }

  /** How many bytes may be written as one piece, with `inFlightBytes` sent and not acknowledged. */
  room(nowMs: number, inFlightBytes: number): number {
    if (this.isFree) return Infinity;
    const most = MOST_SMALL * SMALL_BYTES;
    if (this.#limit === most && nowMs >= this.#heldUntilMs) return Math.max(0, 2 * most - inFlightBytes);
    return Math.min(SMALL_BYTES, Math.max(0, this.#limit - inFlightBytes));
  }

  /** One piece of `bytes` counted bytes is written, of which the first has this offset. */
  sent(nowMs: number, offset: number, bytes: number): void {
    if (this.#isProven || bytes <= SMALL_BYTES || this.#largeFrom >= 0) return;
    this.#largeFrom = offset;
    this.#largeMs = nowMs;
  }

  /** The peer has everything before `offset`, `bytes` more than before. */
  acknowledged(offset: number, bytes: number): void {
    if (this.#isProven) return;
    if (this.#largeFrom >= 0 && offset > this.#largeFrom) {
      this.#isProven = true;
      this.#limit = Infinity;
    } else if (!this.isFree) {
      this.#limit = Math.min(MOST_SMALL * SMALL_BYTES, this.#limit + bytes);
    }
  }

  /** The caution for the next carrier, now that this one is lost. */
  lesson(nowMs: number): number {
    if (this.#isProven) return 0;
    const isSwallowed = this.#largeFrom >= 0 && nowMs - this.#largeMs >= SWALLOWED_MS;
    return isSwallowed ? Math.min(MOST_CAUTION, this.#caution + 1) : this.#caution;
  }
}

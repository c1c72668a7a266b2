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

/**
 * Bytes of a packet that everything carries where nothing is wrong (Ethernet): what is acknowledged beyond so many of one
 * piece came in packets as large as there are.
 */
const WHOLE_PACKET_BYTES = 1500;

/** Small pieces under way at the most: fewer than TCP lets a fresh connection have. */
const MOST_SMALL = 8;

/** A large piece is tried when this much was acknowledged, and it has this many bytes at the most. */
const TRIED_AFTER_BYTES = 4 * SMALL_BYTES;
const TRIED_BYTES = 16 * SMALL_BYTES;

/** A large piece that is not acknowledged for this long was swallowed, or the path is dead; in milliseconds. */
const SWALLOWED_MS = 1_000;

/** For how long nothing large is tried where small pieces arrived and large ones did not; doubles each time. */
const HELD_MS = 60_000;

/** The most that caution grows to: then a large piece is tried every eight minutes. */
const MOST_CAUTION = 6;

/**
 * From this caution on nothing large is tried for a while. Below it TCP is given the time to find out what passes:
 * behind the second carrier that brought nothing, both ends are patient.
 */
const HELD_CAUTION = 3;

/** Time between two small pieces, so that TCP has sent the first and does not join the second to it; in milliseconds. */
export const PIECE_MS = 5;

/** What carriers of a path have taught: begin with small pieces, and until when to try nothing large. */
export interface Caution {
  /** 0 to begin as usual, 1 and 2 to begin with small pieces, from 3 on to go on with them for a while. */
  readonly level: number;
  /** By the clock, in milliseconds; whichever carriers there are until then. */
  readonly heldUntilMs: number;
}

/** To begin as usual. */
export const NO_CAUTION: Caution = { level: 0, heldUntilMs: -Infinity };

/**
 * Lets a carrier send small pieces only, until enough of them have arrived to try a large one.
 *
 * A pure core, of one carrier and one direction. A path may swallow large packets without a word, and TCP may need
 * seconds to find out, or never do so: then what fits into small packets still arrives. As soon as whole packets were
 * acknowledged there is no limit any more.
 *
 * What the next carrier should know is a {@linkcode Caution}.
 *
 * Source: `PROTOCOL.md`, "Small pieces".
 *
 * @example
 * ```ts
 * import { Pace, SMALL_BYTES } from "./pace.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const pace = new Pace();
 * assertEquals(pace.room(0, 0), Infinity);
 * pace.sent(0, 0, 64_000);
 * const next = new Pace(pace.lesson(3_000)); // nothing of it was acknowledged
 * assertEquals(next.room(3_000, 0), SMALL_BYTES);
 * ```
 */
export class Pace {
  readonly #caution: Caution;
  #isFree: boolean;
  /** Whether whole packets were acknowledged. */
  #isProven = false;
  #acknowledgedBytes = 0;
  /** When the last piece was sent. */
  #sentMs = -Infinity;
  /** Where the first piece that is not small begins of those not acknowledged, and when it was sent; -1 without one. */
  #largeFrom = -1;
  #largeMs = 0;
  /** What is acknowledged beyond this offset came in whole packets. */
  #provesFrom = Infinity;

  /** A carrier behind others that taught this caution. */
  constructor(caution: Caution = NO_CAUTION) {
    this.#caution = caution;
    this.#isFree = caution.level === 0;
  }

  /** Whether there is no limit. */
  get isFree(): boolean {
    return this.#isFree;
  }

  /** Whether large pieces have passed. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** How many bytes may be written as one piece, with `inFlightBytes` sent and not acknowledged. */
  room(nowMs: number, inFlightBytes: number): number {
    if (this.#isFree) return Infinity;
    const tries = this.#acknowledgedBytes >= TRIED_AFTER_BYTES && nowMs >= this.#caution.heldUntilMs;
    if (tries) return Math.max(0, TRIED_BYTES - inFlightBytes);
    if (inFlightBytes > 0 && nowMs - this.#sentMs < PIECE_MS) return 0;
    return Math.min(SMALL_BYTES, Math.max(0, MOST_SMALL * SMALL_BYTES - inFlightBytes));
  }

  /** One piece of `bytes` counted bytes is written, of which the first has this offset. */
  sent(nowMs: number, offset: number, bytes: number): void {
    if (this.#isProven) return;
    this.#sentMs = nowMs;
    if (bytes > WHOLE_PACKET_BYTES) this.#provesFrom = Math.min(this.#provesFrom, offset + WHOLE_PACKET_BYTES);
    if (bytes <= SMALL_BYTES || this.#largeFrom >= 0) return;
    this.#largeFrom = offset;
    this.#largeMs = nowMs;
  }

  /** The peer has everything before `offset`, `bytes` more than before. */
  acknowledged(offset: number, bytes: number): void {
    if (this.#isProven) return;
    this.#acknowledgedBytes += bytes;
    // A piece may be larger than a small one and still fit into what passes: that proves nothing.
    if (offset > this.#largeFrom) this.#largeFrom = -1;
    if (offset > this.#provesFrom) this.#isProven = this.#isFree = true;
  }

  /** The caution for the next carrier, now that this one is lost. */
  lesson(nowMs: number): Caution {
    if (this.#isProven) return NO_CAUTION;
    const isSwallowed = this.#largeFrom >= 0 && nowMs - this.#largeMs >= SWALLOWED_MS;
    return isSwallowed ? moreCautious(this.#caution, nowMs) : this.#caution;
  }
}

function moreCautious(before: Caution, nowMs: number): Caution {
  const level = Math.min(MOST_CAUTION, before.level + 1);
  return { level, heldUntilMs: level < HELD_CAUTION ? nowMs : nowMs + HELD_MS * 2 ** (level - HELD_CAUTION) };
}

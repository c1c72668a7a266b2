/**
 * How much longer than usual a carrier may be silent, behind others that brought nothing.
 *
 * @module
 */

/** What the first carrier that brought nothing adds, in milliseconds; the next one doubles the whole. */
const STEP_MS = 3_000;

/** Barren carriers that count: silence of 3 s becomes 6, then 12, which is enough for TCP to try two smaller sizes. */
const MOST_BARREN = 2;

/** Bytes that prove a carrier that has moved them. */
export const PROVEN_BYTES = 16 * 1024;

/** Lifetime that proves a carrier too, in milliseconds. */
export const PROVEN_MS = 60_000;

/** What comes right behind the handshake is small, and passes where nothing else does; in milliseconds. */
const BEGINNING_MS = 2_000;

/** What is known about a carrier that was lost. */
export interface LostCarrier {
  /** Counted bytes of the session that have arrived, at either end, as far as this end knows. */
  readonly arrivedBytes: number;
  /** Whether this end waits for an acknowledgement. */
  readonly isWaiting: boolean;
  /** Whether there was nothing for it to carry. */
  readonly isEmpty: boolean;
  /** For how long nothing had come, in milliseconds. */
  readonly silentMs: number;
  /** Its round trip in milliseconds; 0 if unknown. */
  readonly roundTripMs: number;
}

/**
 * Grows with each carrier that was attached and brought nothing.
 *
 * A pure core. Where large packets vanish without a word, all that is small passes: each handshake, and nothing behind
 * it. TCP finds out what passes by itself (RFC 4821), but only after some retransmissions: giving up after 3 s each
 * time never gets there.
 *
 * Source: `PROTOCOL.md`, "Liveness".
 *
 * @example
 * ```ts
 * import { Patience } from "./patience.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const patience = new Patience();
 * patience.attached(0, 0);
 * patience.lost(3_000, { arrivedBytes: 0, isWaiting: true, isEmpty: false, silentMs: 3_000, roundTripMs: 5 });
 * assertEquals(patience.ms, 3_000); // in addition
 * ```
 */
export class Patience {
  #barren = 0;
  /** When the last one was attached, unless what became of it is known, or of no interest. */
  #attachedAt: number | undefined;
  #arrivedBefore = 0;

  /** How much longer than usual the next carrier may be silent, in milliseconds. */
  get ms(): number {
    return STEP_MS * (2 ** this.#barren - 1);
  }

  /** A carrier was attached; `arrivedBytes` counted bytes of the session had arrived before, at either end. */
  attached(nowMs: number, arrivedBytes: number): void {
    this.#attachedAt = nowMs;
    this.#arrivedBefore = arrivedBytes;
  }

  /** It is gone; told again, or of others that go with it, that is no news. */
  lost(nowMs: number, { arrivedBytes, isWaiting, silentMs }: LostCarrier): void {
    if (this.#attachedAt === undefined) return;
    const movedBytes = arrivedBytes - this.#arrivedBefore;
    const livedMs = nowMs - this.#attachedAt;
    this.#attachedAt = undefined;
    if (movedBytes >= PROVEN_BYTES || livedMs >= PROVEN_MS) {
      this.#barren = 0;
      return;
    }
    // It was cut: nothing has been silent for long enough to say that anything vanishes.
    if (livedMs < BEGINNING_MS) return;
    const wasHeardAtFirstOnly = livedMs - silentMs < BEGINNING_MS;
    if (wasHeardAtFirstOnly || (isWaiting && movedBytes === 0)) {
      this.#barren = Math.min(MOST_BARREN, this.#barren + 1);
    }
  }

  /** The machine woke or moved: what was, and that the carriers of before are dead, says nothing about what passes. */
  startOver(): void {
    this.#barren = 0;
    this.#attachedAt = undefined;
  }
}

/**
 * What is under way on one carrier, and what its acknowledgements tell.
 *
 * @module
 */
import { AcknowledgedSpan, SPAN_MS } from "./acknowledged_span.ts";
import type { PathWait } from "./path_wait.ts";
import { RateFilter } from "./rate_filter.ts";
import type { Answer } from "./return_delay.ts";
import { SendRing } from "./send_ring.ts";

/** Clocks may tick this coarsely: no time span is taken to be shorter. */
const CLOCK_TICK_MS = 0.1;

/** A pause as short as between two writes that fill the bound is not idleness, in milliseconds. */
const PAUSE_MS = 5;

/** A byte was held up on its carrier that took this many lowest round trips. */
const HELD_UP = 2;

/** What one acknowledgement tells. */
export interface Delivery {
  /** When it came, in milliseconds. */
  nowMs: number;
  /** How long the newest acknowledged byte was under way. */
  roundTripMs: number;
  /** How long a byte was under way on average: more, if what came early waited there for what was lost. */
  meanRoundTripMs: number;
  /** How many bytes it is about. */
  bytes: number;
  /** Bytes in flight when the newest of them was sent, itself included. */
  inFlightThen: number;
  /** What it acknowledges was sent after the last round began: a round trip is over, and one of at least 50 ms. */
  endsRound: boolean;
}

/** What a {@linkcode Flight} needs of its path, which is a `PathBound`. */
export interface FlightPath {
  /** How many bytes may be in flight. */
  readonly bound: number;
  /** How long a frame of data may be, in bytes; `Infinity` while nothing is known. */
  readonly frameBytes: number;
  /** Lowest round trip in milliseconds; 0 if unknown. */
  readonly lowestRoundTripMs: number;
  /** Whether the bound is low for a moment. */
  readonly isDraining: boolean;
  /** Whether it has several carriers. */
  readonly isShared: boolean;
  /** Whether it holds enough for bulk on several carriers. */
  readonly mayBeSpread: boolean;
  /** How many bytes of bulk this carrier of it may send. */
  room(flight: Flight): number;
  /** And how many of quiet streams. */
  quietRoom(flight: Flight): number;
  /** Something was sent. */
  onSend(nowMs: number): void;
  /** Something is acknowledged. */
  onDelivery(flight: Flight, delivery: Delivery): void;
  /** A probe that wanted a reply has one. */
  onAnswer(flight: Flight, answer: Answer): void;
  /** The carrier is gone, or given up. */
  leave(flight: Flight): void;
  /** It is used again after all. */
  rejoin(flight: Flight): void;
  /** Whether bytes wait at the receiver for others that were lost. */
  readonly isLossy: boolean;
  /** For how long nothing comes back between two bursts, in milliseconds; 0 where it comes in turn. */
  readonly burstMs: number;
  /** What everything on it waits behind. */
  readonly wait: PathWait;
}

/**
 * Counts the bytes that are sent but unacknowledged on one carrier, and measures round trip and rate.
 *
 * A pure state machine: no I/O, no timers. Times are milliseconds of any steady clock, offsets are cumulative counts of
 * bytes from 0. `PathBound.join` makes one for each carrier.
 */
export class Flight {
  readonly #path: FlightPath;
  /** What it delivers, in bytes per millisecond. */
  readonly rates: RateFilter = new RateFilter();
  readonly #sends = new SendRing();
  readonly #span = new AcknowledgedSpan();
  #sent = 0;
  #sentMs = -Infinity;
  #acked = 0;
  /** When `#acked` last moved, and when the bytes it moved over were sent. */
  #ackedMs = -Infinity;
  #firstSentMs = 0;
  /** Sends wait for data, not for room, until an acknowledgement passes this offset; -1 while they do not. */
  #limitedUntil = -1;
  /** Nothing was in flight before, for some time, and nothing of what is was acknowledged: there was nothing to send. */
  #isFresh = false;
  #smoothedMs = 0;
  /** A round ends with the acknowledgement of bytes that were sent after it began. */
  #roundEnd = 0;
  #roundMs = 0;

  /** See `PathBound.join`. */
  constructor(path: FlightPath) {
    this.#path = path;
  }

  /** Bytes sent but not acknowledged. */
  get inFlight(): number {
    return this.#sent - this.#acked;
  }

  /** Bytes that were acknowledged. */
  get acknowledged(): number {
    return this.#acked;
  }

  /** When something was sent last, in milliseconds. */
  get sentMs(): number {
    return this.#sentMs;
  }

  /** What it waits behind, as all of its path do. */
  get wait(): PathWait {
    return this.#path.wait;
  }

  /** Smoothed round trip in milliseconds, queues and late acknowledgements included (RFC 9002, 5.3); 0 if unknown. */
  get roundTripMs(): number {
    return this.#smoothedMs;
  }

  /** How many bytes may be in flight, a whole number. */
  get bound(): number {
    return this.#path.bound;
  }

  /** Lowest round trip in milliseconds; 0 if unknown. */
  get lowestRoundTripMs(): number {
    return this.#path.lowestRoundTripMs;
  }

  /** Delivery rate of this carrier in bytes per millisecond, the highest of about ten round trips; 0 if unknown. */
  get rateBytesPerMs(): number {
    return this.rates.rate;
  }

  /** Whether bytes wait at the receiver for others that were lost. */
  get isLossy(): boolean {
    return this.#path.isLossy;
  }

  /** For how long nothing comes back on its path between two bursts, in milliseconds; 0 where it comes in turn. */
  get burstMs(): number {
    return this.#path.burstMs;
  }

  /** Whether its path holds enough for bulk on several carriers. */
  get mayBeSpread(): boolean {
    return this.#path.mayBeSpread;
  }

  /** How many bytes may be sent now. */
  room(): number {
    return this.#path.room(this);
  }

  /** How many bytes of quiet streams may be sent now. */
  quietRoom(): number {
    return this.#path.quietRoom(this);
  }

  /** How long a frame of data may be, in bytes; `Infinity` while nothing is known. */
  get frameBytes(): number {
    return this.#path.frameBytes;
  }

  /**
   * Tell that there is room but nothing to send, or that something else than the bound (the peer's credit, say) holds
   * data back. What is measured until this has passed may raise the rate, never lower it.
   */
  markApplicationLimited(): void {
    if (this.room() > 0) this.#limitedUntil = this.#sent;
  }

  /**
   * Tell of one write.
   *
   * @param nowMs The time in milliseconds.
   * @param endOffset The cumulative offset behind its last byte. One that is not beyond the last is ignored.
   */
  onSend(nowMs: number, endOffset: number): void {
    if (endOffset <= this.#sent) return;
    if (this.#sent === this.#acked) this.#onFirst(nowMs);
    this.#sent = endOffset;
    this.#sentMs = nowMs;
    this.#sends.add({
      end: endOffset,
      sentMs: nowMs,
      acked: this.#acked,
      ackedMs: this.#ackedMs,
      firstSentMs: this.#firstSentMs,
      isLimited: this.#path.isDraining || this.#limitedUntil >= 0 || (this.#isFresh && this.inFlight < this.bound / 2),
    });
    this.#path.onSend(nowMs);
  }

  /** Nothing was in flight: that time belongs to no sample. */
  #onFirst(nowMs: number): void {
    this.#isFresh = nowMs - this.#ackedMs > PAUSE_MS;
    if (this.#isFresh) this.#span.clear();
    this.#ackedMs = this.#firstSentMs = nowMs;
  }

  /**
   * Tell of one acknowledgement.
   *
   * @param nowMs The time in milliseconds.
   * @param offset The cumulative offset up to which the peer has everything. One that is not news is ignored; beyond
   *   what was sent it counts as the end of what was sent (the session treats such a peer as broken).
   */
  onAck(nowMs: number, offset: number): void {
    offset = Math.min(offset, this.#sent);
    if (!(offset > this.#acked)) return;
    const { send, waitedByteMs } = this.#sends.acknowledge(this.#acked, offset, nowMs);
    const bytes = offset - this.#acked;
    this.#acked = offset;
    this.#isFresh = false;
    if (offset > this.#limitedUntil) this.#limitedUntil = -1;

    const elapsedMs = Math.max(nowMs - send.ackedMs, send.sentMs - send.firstSentMs, CLOCK_TICK_MS);
    this.#ackedMs = nowMs;
    this.#firstSentMs = send.sentMs;
    const roundTripMs = Math.max(nowMs - send.sentMs, CLOCK_TICK_MS);
    this.#smoothedMs += (roundTripMs - this.#smoothedMs) / (this.#smoothedMs === 0 ? 1 : 8);
    this.#span.add(nowMs, offset, send.isLimited);

    // Beside others what comes late was held up on its carrier, whatever there was to send.
    const isHeldUp = this.#path.isShared && roundTripMs > HELD_UP * this.lowestRoundTripMs;
    let bytesPerMs, isLimited = send.isLimited && !isHeldUp;
    const lowestMs = Math.min(roundTripMs, this.lowestRoundTripMs || roundTripMs);
    // Faster than a round trip is no rate but acknowledgements that were held up and came together.
    if (elapsedMs >= Math.max(lowestMs, SPAN_MS)) bytesPerMs = (offset - send.acked) / elapsedMs;
    else if (lowestMs < SPAN_MS) {
      const rate = this.#span.rate(nowMs);
      bytesPerMs = rate?.bytesPerMs;
      isLimited = rate?.isLimited ?? false;
    }
    if (bytesPerMs !== undefined) this.rates.add(bytesPerMs, isLimited);
    this.#path.onDelivery(this, {
      nowMs,
      roundTripMs,
      meanRoundTripMs: Math.max(waitedByteMs / bytes, roundTripMs),
      bytes,
      inFlightThen: send.end - send.acked,
      endsRound: this.#endsRound(nowMs, send.acked),
    });
  }

  /** Tell of a reply to a probe that wanted one. */
  onAnswer(answer: Answer): void {
    this.#path.onAnswer(this, answer);
  }

  /** Tell that the carrier is given up: what it has in flight counts for no bound any more. */
  leave(): void {
    this.#path.leave(this);
  }

  /** Tell that the carrier is gone. What it has in flight is on its way all the same, in front of others. */
  end(nowMs: number): void {
    this.leave();
    this.wait.remove(this, nowMs);
  }

  /** Tell that it is used again after all. */
  rejoin(): void {
    this.#path.rejoin(this);
  }

  #endsRound(nowMs: number, ackedBefore: number): boolean {
    const ms = nowMs - this.#roundMs;
    // Beside others a carrier that becomes slow must be known for one before all that it has in flight has arrived.
    const isLong = this.#path.isShared && ms >= this.lowestRoundTripMs;
    if (ms < SPAN_MS || (ackedBefore < this.#roundEnd && !isLong)) return false;
    this.#roundEnd = this.#acked;
    this.#roundMs = nowMs;
    return true;
  }
}

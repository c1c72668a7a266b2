/**
 * How many bytes one carrier may have sent but not yet acknowledged.
 *
 * TCP keeps the network safe; this keeps the *queue in front of it* short, since whatever waits in a socket buffer
 * delays every stream behind it. The model is BBR's (draft-cardwell-iccrg-bbr-congestion-control): a path is its
 * delivery rate and its lowest round trip. Rates are sampled as in draft-cheng-iccrg-delivery-rate-estimation. What
 * differs: there is no pacing and no loss here, so a bound on the bytes in flight is the only control.
 *
 * A path with a longer round trip and a path with a lower rate look alike from here: the acknowledgements come late.
 * Only sending little for a moment (a *drain*) tells them apart, so a drain follows any sign of either, and one every
 * ten seconds. Without that, a risen round trip would lower the measured rate, which would lower the bound, and so on
 * down.
 *
 * @module
 */

/** The bound before anything is known, and its least value outside a drain, in bytes. */
export const FLIGHT_FLOOR = 128 * 1024;
/** The least value of the bound during a drain, in bytes: the peer acknowledges at the latest every 64 KiB. */
export const FLIGHT_DRAIN_FLOOR = 64 * 1024;

/** Queue allowed on top of the lowest round trip: hides the delay of acknowledgements, and lets the rate be found. */
const SLACK_MS = 20;
/** No rate is measured over less time than this. */
const SAMPLE_MS = 50;
/** While the rate is being found the bound at least doubles each round trip. */
const STARTUP_GAIN = 2;
/** The rate still grows if a round trip adds this much; startup ends after so many round trips without. */
const STARTUP_GROWTH = 1.25;
const STARTUP_ROUNDS = 3;
/**
 * One round trip in eight asks for more than was seen so far, by this factor: with a fixed amount of time instead, a
 * path of a second took minutes to get on.
 */
const PROBE_GAIN = 1.25;
const PROBE_CYCLE = 8;
/** The rate is the highest of this many round trips. */
const RATE_ROUNDS = 10;
/** The lowest round trip is measured anew after this long. */
const LOWEST_EXPIRES_MS = 10_000;
/** A drain collects samples for one round trip, at most this long, after its first one. */
const DRAIN_SAMPLES_MS = 50;
/** A drain whose queue does not empty ends after this long, or two round trips. */
const DRAIN_LIMIT_MS = 200;
/** A drain leaves this share of what the path itself holds; one that cuts the round trip to that much goes on. */
const DRAIN_GAIN = 0.75;
const DRAIN_SHRANK = 0.9;
/** Drains on suspicion keep this distance from the last one, and ten lowest round trips. */
const SUSPICION_PAUSE_MS = 2_000;
/** Late acknowledgements for at least this long are suspicious, shorter ones are a hiccup. */
const SUSPICION_MS = 100;
/** So is a rate that fell to this share of what it was when the round trip was last measured. */
const SUSPICION_RATE = 0.8;
/** Clocks may tick this coarsely: no time span is taken to be shorter. */
const CLOCK_TICK_MS = 0.1;

/** A record of one send is a row of numbers in a ring; these are its columns. */
const END = 0, SENT_MS = 1, ACKED = 2, ACKED_MS = 3, FIRST_SENT_MS = 4, LIMITED = 5, COLUMNS = 6;
const FIRST_ROWS = 256;
const MOST_ROWS = 65_536;

/** Options of {@linkcode Flight}. */
export interface FlightOptions {
  /**
   * The cumulative offset, in bytes, at which this carrier starts.
   *
   * @default {0}
   */
  startOffset?: number;
}

/**
 * Bounds the bytes that are sent but unacknowledged on one carrier: delivery rate × (lowest round trip + 20 ms).
 *
 * A pure state machine: no I/O, no timers. Times are milliseconds of any steady clock, offsets are cumulative counts of
 * bytes. Make a new one for each carrier: what another carrier measured says nothing about this one.
 *
 * @example Ask for room, send, and tell what was acknowledged
 * ```ts
 * import { Flight } from "./flight.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const flight = new Flight({ startOffset: 1_000 });
 * assertEquals(flight.room(), 128 * 1024);
 *
 * flight.onSend(0, 51_000);
 * assertEquals(flight.inFlight, 50_000);
 *
 * flight.onAck(80, 51_000);
 * assertEquals(flight.inFlight, 0);
 * assertEquals(flight.lowestRoundTripMs, 80);
 * assertEquals(flight.rateBytesPerMs, 625);
 * ```
 */
export class Flight {
  #sent: number;
  #acked: number;
  /** When `#acked` last moved, and when the bytes it moved over were sent. */
  #ackedMs = 0;
  #firstSentMs = 0;
  /** Sends wait for data, not for room, until an acknowledgement passes this offset; -1 while they do not. */
  #limitedUntil = -1;

  // Rows from #head on, #count of them, wrapping around; one for each send that is not wholly acknowledged.
  #ring = new Float64Array(FIRST_ROWS * COLUMNS);
  #mask = FIRST_ROWS - 1;
  #head = 0;
  #count = 0;

  /** A round ends with the acknowledgement of bytes that were sent after it began. */
  #roundEnd: number;
  #roundMs = 0;
  #round = 0;
  /** Highest rate of each of the last round trips in which the sender was not limited by its data. */
  readonly #rates = new Float64Array(RATE_ROUNDS);
  #rateSlot = 0;
  #slotFilled = false;
  #rate = 0;
  /** Newest sample that the bound or the path limited: follows a falling rate at once. */
  #latestRate = 0;
  #rateWhenMeasured = 0;

  /** What was acknowledged when, over the last {@linkcode SAMPLE_MS}. */
  readonly #history: { ms: number; acked: number; limited: boolean }[] = [];

  #startup = true;
  #startupRate = 0;
  #startupRounds = 0;

  #smoothedMs = 0;
  #lowestMs = 0;
  #lowestSeenMs = 0;
  /** Since when every acknowledgement was late; -1 while they are in time. */
  #lateSinceMs = -1;
  #lastMeasuredMs = -Infinity;

  #draining = false;
  #forgetRate = false;
  #drainStartMs = 0;
  #drainLowestMs = 0;
  #drainSampledMs = -1;

  #bound = FLIGHT_FLOOR;

  /** Starts with a bound of {@linkcode FLIGHT_FLOOR} and nothing in flight. */
  constructor(options: FlightOptions = {}) {
    this.#sent = this.#acked = this.#roundEnd = options.startOffset ?? 0;
  }

  /**
   * How many bytes may be in flight now, a whole number. May fall below {@linkcode inFlight}: then nothing may be sent.
   */
  get bound(): number {
    return this.#bound;
  }

  /** Bytes sent but not acknowledged. */
  get inFlight(): number {
    return this.#sent - this.#acked;
  }

  /**
   * Smoothed round trip in milliseconds, queues and delayed acknowledgements included (RFC 9002, 5.3); 0 if unknown.
   */
  get roundTripMs(): number {
    return this.#smoothedMs;
  }

  /** Lowest round trip of about the last ten seconds in milliseconds, at least 0.1; 0 if unknown. */
  get lowestRoundTripMs(): number {
    return this.#lowestMs;
  }

  /** Delivery rate in bytes per millisecond, the highest of about ten round trips; 0 if unknown. */
  get rateBytesPerMs(): number {
    return this.#rate;
  }

  /** How many bytes may be sent now. */
  room(): number {
    return Math.max(0, this.#bound - this.inFlight);
  }

  /**
   * Tell that there is room but nothing to send, or that something else than this bound (the peer's credit, say) holds
   * data back. What is measured until this has passed may raise the rate, never lower it.
   */
  markApplicationLimited(): void {
    if (this.room() > 0) this.#limitedUntil = this.#sent;
  }

  /**
   * Tell of one write.
   *
   * @param nowMs The time in milliseconds.
   * @param endOffset The cumulative offset after its last byte. One that is not beyond the last is ignored.
   */
  onSend(nowMs: number, endOffset: number): void {
    if (endOffset <= this.#sent) return;
    // Time in which nothing was in flight belongs to no sample.
    if (this.#sent === this.#acked) {
      // A pause as short as between two writes that fill the bound is not idleness.
      if (nowMs - this.#ackedMs > SLACK_MS / 4) this.#history.length = 0;
      this.#ackedMs = this.#firstSentMs = nowMs;
    }
    this.#sent = endOffset;
    const at = this.#rowForSend(nowMs), ring = this.#ring;
    ring[at + END] = endOffset;
    ring[at + SENT_MS] = nowMs;
    ring[at + ACKED] = this.#acked;
    ring[at + ACKED_MS] = this.#ackedMs;
    ring[at + FIRST_SENT_MS] = this.#firstSentMs;
    ring[at + LIMITED] = this.#draining || this.#limitedUntil >= 0 ? 1 : 0;
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
    this.#acked = offset;
    if (offset > this.#limitedUntil) this.#limitedUntil = -1;

    // The send that holds the last acknowledged byte is the sample, even if more of it is on its way.
    const ring = this.#ring;
    while (ring[this.#head * COLUMNS + END] < offset) this.#dropHead();
    const at = this.#head * COLUMNS;
    const sentMs = ring[at + SENT_MS], ackedBefore = ring[at + ACKED];
    const limited = ring[at + LIMITED] === 1;
    const elapsedMs = Math.max(nowMs - ring[at + ACKED_MS], sentMs - ring[at + FIRST_SENT_MS], CLOCK_TICK_MS);
    const inFlightThen = ring[at + END] - ackedBefore;
    if (ring[at + END] === offset) this.#dropHead();
    this.#ackedMs = nowMs;
    this.#firstSentMs = sentMs;

    const roundTripMs = Math.max(nowMs - sentMs, CLOCK_TICK_MS);
    this.#smoothedMs += (roundTripMs - this.#smoothedMs) / (this.#smoothedMs === 0 ? 1 : 8);
    this.#onRoundTrip(nowMs, roundTripMs, inFlightThen);
    this.#remember(nowMs, limited);
    // Faster than a round trip is no rate but acknowledgements that were held up and came together.
    if (elapsedMs >= Math.max(this.#lowestMs, SAMPLE_MS)) this.#onRate((offset - ackedBefore) / elapsedMs, limited);
    else if (this.#lowestMs < SAMPLE_MS) this.#onShortPath(nowMs);
    if (ackedBefore >= this.#roundEnd && nowMs - this.#roundMs >= SAMPLE_MS) this.#onRound(nowMs);
    this.#updateBound();
  }

  #onRoundTrip(nowMs: number, roundTripMs: number, inFlightThen: number): void {
    // Little was in flight when this was sent, so it met no queue of ours.
    const clean = inFlightThen <= this.#drainBound();
    const expired = nowMs - this.#lowestSeenMs > LOWEST_EXPIRES_MS;
    if (this.#draining) {
      if (clean) this.#onDrainSample(nowMs, roundTripMs);
      else if (nowMs - this.#drainStartMs > Math.max(DRAIN_LIMIT_MS, 2 * this.#smoothedMs)) this.#giveUpDrain(nowMs);
    } else if (this.#lowestMs === 0 || roundTripMs <= this.#lowestMs || (expired && clean)) {
      this.#setLowest(nowMs, roundTripMs);
    } else if (expired) {
      this.#drain(nowMs, false);
    }

    const late = roundTripMs > this.#probeMs() + SLACK_MS / 2;
    if (!late) this.#lateSinceMs = -1;
    else if (this.#lateSinceMs < 0) this.#lateSinceMs = nowMs;
    else if (nowMs - this.#lateSinceMs >= Math.max(SUSPICION_MS, this.#lowestMs + SLACK_MS)) this.#suspect(nowMs, true);
  }

  /** Keeps what was acknowledged over the last {@linkcode SAMPLE_MS}. */
  #remember(nowMs: number, limited: boolean): void {
    const history = this.#history;
    const newest = history[history.length - 1];
    if (newest === undefined || nowMs - newest.ms >= SAMPLE_MS / 32) {
      history.push({ ms: nowMs, acked: this.#acked, limited });
    } else newest.limited ||= limited;
    while (history.length > 1 && nowMs - history[1].ms >= SAMPLE_MS) history.shift();
  }

  /**
   * A sample over {@linkcode SAMPLE_MS}, since a round trip may be too short to tell a rate from a burst: a path that
   * lets 64 KiB through at once, and then nothing for 5 ms, would look many times faster than it is; so would one whose
   * far end did not run for 10 ms and then reads what waited.
   */
  #onShortPath(nowMs: number): void {
    const history = this.#history;
    const oldest = history[0];
    if (nowMs - oldest.ms < SAMPLE_MS) return;
    this.#onRate((this.#acked - oldest.acked) / (nowMs - oldest.ms), history.some((entry) => entry.limited));
  }

  #onRate(rate: number, limited: boolean): void {
    if (limited && rate <= this.#rate) return;
    if (!limited) {
      this.#latestRate = rate;
      this.#slotFilled = true;
    }
    this.#rates[this.#rateSlot] = Math.max(this.#rates[this.#rateSlot], rate);
    this.#rate = Math.max(this.#rate, rate);
    this.#rateWhenMeasured = Math.max(this.#rateWhenMeasured, this.#rate);
  }

  #onRound(nowMs: number): void {
    this.#roundEnd = this.#acked;
    this.#roundMs = nowMs;
    this.#round++;
    // A round trip without data to send says nothing: the window does not move, so no rate is forgotten.
    if (!this.#slotFilled) return;
    this.#slotFilled = false;
    if (this.#startup) this.#checkStartup(nowMs);
    this.#rateSlot = (this.#rateSlot + 1) % RATE_ROUNDS;
    this.#rates[this.#rateSlot] = 0;
    this.#rate = 0;
    for (const rate of this.#rates) this.#rate = Math.max(this.#rate, rate);
    if (this.#rate < SUSPICION_RATE * this.#rateWhenMeasured) this.#suspect(nowMs, false);
  }

  #checkStartup(nowMs: number): void {
    if (this.#rate >= STARTUP_GROWTH * this.#startupRate) {
      this.#startupRate = this.#rate;
      this.#startupRounds = 0;
    } else if (++this.#startupRounds >= STARTUP_ROUNDS) {
      this.#startup = false;
      this.#lastMeasuredMs = nowMs;
    }
  }

  /** Either the path's round trip rose or its rate fell: drain, to see which. */
  #suspect(nowMs: number, forgetRate: boolean): void {
    if (this.#startup || this.#draining) return;
    if (nowMs - this.#lastMeasuredMs < Math.max(SUSPICION_PAUSE_MS, 10 * this.#lowestMs)) return;
    this.#drain(nowMs, forgetRate);
  }

  /** The queue does not empty: it is not ours. */
  #giveUpDrain(nowMs: number): void {
    this.#draining = false;
    this.#setLowest(nowMs, this.#lowestMs);
  }

  #drain(nowMs: number, forgetRate: boolean): void {
    this.#draining = true;
    this.#drainStartMs = nowMs;
    this.#forgetRate = forgetRate;
    this.#drainSampledMs = -1;
    this.#drainLowestMs = Infinity;
  }

  #onDrainSample(nowMs: number, roundTripMs: number): void {
    this.#drainLowestMs = Math.min(this.#drainLowestMs, roundTripMs);
    // The drain itself shrank the round trip: it was measured with a queue. Go on with less until it no longer shrinks.
    if (this.#drainLowestMs < DRAIN_SHRANK * this.#lowestMs) {
      this.#lowestMs = this.#drainLowestMs;
      this.#drainSampledMs = -1;
      return;
    }
    if (this.#drainSampledMs < 0) this.#drainSampledMs = nowMs;
    if (nowMs - this.#drainSampledMs < Math.min(DRAIN_SAMPLES_MS, this.#drainLowestMs)) return;

    this.#draining = false;
    this.#limitedUntil = this.#sent;
    if (this.#forgetRate) {
      // What was delivered while the backlog drained is the rate; older values would keep the queue for ten round
      // trips.
      this.#rates.fill(0);
      this.#rates[this.#rateSlot] = this.#rate = this.#latestRate;
    }
    // A longer path: the rates seen since it grew were the old bound's doing, so look for the rate again.
    if (this.#drainLowestMs > PROBE_GAIN * this.#lowestMs + SLACK_MS / 4) {
      this.#startup = true;
      this.#startupRate = 0;
      this.#startupRounds = 0;
    }
    this.#setLowest(nowMs, this.#drainLowestMs);
  }

  #setLowest(nowMs: number, roundTripMs: number): void {
    this.#lowestMs = roundTripMs;
    this.#lowestSeenMs = this.#lastMeasuredMs = nowMs;
    this.#rateWhenMeasured = this.#rate;
    this.#lateSinceMs = -1;
  }

  /** Less than the path itself holds, so that a queue empties, and a lowest round trip measured too high shrinks. */
  #drainBound(): number {
    return Math.max(FLIGHT_DRAIN_FLOOR, Math.ceil(this.#latestRate * this.#lowestMs * DRAIN_GAIN));
  }

  #probeMs(): number {
    return PROBE_GAIN * (this.#lowestMs + SLACK_MS);
  }

  #updateBound(): void {
    if (this.#draining) {
      this.#bound = this.#drainBound();
      return;
    }
    let roundTripMs = this.#lowestMs + SLACK_MS;
    if (this.#startup) roundTripMs *= STARTUP_GAIN;
    else if (this.#round % PROBE_CYCLE === 0) roundTripMs = this.#probeMs();
    this.#bound = Math.max(FLIGHT_FLOOR, Math.ceil(this.#rate * roundTripMs));
  }

  /**
   * Where to write the row of a send. Sends in one tick of the clock share a row, and so do all when memory is used up.
   */
  #rowForSend(nowMs: number): number {
    const newest = ((this.#head + this.#count - 1) & this.#mask) * COLUMNS;
    if (this.#count > 0) {
      const sameTick = this.#ring[newest + SENT_MS] === nowMs && this.#ring[newest + ACKED] === this.#acked;
      if (sameTick || this.#count === MOST_ROWS) return newest;
    }
    if (this.#count > this.#mask) this.#grow();
    return ((this.#head + this.#count++) & this.#mask) * COLUMNS;
  }

  #grow(): void {
    const ring = new Float64Array(this.#ring.length * 2), start = this.#head * COLUMNS;
    ring.set(this.#ring.subarray(start));
    ring.set(this.#ring.subarray(0, start), this.#ring.length - start);
    this.#ring = ring;
    this.#mask = ring.length / COLUMNS - 1;
    this.#head = 0;
  }

  #dropHead(): void {
    this.#head = (this.#head + 1) & this.#mask;
    this.#count--;
  }
}

/**
 * The bound of a path with one carrier.
 *
 * TCP keeps the network safe; this keeps the _queue in front of it_ short, since whatever waits in a socket buffer
 * delays every stream behind it. The model is BBR's (draft-cardwell-iccrg-bbr-congestion-control): a path is its
 * delivery rate and its lowest round trip. What differs: there is no pacing here, so a bound on the bytes in flight is
 * the only control, and loss is not seen but by what it does ({@linkcode Scatter}).
 *
 * @module
 */
import { Bursts } from "./bursts.ts";
import { Drain } from "./drain.ts";
import type { Delivery } from "./flight.ts";
import { LEAST_BOUND, leastBound } from "./least_bound.ts";
import type { RateFilter } from "./rate_filter.ts";
import { Scatter } from "./scatter.ts";
import type { StartBound } from "./start_bound.ts";
import { startQueueMs, Startup } from "./startup.ts";

/** Queue allowed on top of what bytes need: hides the delay of acknowledgements, and lets the rate be found. */
const SLACK_MS = 20;
/** Where packets are lost, bytes behind one wait for it, by this much of the lowest round trip. */
const REPAIR_GAIN = 1.5;
/**
 * One round trip in eight asks for more than was seen so far, by this factor: with a fixed amount of time instead, a
 * path of a second took minutes to get on.
 */
const PROBE_GAIN = 1.25;
const PROBE_CYCLE = 8;
/** The lowest round trip is measured anew after this long. */
const LOWEST_EXPIRES_MS = 10_000;
/** A drain leaves this share of what the path itself holds. */
const DRAIN_GAIN = 0.75;
/** But as much as keeps acknowledgements coming, which wait for 64 KiB or some milliseconds. */
const ACKNOWLEDGED_BYTES = 64 * 1024, ACKNOWLEDGED_MS = 5;
/** Drains on suspicion keep this distance from the last one, and ten lowest round trips. */
const SUSPICION_PAUSE_MS = 2_000;
/** Late acknowledgements for at least this long are suspicious, shorter ones are a hiccup. */
const SUSPICION_MS = 100;
/** So is a rate that fell to this share of what it was when the round trip was last measured. */
const SUSPICION_RATE = 0.8;

/**
 * Bounds the bytes in flight by delivery rate × (lowest round trip + 20 ms), and more where packets are lost.
 *
 * A risen round trip would lower the measured rate, which would lower the bound, and so on down: so a {@linkcode Drain}
 * follows any sign of it, and one every ten seconds. Bytes that wait for lost ones look like a queue, but do not wait
 * less when less is sent: with a bound for the lowest round trip the rate would go down, and the bound with it.
 *
 * A pure state machine, told of each {@linkcode Delivery}. Source: `PROTOCOL.md`, "The path's bound".
 */
export class LoneBound {
  readonly #rates: RateFilter;
  readonly #scatter = new Scatter();
  readonly #bursts: Pick<Bursts, "silentMs" | "usualMs">;
  #startup = new Startup();
  #drain: Drain | undefined;
  #lowestMs = 0;
  #lowestSeenMs = 0;
  /** How long bytes are under way now. */
  #smoothedMs = 0;
  #rateWhenMeasured = 0;
  #lastMeasuredMs = -Infinity;
  /** Since when every acknowledgement was late; -1 while they are in time. */
  #lateSinceMs = -1;
  #round = 0;
  /** The lowest round trips of the last round and of the present one, in milliseconds. */
  readonly #roundLowestMs = { last: 0, present: Infinity };
  /** What the bound is while the rate is being found. */
  readonly #start: StartBound;
  #bound: number;

  /**
   * Begins; `rates` are those of the carrier, `bursts` those of its path, and `start` says what may be in flight until a
   * rate is found.
   */
  constructor(
    rates: RateFilter,
    start: StartBound,
    lowestRoundTripMs = 0,
    bursts: Pick<Bursts, "silentMs" | "usualMs"> = new Bursts(),
  ) {
    this.#rates = rates;
    this.#start = start;
    this.#bursts = bursts;
    this.#bound = start.bytes(0, false);
    this.#lowestMs = lowestRoundTripMs;
  }

  /** How many bytes may be in flight now, a whole number. May fall below what is: then nothing may be sent. */
  get bound(): number {
    return this.#bound;
  }

  /** Whether bytes wait at the receiver for others that were lost. */
  get isLossy(): boolean {
    return this.#scatter.isLossy;
  }

  /** Whether the rate is found, and there is a queue: with more in flight it would not grow. */
  get isFull(): boolean {
    return this.#startup.isOver && this.#isLate(this.#roundLowestMs.last);
  }

  /** Lowest round trip of about the last ten seconds in milliseconds, at least 0.1; 0 if unknown. */
  get lowestRoundTripMs(): number {
    return this.#lowestMs;
  }

  /** Whether it is low for a moment, so that what is measured says nothing against the rate. */
  get isDraining(): boolean {
    return this.#drain !== undefined;
  }

  /** Tell of an acknowledgement. */
  onDelivery(delivery: Delivery): void {
    const { nowMs, roundTripMs, meanRoundTripMs } = delivery;
    this.#smoothedMs += (meanRoundTripMs - this.#smoothedMs) / (this.#smoothedMs === 0 ? 1 : 8);
    this.#scatter.add(nowMs, roundTripMs, meanRoundTripMs, delivery.bytes);
    if (this.#drain !== undefined) this.#onDrained(this.#drain, delivery);
    else this.#onRoundTrip(delivery);
    this.#onLateness(nowMs, roundTripMs);
    this.#rateWhenMeasured = Math.max(this.#rateWhenMeasured, this.#rates.rate);
    this.#roundLowestMs.present = Math.min(this.#roundLowestMs.present, roundTripMs);
    if (delivery.endsRound) this.#onRound(nowMs);
    if (!this.#startup.isOver) {
      const state = { bound: this.#bound, neededBytes: this.#neededBytes, isFound: this.#rates.isFound };
      this.#start.delivered(delivery, { ...state, isLate: this.#isLate(roundTripMs) });
    }
    this.#updateBound();
  }

  #isLate(roundTripMs: number): boolean {
    return roundTripMs > this.#bursts.usualMs(this.#lowestMs) + startQueueMs(this.#lowestMs);
  }

  /** Little was in flight when this was sent, so it met no queue of ours. */
  #isClean(delivery: Delivery): boolean {
    return delivery.inFlightThen <= this.#drainBound;
  }

  #onRoundTrip(delivery: Delivery): void {
    const { nowMs, roundTripMs } = delivery;
    const isExpired = nowMs - this.#lowestSeenMs > LOWEST_EXPIRES_MS;
    if (this.#lowestMs === 0 || roundTripMs <= this.#lowestMs || (isExpired && this.#isClean(delivery))) {
      this.#setLowest(nowMs, roundTripMs);
    } else if (isExpired) this.#beginDrain(nowMs, false);
  }

  #onLateness(nowMs: number, roundTripMs: number): void {
    const isLate = roundTripMs > this.#probeMs + SLACK_MS / 2;
    if (!isLate) this.#lateSinceMs = -1;
    else if (this.#lateSinceMs < 0) this.#lateSinceMs = nowMs;
    else if (nowMs - this.#lateSinceMs >= Math.max(SUSPICION_MS, this.#lowestMs + SLACK_MS)) this.#suspect(nowMs, true);
  }

  #onRound(nowMs: number): void {
    this.#round++;
    this.#roundLowestMs.last = this.#roundLowestMs.present;
    this.#roundLowestMs.present = Infinity;
    this.#scatter.nextRound(this.#rates.rate);
    if (!this.#rates.nextRound()) return;
    if (!this.#startup.isOver) {
      this.#startup.nextRound(this.#rates.rate);
      if (this.#startup.isOver) this.#lastMeasuredMs = nowMs;
    }
    if (this.#rates.rate < SUSPICION_RATE * this.#rateWhenMeasured) this.#suspect(nowMs, false);
  }

  /** Either the path's round trip rose or its rate fell: drain, to see which. */
  #suspect(nowMs: number, forgetsRate: boolean): void {
    if (!this.#startup.isOver || this.#drain !== undefined) return;
    if (nowMs - this.#lastMeasuredMs < Math.max(SUSPICION_PAUSE_MS, 10 * this.#lowestMs)) return;
    this.#beginDrain(nowMs, forgetsRate);
  }

  #beginDrain(nowMs: number, forgetsRate: boolean): void {
    const bytesPerMs = this.#rates.averageRate;
    this.#drain = new Drain({ nowMs, roundTripMs: this.#smoothedMs, bytesPerMs, forgetsRate });
  }

  #onDrained(drain: Drain, delivery: Delivery): void {
    const { nowMs, roundTripMs } = delivery;
    if (this.#isClean(delivery)) {
      const isOver = drain.add(nowMs, roundTripMs, this.#lowestMs);
      if (isOver) return this.#endDrain(nowMs, drain);
      this.#lowestMs = Math.min(this.#lowestMs, drain.lowestMs);
    } else if (drain.isInVain(nowMs)) {
      this.#drain = undefined;
      if (drain.forgetsRate) this.#rates.forget();
      this.#setLowest(nowMs, this.#lowestMs);
    }
  }

  #endDrain(nowMs: number, drain: Drain): void {
    this.#drain = undefined;
    // What was delivered while the backlog drained is the rate; older values would keep the queue for ten round trips.
    if (drain.forgetsRate) this.#rates.forget();
    // A longer path: the rates seen since it grew were the old bound's doing, so look for the rate again.
    if (drain.lowestMs > PROBE_GAIN * this.#lowestMs + SLACK_MS / 4) {
      this.#startup = new Startup();
      this.#start.restart();
    }
    this.#setLowest(nowMs, drain.lowestMs);
  }

  #setLowest(nowMs: number, roundTripMs: number): void {
    this.#lowestMs = roundTripMs;
    this.#lowestSeenMs = this.#lastMeasuredMs = nowMs;
    this.#rateWhenMeasured = this.#rates.rate;
    this.#lateSinceMs = -1;
  }

  /** For how long a byte is under way without a queue of ours. */
  get #neededMs(): number {
    return Math.max(this.#bursts.silentMs, this.#lowestMs * (this.#scatter.isLossy ? 1 + REPAIR_GAIN : 1));
  }

  /** What the rate so far needs, in bytes. */
  get #neededBytes(): number {
    return this.#rates.rate * (this.#neededMs + SLACK_MS);
  }

  get #probeMs(): number {
    return PROBE_GAIN * (this.#neededMs + SLACK_MS);
  }

  /** Less than the path itself holds, so that a queue empties, and a lowest round trip measured too high shrinks. */
  get #drainBound(): number {
    const bytesPerMs = this.#drain?.bytesPerMs ?? this.#rates.averageRate;
    const least = Math.max(LEAST_BOUND, Math.min(ACKNOWLEDGED_BYTES, bytesPerMs * ACKNOWLEDGED_MS));
    return Math.ceil(Math.max(least, bytesPerMs * this.#bursts.usualMs(this.#lowestMs) * DRAIN_GAIN));
  }

  #updateBound(): void {
    if (this.#drain !== undefined) {
      this.#bound = this.#drainBound;
      return;
    }
    this.#bound = Math.max(leastBound(this.#rates.rate), Math.ceil(this.#wantedBytes));
  }

  get #wantedBytes(): number {
    const { rate, isFound } = this.#rates;
    if (!this.#startup.isOver) return this.#start.bytes(this.#neededBytes, isFound);
    return this.#round % PROBE_CYCLE === 0 ? rate * this.#probeMs : this.#neededBytes;
  }
}

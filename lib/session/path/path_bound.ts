/**
 * How many bytes a path may have under way, on all its carriers.
 *
 * @module
 */
import { LEAST_SPREAD_BYTES, SPREAD_FRAME_BYTES } from "../share.ts";
import { Bursts } from "./bursts.ts";
import { carrierShare } from "./carrier_share.ts";
import { type Delivery, Flight } from "./flight.ts";
import { LoneBound } from "./lone_bound.ts";
import { PathWait } from "./path_wait.ts";
import { type Answer, ReturnDelay } from "./return_delay.ts";
import { SharedBound } from "./shared_bound.ts";
import { CarefulStart, EagerStart, type StartBound } from "./start_bound.ts";
import { FIRST_BOUND } from "./startup.ts";

/** Quiet streams may pass the bound by this much together, so that a keystroke need not wait for bulk, in bytes. */
const MOST_QUIET_BYTES = 64 * 1024, LEAST_QUIET_BYTES = 1024;
/** And by no more than the path carries in this time. */
const QUIET_MS = 50;

/** No frame of data is longer than what the path carries in this time, but this long at least, in bytes. */
const FRAME_MS = 10, LEAST_FRAME_BYTES = 2 * 1024;

/** Between two probes of the quiet carrier: the lowest round trip, within these, in milliseconds. */
const LEAST_PROBE_MS = 50, MOST_PROBE_MS = 100;
/** But with the headers around it a probe takes no more than this share of a slow path. */
const PROBE_BYTES = 100, PROBE_SHARE = 1 / 20;

/** Options of {@linkcode PathBound}. */
export interface PathBoundOptions {
  /**
   * Whether a first carrier with bulk is soon followed by others: then it makes no queue to find the rate.
   *
   * @default {false}
   */
  othersFollow?: boolean;
}

/**
 * Bounds the bytes that are sent but unacknowledged on a path, whichever carriers they are on, and tells what is known
 * of it.
 *
 * With one carrier acknowledgements say what the path holds ({@linkcode LoneBound}), with several the probes of the quiet
 * one ({@linkcode SharedBound}), which are due as {@linkcode PathBound.isProbeDue} says. Each end has one for each path
 * of a session, for what it sends.
 *
 * A pure state machine: no I/O, no timers. Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example Ask for room, send, and tell what was acknowledged
 * ```ts
 * import { PathBound } from "./path_bound.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const path = new PathBound();
 * const flight = path.join();
 * assertEquals(flight.room(), 32 * 1024);
 *
 * flight.onSend(0, 20_000);
 * assertEquals(flight.room(), 12_768);
 *
 * flight.onAck(80, 20_000);
 * assertEquals(flight.inFlight, 0);
 * assertEquals(path.lowestRoundTripMs, 80);
 * assertEquals(path.rateBytesPerMs, 250);
 * ```
 */
export class PathBound {
  /** What everything on it waits behind. */
  readonly wait: PathWait = new PathWait();
  readonly #bursts = new Bursts();
  readonly #othersFollow: boolean;
  readonly #flights = new Set<Flight>();
  /** The one of them, while there is one: small messages are many, and each asks. */
  #only: Flight | undefined;
  /** The one that probes, if there are several: the path's quiet carrier. */
  #quiet: Flight | undefined;
  #lone: LoneBound | undefined;
  #shared: SharedBound | undefined;
  #probedMs = -Infinity;
  /** When the oldest probe without an answer was sent; -1 if there is none. */
  #waitsSinceMs = -1;
  /** The lowest round trip of a probe while there was one carrier, in milliseconds; 0 without one. */
  #answerMs = 0;
  /** What answers wait for in the peer's queue. */
  #returnDelay = new ReturnDelay();

  /** Nothing is known of it. */
  constructor(options: PathBoundOptions = {}) {
    this.#othersFollow = options.othersFollow ?? false;
  }

  /** A carrier begins, with nothing under way. The first one is the quiet one, until {@linkcode PathBound.setQuiet}. */
  join(): Flight {
    const flight = new Flight(this);
    this.wait.add(flight);
    this.rejoin(flight);
    return flight;
  }

  /** A carrier that has left is used again after all. */
  rejoin(flight: Flight): void {
    if (this.#flights.has(flight)) return;
    const { bound, lowestRoundTripMs } = this, isFull = this.#lone?.isFull, bursts = this.#bursts;
    this.#flights.add(flight);
    this.#quiet ??= flight;
    this.#only = this.#flights.size === 1 ? flight : undefined;
    if (this.#only !== undefined) this.#lone = new LoneBound(flight.rates, this.#start(FIRST_BOUND), 0, bursts);
    else this.#shared ??= new SharedBound({ bound, lowestRoundTripMs, isFull, bursts });
  }

  /** From now on this one is the quiet carrier: it has no backlog. */
  setQuiet(flight: Flight): void {
    this.#quiet = flight;
  }

  /** A carrier is gone, or given up, and with it what it had in flight. */
  leave(flight: Flight): void {
    const { bound, lowestRoundTripMs } = this;
    if (!this.#flights.delete(flight)) return;
    const [first] = this.#flights;
    this.#only = this.#flights.size === 1 ? first : undefined;
    if (this.#quiet === flight) this.#quiet = first;
    // The next one may take another way.
    if (first === undefined) {
      this.#answerMs = 0;
      this.#returnDelay = new ReturnDelay();
    }
    if (this.#shared === undefined || this.#only === undefined) return;
    this.#shared = undefined;
    this.#lone = new LoneBound(this.#only.rates, this.#start(bound), lowestRoundTripMs, this.#bursts);
  }

  #start(firstBytes: number): StartBound {
    return this.#othersFollow ? new CarefulStart(firstBytes) : new EagerStart(firstBytes);
  }

  /** Whether no carrier is on it. */
  get isUnused(): boolean {
    return this.#flights.size === 0;
  }

  /** Whether it has several carriers. */
  get isShared(): boolean {
    return this.#shared !== undefined;
  }

  /** How many bytes may be in flight now, on all carriers together. */
  get bound(): number {
    return this.#shared?.bound ?? this.#lone?.bound ?? 0;
  }

  /** Bytes sent but not acknowledged, on all carriers together. */
  get inFlight(): number {
    if (this.#only !== undefined) return this.#only.inFlight;
    let bytes = 0;
    for (const flight of this.#flights) bytes += flight.inFlight;
    return bytes;
  }

  /** Lowest round trip in milliseconds; 0 if unknown. */
  get lowestRoundTripMs(): number {
    const lowestMs = this.#shared?.lowestRoundTripMs ?? this.#lone?.lowestRoundTripMs ?? 0;
    return lowestMs || this.#answerMs;
  }

  /** What all carriers deliver together, in bytes per millisecond; 0 if unknown. */
  get rateBytesPerMs(): number {
    if (this.#only !== undefined) return this.#only.rateBytesPerMs;
    let rate = 0;
    for (const flight of this.#flights) rate += flight.rateBytesPerMs;
    return rate;
  }

  /** Whether bytes wait for others that were lost: on a bulk carrier they are late, and there is no queue. */
  get isLossy(): boolean {
    return this.#shared?.isHeldUp ?? this.#lone?.isLossy ?? false;
  }

  /** For how long nothing comes back between two bursts, in milliseconds; 0 where it comes in turn. */
  get burstMs(): number {
    return this.#bursts.silentMs;
  }

  /** See {@linkcode LoneBound.isDraining}. */
  get isDraining(): boolean {
    return this.#shared === undefined && (this.#lone?.isDraining ?? false);
  }

  /** Whether it holds enough for bulk on several carriers, whose frames are long. */
  get mayBeSpread(): boolean {
    return this.bound >= LEAST_SPREAD_BYTES;
  }

  /** How long a frame of data may be, in bytes; `Infinity` while nothing is known. */
  get frameBytes(): number {
    if (!this.#isRateFound) return Infinity;
    const least = this.#shared !== undefined && this.mayBeSpread ? SPREAD_FRAME_BYTES : LEAST_FRAME_BYTES;
    return Math.max(least, Math.ceil(FRAME_MS * this.rateBytesPerMs));
  }

  /** How many bytes of bulk a carrier may send now. */
  room(flight: Flight): number {
    if (this.#shared === undefined) return Math.max(0, this.bound - flight.inFlight);
    const room = Math.max(0, this.bound - this.inFlight);
    return Math.min(room, Math.max(0, this.#mostOf(flight) - flight.inFlight));
  }

  #mostOf({ rateBytesPerMs: bytesPerMs }: Flight): number {
    const usualMs = this.#bursts.usualMs(this.lowestRoundTripMs), { mayBeSpread } = this;
    return carrierShare({ bytesPerMs, usualMs, mayBeSpread });
  }

  /**
   * How many bytes of quiet streams a carrier may send now. A quiet carrier beside others always has some room, whatever
   * those have in flight.
   */
  quietRoom(flight: Flight): number {
    const quietBytes = this.#quietBytes;
    if (this.#shared === undefined) return Math.max(0, this.bound + quietBytes - flight.inFlight);
    return Math.max(0, this.bound + quietBytes - this.inFlight, quietBytes - flight.inFlight);
  }

  /** By how much quiet streams may pass the bound, in bytes. */
  get #quietBytes(): number {
    if (!this.#isRateFound) return MOST_QUIET_BYTES;
    return Math.min(MOST_QUIET_BYTES, Math.max(LEAST_QUIET_BYTES, Math.ceil(QUIET_MS * this.rateBytesPerMs)));
  }

  get #isRateFound(): boolean {
    if (this.#only !== undefined) return this.#only.rates.isFound;
    for (const { rates } of this.#flights) if (rates.isFound) return true;
    return false;
  }

  /** Whether the quiet carrier is to send a probe that wants a reply: while others have something in flight. */
  isProbeDue(nowMs: number): boolean {
    if (this.#shared === undefined || this.#quiet === undefined) return false;
    return this.inFlight > this.#quiet.inFlight && nowMs - this.#probedMs >= this.probeMs;
  }

  /** Between two such probes, in milliseconds. */
  get probeMs(): number {
    const ms = Math.min(MOST_PROBE_MS, Math.max(LEAST_PROBE_MS, this.lowestRoundTripMs));
    return this.#isRateFound ? Math.max(ms, PROBE_BYTES / (PROBE_SHARE * this.rateBytesPerMs)) : ms;
  }

  /** Such a probe was sent. */
  onProbe(nowMs: number): void {
    this.#probedMs = nowMs;
    if (this.#waitsSinceMs < 0) this.#waitsSinceMs = nowMs;
  }

  /** A carrier sent something. */
  onSend(nowMs: number): void {
    if (this.#shared !== undefined) this.#shared.inFlight(nowMs, this.inFlight);
  }

  /** Something is acknowledged on a carrier. */
  onDelivery(flight: Flight, delivery: Delivery): void {
    this.#arrived(delivery.nowMs, delivery.roundTripMs);
    if (!this.#flights.has(flight)) return;
    if (this.#shared === undefined) return this.#lone?.onDelivery(delivery);
    this.#shared.inFlight(delivery.nowMs, this.inFlight);
    this.#shared.delivered(delivery);
    // What was sent behind the probe and has arrived shows that this is in no queue, but lost.
    const isPassed = delivery.nowMs - delivery.roundTripMs > this.#waitsSinceMs;
    if (this.#waitsSinceMs >= 0 && !isPassed) this.#shared.waits(delivery.nowMs, delivery.nowMs - this.#waitsSinceMs);
    if (delivery.endsRound) flight.rates.nextRound();
  }

  #arrived(nowMs: number, roundTripMs: number): void {
    const { lowestRoundTripMs } = this, bytesPerMs = this.#isRateFound ? this.rateBytesPerMs : 0;
    this.wait.arrived(nowMs - roundTripMs, roundTripMs);
    this.#bursts.arrived({ nowMs, roundTripMs, lowestRoundTripMs, bytesPerMs });
  }

  /** A probe of a carrier was answered. */
  onAnswer(flight: Flight, answer: Answer): void {
    const { nowMs, roundTripMs } = answer, backMs = this.#returnDelay.waitedMs(answer, this.lowestRoundTripMs);
    this.#arrived(nowMs, roundTripMs);
    if (this.#shared === undefined) this.#answerMs = Math.min(this.#answerMs || roundTripMs, roundTripMs);
    if (flight !== this.#quiet) return;
    // Those that were sent behind it wait from then on.
    const sentMs = nowMs - roundTripMs;
    this.#waitsSinceMs = this.#probedMs > sentMs ? Math.max(this.#waitsSinceMs, sentMs) : -1;
    this.#shared?.answered({ nowMs, roundTripMs, backMs });
  }
}

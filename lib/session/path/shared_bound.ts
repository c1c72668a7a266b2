/**
 * The bound of a path with several carriers.
 *
 * @module
 */
import { SPREAD_ROOM_BYTES } from "../share.ts";
import { BoundStep } from "./bound_step.ts";
import { Bursts } from "./bursts.ts";
import { Enough } from "./enough.ts";
import type { Delivery } from "./flight.ts";
import { grownHeldUp, isHeldUp } from "./held_up.ts";
import { leastBound } from "./least_bound.ts";
import { LongerPath, type QueueSeen } from "./longer_path.ts";
import type { Answer } from "./return_delay.ts";
import { startQueueMs, Startup } from "./startup.ts";

/** The queue that bulk may make, in milliseconds; on a slow path this many bytes, which are two packets, are none. */
const QUEUE_MS = 12, PACKETS_BYTES = 3_000;
/** Of the peer's queue this share counts as well: keys wait in both, and each end gives way to some of the other's. */
const PEERS_SHARE = 1 / 3;
/** Each step looks at this many answers, the lowest of which counts: one may have waited for what was lost. */
const ANSWERS = 2;
/**
 * And at this many where they are later by less than this, as a busy machine may make them, or bulk by this much later
 * than they are: then something is lost, and those behind a lost one are late together.
 */
const MORE_ANSWERS = 4, MUCH_QUEUE_MS = 24, LATER_MS = 25;
/** Without a queue the bound grows by this factor a step; until the first queue was seen it doubles. */
const GROWTH = 1.125, STARTUP_GROWTH = 2;
/** It doubles again behind this many steps that found next to no queue. */
const FREE_STEPS = 4;
/** But it grows to no more than this many times what is {@linkcode Enough}. */
const HEADROOM = 2;
/** An answer that has not come for this long, and three round trips, waits in a queue: no lost packet takes so long. */
const OVERDUE_MS = 300, OVERDUE_ROUND_TRIPS = 3;
/** Where the bound is the least, this much more is sent now and then: see {@linkcode LongerPath}. */
const RAISE = 2;
/** It grows only if this share of it was used, or no frame more fitted into it. */
const USED = 0.75;
/** A step shrinks it by no more, and by no less. */
const MOST_SHRINK = 0.5, LEAST_SHRINK = 0.875;
/** After this long less is sent for a step or some, to see whether the lowest round trip was measured with a queue. */
const LOOK_AFTER_MS = 10_000, LOOK_SHARE = 0.75;
/** While that finds one that is lower by this factor, it goes on. */
const LOWER = 0.9;

/** What is known when a quiet carrier's probe is answered. */
export interface QuietAnswer extends Pick<Answer, "nowMs" | "roundTripMs"> {
  /** How much of that it waited in the peer's queue. @default {0} */
  backMs?: number;
}

/** Options of {@linkcode SharedBound}. */
export interface SharedBoundOptions {
  /** The bound that it begins with, in bytes. */
  bound: number;
  /** The lowest round trip, in milliseconds; 0 if unknown. */
  lowestRoundTripMs: number;
  /** Whether the path was found full with that bound. @default {false} */
  isFull?: boolean;
  /** How the path lets through what comes back. @default {new Bursts()} */
  bursts?: Pick<Bursts, "silentMs" | "usualMs">;
}

/**
 * Bounds the bytes in flight on all carriers of a path by the queue that they make together.
 *
 * The quiet carrier has no backlog of its own, so what its probe waits for is a queue in front of the path, which
 * everybody meets; what bulk waits for on its own carriers is none of it, and may be a loss. Where the probe waits too
 * long the bound shrinks by as much as the queue is too long; else it grows. It is told of answers to probes that were
 * sent since what is in flight has kept the bound, so that each step has seen what the one before did.
 *
 * A pure state machine. Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example
 * ```ts
 * import { SharedBound } from "./shared_bound.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: 40 });
 * shared.inFlight(0, 100_000);
 * for (const nowMs of [140, 150]) shared.answered({ nowMs, roundTripMs: 90 });
 * assertEquals(shared.bound, 51_112); // of 90 ms 46 are left
 * ```
 */
export class SharedBound {
  #bound: number;
  #lowestMs: number;
  /** When it was last looked for; -1 before the first answer. */
  #lookedMs = -1;
  /** The bound and the lowest round trip before less was sent to look for a lower one; `undefined` when it is not. */
  #look: { bound: number; lowestMs: number } | undefined;
  /** No queue was seen yet. */
  #isStarting: boolean;
  readonly #startup = new Startup();
  /** Steps without a queue; as many as count from the beginning. */
  #freeSteps = 0;
  /** Since when what is in flight keeps the bound; -1 while it does not. */
  #keptSinceMs = -1;
  /** When the newest was sent of what met no queue, in milliseconds. */
  #soonSentMs = -Infinity;
  readonly #bursts: Pick<Bursts, "silentMs" | "usualMs">;
  readonly #seen = new BoundStep();
  readonly #enough = new Enough();
  /** The bound behind the last step. */
  #stepBound: number;
  #isHeldUp = false;
  readonly #longer = new LongerPath();

  /** Begins with what was known when there was one carrier. */
  constructor(options: SharedBoundOptions) {
    this.#bound = this.#stepBound = options.bound;
    this.#lowestMs = options.lowestRoundTripMs;
    this.#isStarting = !options.isFull;
    this.#bursts = options.bursts ?? new Bursts();
  }

  /** How many bytes may be in flight on all carriers together. */
  get bound(): number {
    return this.#bound;
  }

  /** The lowest round trip, in milliseconds; 0 if unknown. */
  get lowestRoundTripMs(): number {
    return this.#lowestMs;
  }

  /** So many bytes are in flight on all carriers together. */
  inFlight(nowMs: number, bytes: number): void {
    this.#seen.inFlight(bytes);
    if (this.#keptSinceMs < 0 && bytes <= this.#bound) this.#keptSinceMs = nowMs;
  }

  /** Something was acknowledged, on whichever carrier. */
  delivered(delivery: Pick<Delivery, "nowMs" | "roundTripMs" | "bytes">): void {
    const { nowMs, roundTripMs, bytes } = delivery;
    this.#seen.delivered(delivery, this.#isSince(nowMs - roundTripMs));
    this.#cameBack(nowMs, nowMs - roundTripMs, roundTripMs);
    const isSoon = roundTripMs <= this.#bursts.usualMs(this.#lowestMs) + startQueueMs(this.#lowestMs);
    if (isSoon && this.#isStarting && this.#startup.isGrowing && this.#isUsed) this.#bound += bytes;
  }

  /** Whether what was sent at this time shows what the last step did. */
  #isSince(sentMs: number): boolean {
    return this.#keptSinceMs >= 0 && sentMs >= this.#keptSinceMs;
  }

  /** A probe of the quiet carrier was answered. */
  answered({ nowMs, roundTripMs, backMs = 0 }: QuietAnswer): void {
    const sentMs = nowMs - roundTripMs, freeMs = roundTripMs - (1 - PEERS_SHARE) * backMs, seen = this.#seen;
    if (this.#lowestMs === 0 || freeMs < this.#lowestMs) this.#lowestMs = freeMs;
    if (this.#lookedMs < 0) this.#lookedMs = nowMs;
    if (!this.#isSince(sentMs)) return;
    this.#cameBack(nowMs, sentMs, freeMs);
    if (this.#beginsQueue(nowMs, sentMs, freeMs)) seen.forgetAnswers();
    seen.answered(nowMs, freeMs);
    const queueMs = Math.max(0, seen.lowestMs - this.#bursts.usualMs(this.#lowestMs));
    if (!this.#isNextBurst(nowMs, queueMs) && seen.answers < (this.#isUnsure(queueMs) ? MORE_ANSWERS : ANSWERS)) return;
    if (queueMs > QUEUE_MS && seen.cameAtOnce) return;
    this.#step(nowMs, queueMs);
    seen.next(nowMs);
    this.#stepBound = this.#bound;
  }

  /** Where answers come in bursts there is one in each: without a queue it is enough. */
  #isNextBurst(nowMs: number, queueMs: number): boolean {
    const { silentMs } = this.#bursts;
    return silentMs > 0 && queueMs <= QUEUE_MS && this.#seen.ms(nowMs) >= silentMs / 2;
  }

  /** Whether it may be no queue: late by little, or bulk is much later, behind what was lost. */
  #isUnsure(queueMs: number): boolean {
    if (this.#isStarting || queueMs <= QUEUE_MS) return false;
    return queueMs < MUCH_QUEUE_MS || this.#seen.bulkMs > this.#seen.lowestMs + LATER_MS;
  }

  /** Whether an answer met a queue that what was sent before did not: one that was lost is passed by what comes soon. */
  #beginsQueue(nowMs: number, sentMs: number, freeMs: number): boolean {
    if (!this.#isStarting || this.#isSoon(nowMs, freeMs)) return false;
    return this.#isSoon(nowMs, this.#seen.lowestMs) && sentMs > this.#soonSentMs;
  }

  #cameBack(nowMs: number, sentMs: number, freeMs: number): void {
    if (this.#isSoon(nowMs, freeMs)) this.#soonSentMs = Math.max(this.#soonSentMs, sentMs);
  }

  #isSoon(nowMs: number, roundTripMs: number): boolean {
    return roundTripMs <= this.#bursts.usualMs(this.#lowestMs) + this.#mostQueueMs(nowMs);
  }

  #mostQueueMs(nowMs: number): number {
    return Math.max(QUEUE_MS, PACKETS_BYTES / (this.#seen.bytesPerMs(nowMs) || Infinity));
  }

  #step(nowMs: number, queueMs: number): void {
    if (this.#look !== undefined || nowMs - this.#lookedMs > LOOK_AFTER_MS) return this.#lookStep(nowMs);
    const bytesPerMs = this.#seen.bytesPerMs(nowMs), mostMs = this.#mostQueueMs(nowMs);
    const isFree = queueMs <= mostMs, usualMs = this.#bursts.usualMs(this.#lowestMs);
    this.#isHeldUp = isFree && isHeldUp(this.#seen, usualMs);
    if (isFree) return this.#freeStep(queueMs, bytesPerMs);
    this.#freeSteps = 0;
    this.#isStarting = false;
    if (this.#isLonger(nowMs, { queueMs, bytesPerMs })) return;
    const share = (usualMs + mostMs / 2) / (usualMs + queueMs);
    this.#shrink(nowMs, Math.min(LEAST_SHRINK, Math.max(MOST_SHRINK, share)));
  }

  /** Whether the last step found no queue, and much held up behind what was lost. */
  get isHeldUp(): boolean {
    return this.#isHeldUp;
  }

  /** Whether it held something back. */
  get #isUsed(): boolean {
    return this.#seen.mostInFlight > Math.min(USED * this.#bound, this.#bound - SPREAD_ROOM_BYTES);
  }

  #freeStep(queueMs: number, bytesPerMs: number): void {
    this.#longer.forget();
    const isQueue = queueMs > startQueueMs(this.#lowestMs);
    this.#startup.nextRound(bytesPerMs);
    this.#enough.add(bytesPerMs, Math.min(this.#bound, this.#seen.mostInFlight));
    if (isQueue || this.#startup.isOver) this.#isStarting = false;
    this.#freeSteps = isQueue ? 0 : this.#freeSteps + 1;
    const heldUpBound = this.#isHeldUp ? grownHeldUp(this.#bound) : 0;
    if (this.#isUsed) this.#bound = Math.max(this.#bound, Math.ceil(this.#grownBound), heldUpBound);
  }

  get #grownBound(): number {
    // At the start it may have doubled already, by what was acknowledged soon.
    if (this.#isStarting) return this.#startGrowth * this.#stepBound;
    const growth = this.#freeSteps > FREE_STEPS ? STARTUP_GROWTH : GROWTH;
    return Math.min(growth * this.#bound, HEADROOM * this.#enough.bytes);
  }

  /** Bulk that is a little late is in a queue, which probes slip through between its bursts; behind a loss it is later. */
  get #startGrowth(): number {
    const lateMs = this.#seen.bulkMs - this.#bursts.usualMs(this.#lowestMs);
    if (lateMs > QUEUE_MS && lateMs <= LATER_MS) return GROWTH;
    return this.#startup.isGrowing ? STARTUP_GROWTH : 1;
  }

  #shrink(nowMs: number, share: number): void {
    const leastBytes = leastBound(this.#seen.bytesPerMs(nowMs));
    const used = Math.min(this.#bound, Math.max(this.#seen.mostInFlight, leastBytes));
    this.#bound = Math.max(leastBytes, Math.ceil(share * used));
    this.#keptSinceMs = -1;
  }

  /** The oldest probe without an answer was sent `waitedMs` ago: where a path slows down, answers come when it is late. */
  waits(nowMs: number, waitedMs: number): void {
    if (waitedMs < OVERDUE_MS + OVERDUE_ROUND_TRIPS * this.#bursts.usualMs(this.#lowestMs)) return;
    // Since the last step the queue could not show yet that less is in flight.
    if (this.#keptSinceMs < 0 || nowMs - this.#keptSinceMs < this.#bursts.usualMs(this.#lowestMs)) return;
    this.#freeSteps = 0;
    this.#shrink(nowMs, MOST_SHRINK);
  }

  #lookStep(nowMs: number): void {
    const { bound, lowestMs } = this.#look ?? { bound: this.#bound, lowestMs: Infinity };
    this.#lookedMs = nowMs;
    if (this.#look !== undefined && this.#lowestMs > LOWER * lowestMs) {
      this.#look = undefined;
      this.#bound = bound;
      return;
    }
    this.#shrink(nowMs, LOOK_SHARE);
    this.#look = { bound: this.#look === undefined ? bound : this.#bound, lowestMs: this.#lowestMs };
  }

  #isLonger(nowMs: number, seen: QueueSeen): boolean {
    const isLonger = this.#longer.stays(seen) || (this.#longer.isRaised && this.#longer.raised(seen));
    if (!isLonger) return this.#raises(nowMs, seen);
    this.#lowestMs += seen.queueMs;
    this.#longer.forget();
    this.#freeSteps = FREE_STEPS;
    return true;
  }

  /** At the least bound nothing can be told by sending less. */
  #raises(nowMs: number, seen: QueueSeen): boolean {
    if (this.#bound > leastBound(seen.bytesPerMs) || !this.#longer.mayRaise(nowMs)) return false;
    this.#longer.raise(nowMs, seen);
    this.#bound = Math.ceil(RAISE * this.#bound);
    // What is sent more shows behind two round trips.
    this.#keptSinceMs = nowMs + 2 * (this.#lowestMs + seen.queueMs);
    return true;
  }
}

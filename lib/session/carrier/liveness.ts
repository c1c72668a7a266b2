/**
 * Decides whether a carrier is alive: the pure core of noticing a black hole.
 *
 * @module
 */
import { AnswerTime } from "./answer_time.ts";
import { BUSY_SILENCE_MS } from "../session_constants.ts";
import { DrainTime, SLOWEST_RATE } from "./drain_time.ts";
import { Lull } from "./lull.ts";
import { PROVEN_BYTES, PROVEN_MS } from "../reconnect/patience.ts";
import { Suspicion } from "./suspicion.ts";

/** Silence shorter than this never condemns a carrier, in milliseconds. */
const SHORTEST_DEADLINE_MS = 3_000;

/** A peer that promised a longer silence, up to 2^32 ms, would keep its dead carrier for months, in milliseconds. */
const LONGEST_PROMISE_MS = 3_600_000;

/** How many promised silences may pass. */
const PROMISES_MISSED = 3;

/** How long data may go unacknowledged before a reply is asked for, in milliseconds. */
const ASK_AFTER_MS = 1_000;

/** How long a reply may take, beside what the bytes in front of it need, in milliseconds. */
const REPLY_DUE_MS = 3_000;

/** While bytes come, the slowest path is given its time for this much before anything was acknowledged, in bytes. */
const FIRST_BYTES = 16 * 1024;

/** How much longer than an answer takes silence may last, but no more than twice as long; in milliseconds. */
const PATIENCE_MS = 3_000;

/** The most that a queue in front of an answer prolongs the silence that is allowed, in milliseconds. */
const MOST_PATIENCE_MS = 120_000;

/** What is known about the data that waits for an acknowledgement, on this carrier and on all of its path. */
export interface Unacknowledged {
  /** Bytes sent and not acknowledged on this carrier. */
  bytes: number;
  /** Measured round trip of this carrier in milliseconds; 0 if unknown. */
  roundTripMs: number;
  /** Bytes sent and not acknowledged on the path that stand in its queue; see `PathWait`. */
  queuedBytes: number;
  /** Bytes that were ever acknowledged on the path. */
  acknowledged: number;
  /** How long ago the last of what has arrived there was sent, in milliseconds; `Infinity` if nothing has. */
  tookMs: number;
  /** Measured delivery rate in bytes per millisecond; 0 if unknown. */
  rate: number;
  /** How long what the peer sends at first may need, until it came, in milliseconds. */
  peerFirstMs: number;
  /** The longest that an answer took lately on any carrier of the path, in milliseconds; 0 if unknown. */
  answerMs: number;
}

/**
 * What speaks against a carrier while nothing that was measured excuses it any more, only that the path may be the
 * slowest there is; or while it is not known whether it outlived a sleep.
 */
export interface Doubt {
  /** Nothing comes; or something does, but nothing is acknowledged, or a question is not answered; or the process slept. */
  kind: "silent" | "stalled" | "unanswered" | "slept";
  /** For how long, as far as this process ran, in milliseconds. */
  ms: number;
}

/** What to do now: nothing, ask the peer for a reply, look whether another connection gets through, or give up. */
export type Verdict = { kind: "alive" } | { kind: "ask" } | { kind: "doubt" } | { kind: "dead"; reason: string };

/**
 * Adds up silence and lack of progress, counting only time in which this process ran.
 *
 * Invariant 7: the verdict needs no write, so a write that hangs cannot hide a dead carrier. After a suspension timers
 * fire before the data that waited is read; so a tick counts at most `stepMs`, whatever the clock says, and nobody is
 * judged before the waiting data was read.
 *
 * Source: `PROTOCOL.md`, "Liveness".
 *
 * @example
 * ```ts
 * import { Liveness } from "./liveness.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const liveness = new Liveness(0);
 * const nothingSent = { bytes: 0, roundTripMs: 0, queuedBytes: 0, acknowledged: 0, tookMs: Infinity, rate: 0, peerFirstMs: 0, answerMs: 0 };
 * for (let now = 250; now < 3000; now += 250) assertEquals(liveness.tick(now, 250, nothingSent).kind, "alive");
 * assertEquals(liveness.tick(3000, 250, nothingSent).kind, "dead");
 * ```
 */
export class Liveness {
  #lastTick: number;
  #promisedMs = BUSY_SILENCE_MS;
  /** Nothing comes. */
  readonly #silence = new Lull();
  /** Something waits for an acknowledgement, and none comes. */
  readonly #stall = new Lull();
  #asked = false;
  /** How long nothing was acknowledged when something came last: acknowledgements wait behind what comes, too. */
  #heardMs = 0;
  /** The round trip at the last tick that came in time, in milliseconds. */
  #roundTripMs: number;
  /** The round trip before a sleep, until one is measured behind it; in milliseconds. */
  #awakeRoundTripMs = Infinity;
  #doubt: Exclude<Doubt["kind"], "slept"> | undefined;
  readonly #suspicion = new Suspicion();
  readonly #answer = new AnswerTime();
  readonly #drain: DrainTime;
  /** What carriers before this one ask for, until it has proven itself. */
  #extraMs: number;
  #livedMs = 0;
  #receivedBytes = 0;

  /**
   * Starts at `nowMs`, with the promise that every carrier begins with: one second.
   *
   * @param extraMs How much longer than usual the peer may be silent, in milliseconds, until this carrier has moved
   *   much or lived for long.
   * @param acknowledged Bytes that were acknowledged before, on other carriers of the path.
   * @param roundTripMs The round trip that the handshake took, in milliseconds; 0 if unknown.
   */
  constructor(nowMs: number, extraMs = 0, acknowledged = 0, roundTripMs = 0) {
    this.#roundTripMs = roundTripMs;
    this.#lastTick = nowMs;
    this.#drain = new DrainTime(acknowledged);
    this.#extraMs = extraMs;
  }

  /** For how long nothing has come, as far as this process ran, in milliseconds. */
  get silentMs(): number {
    return this.#silence.ms;
  }

  /**
   * The most that a round trip counts for, in milliseconds: what is measured across a sleep is the length of the sleep.
   */
  get mostRoundTripMs(): number {
    return this.#awakeRoundTripMs;
  }

  /** A probe that wants a reply was sent. */
  asked(): void {
    this.#answer.asked();
  }

  /** Whether an answer is waited for. */
  get isAnswerDue(): boolean {
    return this.#answer.waitedMs > 0;
  }

  /** What an answer takes here, in milliseconds; 0 if unknown. */
  get answerMs(): number {
    return this.#answer.ms;
  }

  /** What speaks against the carrier while only a guess excuses it. */
  get doubt(): Doubt | undefined {
    if (this.#doubt !== undefined) {
      const ms = { silent: this.#silence.ms, stalled: this.#stall.ms, unanswered: this.#answer.waitedMs };
      return { kind: this.#doubt, ms: ms[this.#doubt] };
    }
    return this.#suspicion.isOn ? { kind: "slept", ms: this.#suspicion.silentMs } : undefined;
  }

  /** Bytes of any kind came. */
  received(bytes: number): void {
    this.#silence.end();
    if (this.#doubt === "silent") this.#doubt = undefined;
    this.#receivedBytes += bytes;
    this.#heardMs = this.#stall.ms;
    this.#answer.received(bytes);
    this.#suspicion.received();
  }

  /** The reply asked for came. */
  replied(): void {
    this.#answer.replied();
    if (this.#doubt === "unanswered") this.#doubt = undefined;
    // While the carrier is suspected, this may be the answer to a question of before the sleep.
    if (!this.#suspicion.isOn) this.#awakeRoundTripMs = Infinity;
    this.progressed();
  }

  /** The peer promised to be silent for at most `silenceMs`; what no `--ping-interval` allows is not believed. */
  promised(silenceMs: number): void {
    this.#promisedMs = Math.min(silenceMs, LONGEST_PROMISE_MS);
  }

  /** Data was acknowledged. */
  progressed(): void {
    this.#stall.end();
    this.#heardMs = 0;
    this.#asked = false;
    if (this.#doubt === "stalled") this.#doubt = undefined;
  }

  /** The process slept: the carrier is in doubt, and must show a sign of life soon. The caller asks for a reply. */
  suspect(nowMs: number): void {
    this.#lastTick = nowMs;
    this.#awakeRoundTripMs = this.#roundTripMs;
    this.#suspicion.wokeUp();
  }

  /**
   * Judges the carrier.
   *
   * @param nowMs The clock.
   * @param stepMs The time between two ticks as planned: the most that this tick can count for.
   */
  tick(nowMs: number, stepMs: number, unacknowledged: Unacknowledged): Verdict {
    const passedMs = nowMs - this.#lastTick;
    const ranMs = Math.min(Math.max(0, passedMs), stepMs);
    this.#lastTick = nowMs;
    // A late tick may come behind a sleep, and behind acknowledgements that were read at waking up.
    const isLate = passedMs > stepMs;
    if (!isLate) this.#roundTripMs = unacknowledged.roundTripMs;
    this.#livedMs += ranMs;
    if (this.#livedMs >= PROVEN_MS || this.#receivedBytes >= PROVEN_BYTES) this.#extraMs = 0;
    this.#answer.passed(ranMs);
    const { bytes, roundTripMs, queuedBytes, acknowledged, tookMs, peerFirstMs } = unacknowledged;
    const waitingBytes = Math.max(bytes, queuedBytes);
    const answerMs = Math.max(roundTripMs, this.#answer.ms, unacknowledged.answerMs);
    this.#drain.passed(ranMs, queuedBytes, acknowledged, bytes, tookMs);
    this.#silence.passed(ranMs, this.#drain.ms);
    const allowedMs = (drainMs: number) =>
      this.deadlineMs + this.#extraMs + patienceFor(Math.max(answerMs, drainMs, this.#heardMs));
    const { ms: silentMs, behindMs } = this.#silence;
    if (silentMs >= allowedMs(Math.max(behindMs, this.#drain.guessedMs, peerFirstMs))) return dead(silentFor(silentMs));
    if (silentMs >= allowedMs(behindMs)) this.#doubt ??= "silent";
    const suspected = this.#suspicion.passed(ranMs, roundTripMs, isLate);
    if (suspected === "dead") return dead("no sign of life after this machine was suspended");
    const askAfterMs = Math.max(ASK_AFTER_MS, 3 * roundTripMs);
    const replyDueMs = askAfterMs + REPLY_DUE_MS + patienceFor(answerMs) + this.#extraMs;
    if (bytes === 0) {
      this.progressed();
      if (this.#answer.waitedMs >= replyDueMs) this.#doubt ??= "unanswered";
    } else {
      this.#stall.passed(ranMs, this.#drain.ms);
      const { ms: stalledMs } = this.#stall;
      const longestMs = replyDueMs + this.#queuedMs(unacknowledged, this.#drain.guessedMs, waitingBytes);
      if (stalledMs >= longestMs) return dead(stalledFor(stalledMs));
      const queuedMs = this.#queuedMs(unacknowledged, 0, Math.min(waitingBytes, FIRST_BYTES));
      if (stalledMs >= replyDueMs + queuedMs) this.#doubt ??= "stalled";
    }
    if (suspected === "ask") return { kind: "ask" };
    if (this.#doubt !== undefined) return { kind: "doubt" };
    if (this.#stall.ms < askAfterMs || this.#asked) return { kind: this.#answer.isWorthAsking ? "ask" : "alive" };
    this.#asked = true;
    return { kind: "ask" };
  }

  /** How long what is under way needs: as long as a backlog did, or by the rate; before there is one, a guess of bytes. */
  #queuedMs({ bytes, queuedBytes, rate }: Unacknowledged, drainMs: number, guessedBytes: number): number {
    const measuredMs = Math.max(this.#stall.behindMs, drainMs), isSlower = rate < SLOWEST_RATE;
    // The rate of a carrier that never had much to send is not the path's.
    if (this.#drain.isTold) return measuredMs;
    return Math.max(measuredMs, isSlower ? guessedBytes / SLOWEST_RATE : Math.max(bytes, queuedBytes) / rate);
  }

  /** How long the peer may be silent, in milliseconds. */
  get deadlineMs(): number {
    return Math.max(SHORTEST_DEADLINE_MS, PROMISES_MISSED * this.#promisedMs);
  }
}

/** What to allow for a queue, ours or the peer's: a packet lost in it comes again only when it has passed once more. */
function patienceFor(queueMs: number): number {
  return Math.min(MOST_PATIENCE_MS, 2 * queueMs, queueMs + PATIENCE_MS);
}

function dead(reason: string): Verdict {
  return { kind: "dead", reason };
}

/** What a person is told of a doubt that came true. */
export function tellDoubt({ kind, ms }: Doubt): string {
  switch (kind) {
    case "silent":
      return silentFor(ms);
    case "stalled":
      return stalledFor(ms);
    case "unanswered":
      return `no answer for ${seconds(ms)}`;
    case "slept":
      return `no sign of life for ${seconds(ms)} behind a suspension of this machine`;
  }
}

function silentFor(ms: number): string {
  return `silent for ${seconds(ms)}`;
}

function stalledFor(ms: number): string {
  return `nothing acknowledged for ${seconds(ms)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

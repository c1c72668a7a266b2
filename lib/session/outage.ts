/**
 * Log lines that a person can follow during an outage: few, and each says something new.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import { reasonOf, TeleError } from "../net/error.ts";
import type { Log } from "../net/log.ts";
import { Absence } from "./absence.ts";
import { SilenceError } from "./reconnect/silence_error.ts";

/** While an outage lasts, a line is written when it has lasted this long, and each time it has doubled. */
const FIRST_REMINDER_MS = 10_000;
/** The longest pause between two reminders, in milliseconds. */
const LONGEST_REMINDER_MS = 10 * 60_000;

/** Consecutive carriers lost soon after they were attached that are told one by one. */
const TOLD_ONE_BY_ONE = 5;
/** How long the next one must live before it is told, in milliseconds. */
const FIRST_TRIAL_MS = 1_000;
/** Each further one must live twice as long, up to this, in milliseconds. */
const LONGEST_TRIAL_MS = 60_000;

/** How an outage ended. */
export interface OutageEnd {
  /** Who is at the other end. */
  peer: string;
  /** Attempts that it took. */
  attempts: number;
  /** Bytes that were sent again; `undefined` for a new session. */
  againBytes: number | undefined;
  /** Consecutive carriers until now that brought nothing or lived for less than a second. */
  fleeting: number;
}

/**
 * Tells the story of one link: lost (why), trying (why not yet), still trying (how often, how long), resumed.
 *
 * Repeated failures are counted, not repeated; a failure for a new reason gets a line, at most one a second. After an
 * answer from something that is not the server, or does not let this client in, silence is no new reason. A link that
 * comes and goes is one outage: that it is up is told when it has lasted.
 */
export class Outage {
  readonly #clock: Clock;
  readonly #log: Log;
  #beganAt: number | undefined;
  #isFirst = true;
  readonly #absence: Absence;
  #toldReasons: Set<string> = new Set();
  /** Whether one of these reasons was an answer, and not a failure of the network. */
  #wasAnswered = false;
  #toldAt = -Infinity;
  #reminderAt = 0;
  /** The link is up, but that is not told yet. */
  #trial: Timer | undefined;
  #carriers = 0;

  /** A story without a beginning. */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#absence = new Absence(clock);
  }

  /** How long the present outage has lasted, in milliseconds; `undefined` if there is none. */
  get lastedMs(): number | undefined {
    if (this.#beganAt === undefined || this.#trial !== undefined) return undefined;
    return this.#clock.now() - this.#beganAt;
  }

  /** Whether there has been a link. */
  get wasUp(): boolean {
    return !this.#isFirst;
  }

  /** This end was away for `ms` milliseconds until now: for its users an outage has lasted that long already. */
  wasAway(ms: number): void {
    const sinceMs = this.#absence.ended(ms);
    if (this.#beganAt === undefined) return;
    this.#beganAt = Math.min(this.#beganAt, sinceMs);
    this.#absence.forget();
  }

  /** The link was lost because of `reason`; without one there has never been a link, or it ended as asked. */
  begin(reason: string | undefined): void {
    const now = this.#clock.now();
    if (this.#trial !== undefined) return this.#cameAndWent(reason);
    if (this.#beganAt === undefined) {
      this.#beganAt = this.#absence.beginOf(now);
      this.#absence.forget();
      this.#reminderAt = now + FIRST_REMINDER_MS;
      this.#toldReasons.clear();
      this.#wasAnswered = false;
    }
    if (reason !== undefined) this.#log("warn", `link lost: ${reason}; trying to resume`, { reason });
  }

  #cameAndWent(reason = "the session ended"): void {
    this.#trial?.cancel();
    this.#trial = undefined;
    this.#carriers++;
    const now = this.#clock.now();
    const lastedMs = now - (this.#beganAt ?? now);
    if (now < this.#reminderAt) return;
    const fields = { reason, carriers: this.#carriers, outageMs: Math.round(lastedMs) };
    const sentence = `the link has come and gone for ${
      seconds(lastedMs)
    }: ${this.#carriers} more carriers were soon lost`;
    this.#log("warn", `${sentence}, the last: ${reason}; trying again`, fields);
    this.#planReminder(now, lastedMs);
  }

  /** An attempt failed by `error`. */
  failed(error: unknown, attempts: number): void {
    const now = this.#clock.now();
    if (this.#beganAt === undefined) return;
    const reason = reasonOf(error);
    const lastedMs = now - this.#beganAt;
    const fields = { reason, attempts, outageMs: Math.round(lastedMs) };
    // "HOST:PORT: connection reset" and "connection reset" are the same news.
    const key = reason.replace(/^\S+: /, "");
    const isSaid = this.#wasAnswered && error instanceof SilenceError;
    const isNews = !isSaid && !this.#toldReasons.has(key) && this.#toldReasons.size < 8 && now - this.#toldAt >= 1000;
    if (error instanceof TeleError && error.code !== "carrier-lost") this.#wasAnswered = true;
    if (isNews || this.#toldReasons.size === 0) {
      this.#toldReasons.add(key);
      this.#toldAt = now;
      this.#log(
        "warn",
        `${this.#isFirst ? "no tele server yet" : "not resumed yet"}: ${reason}; ${this.#next(error)}`,
        fields,
      );
    } else if (now >= this.#reminderAt) {
      this.#log("warn", `still trying after ${seconds(lastedMs)}: ${attempts} attempts, the last: ${reason}`, fields);
      this.#toldAt = now;
    }
    this.#planReminder(now, lastedMs);
  }

  /** Who is refused in an outage cannot know whether that is meant: somebody has to say so. */
  #next(error: unknown): string {
    if (this.#isFirst || !(error instanceof TeleError) || error.code !== "refused") return "trying again";
    return "trying again, and what is open waits; if this is meant, end this client";
  }

  #planReminder(now: number, lastedMs: number): void {
    while (this.#reminderAt <= now) {
      this.#reminderAt += Math.min(LONGEST_REMINDER_MS, Math.max(FIRST_REMINDER_MS, lastedMs));
    }
  }

  /** The link is there. */
  end(end: OutageEnd): void {
    this.#isFirst = false;
    const now = this.#clock.now();
    const lastedMs = now - (this.#beganAt ?? now);
    if (end.fleeting < TOLD_ONE_BY_ONE) return this.#tellEnd(end, lastedMs);
    const trialMs = Math.min(LONGEST_TRIAL_MS, FIRST_TRIAL_MS * 2 ** (end.fleeting - TOLD_ONE_BY_ONE));
    this.#trial = this.#clock.setTimer(() => {
      this.#trial = undefined;
      this.#tellEnd(end, lastedMs);
    }, trialMs);
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#trial?.cancel();
  }

  #tellEnd({ peer, attempts, againBytes }: OutageEnd, lastedMs: number): void {
    const fields = { peer, attempts, outageMs: Math.round(lastedMs) };
    const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
    if (againBytes === undefined) this.#log("info", `link up: new session with ${peer}`, fields);
    else {
      this.#log("info", `resumed after ${seconds(lastedMs)}, ${tries}, ${againBytes} bytes sent again`, {
        ...fields,
        replayedBytes: againBytes,
      });
    }
    this.#beganAt = undefined;
    this.#carriers = 0;
  }
}

function seconds(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

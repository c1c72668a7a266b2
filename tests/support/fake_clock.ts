/**
 * A clock that moves only when a test says so.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock, Timer } from "../../lib/net/clock.ts";

/** The longest delay that a real timer can take; a longer one fires at once, so here it is an error. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** Gives up on settling after this many turns: the code under test computes for ever. */
const MOST_TURNS = 1_000_000;

let cryptoInFlight = 0;
/** Called when a WebCrypto call has ended. */
let onCryptoEnd: (() => void)[] = [];

/**
 * Counts WebCrypto calls under way. They end on another thread, after any number of event loop turns; without the
 * count a test on a busy machine would move the clock while a proof is still being computed.
 */
function countCrypto(): void {
  const prototype = SubtleCrypto.prototype as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const original = prototype[name];
    if (name === "constructor" || typeof original !== "function") continue;
    prototype[name] = function (this: SubtleCrypto, ...args: unknown[]) {
      const result = original.apply(this, args);
      cryptoInFlight++;
      result.then(cryptoEnded, cryptoEnded);
      return result;
    };
  }
}
countCrypto();

function cryptoEnded(): void {
  cryptoInFlight--;
  const told = onCryptoEnd;
  onCryptoEnd = [];
  for (const tell of told) tell();
}

/**
 * Waits until promise chains and WebCrypto calls that are under way have come to rest: the former end within a turn.
 */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < MOST_TURNS; turns++) {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    if (cryptoInFlight === 0) return;
    // Turns meanwhile would only keep its thread from the processor.
    await new Promise<void>((resolve) => void onCryptoEnd.push(resolve));
  }
  throw new Error("settle: the code under test does not come to rest");
}

interface FakeTimer {
  readonly dueMs: number;
  readonly action: () => void;
  cancelled: boolean;
}

/** A {@linkcode Clock} for tests. Timers fire in order of time, those of the same moment in the order they were set. */
export class FakeClock implements Clock {
  #nowMs: number;
  #wallAheadMs: number;
  #timers: FakeTimer[] = [];
  #moving = false;

  constructor({ nowMs = 1_000, wallMs = Date.UTC(2026, 0, 1) }: { nowMs?: number; wallMs?: number } = {}) {
    this.#nowMs = nowMs;
    this.#wallAheadMs = wallMs - nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  wallNow(): number {
    return this.#nowMs + this.#wallAheadMs;
  }

  setTimer(action: () => void, delayMs: number): Timer {
    if (!(delayMs <= LONGEST_DELAY_MS)) {
      throw new RangeError(`a timer of ${delayMs} ms: real timers take at most ${LONGEST_DELAY_MS} ms`);
    }
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), action, cancelled: false };
    this.#timers.splice(this.#placeOf(timer.dueMs), 0, timer);
    return {
      cancel: () => {
        if (timer.cancelled) return;
        timer.cancelled = true;
        const at = this.#timers.indexOf(timer);
        if (at >= 0) this.#timers.splice(at, 1);
      },
    };
  }

  /** Timers that have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** When the next timer is due, by {@linkcode FakeClock.now}. */
  get nextDueMs(): number | undefined {
    return this.#timers[0]?.dueMs;
  }

  /** Moves time on by `ms`, firing each timer at its moment and letting everything come to rest in between. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.#move(async () => {
      await settle();
      while (this.#timers.length > 0 && this.#timers[0].dueMs <= untilMs) await this.#fireNext();
      this.#nowMs = untilMs;
    });
  }

  /**
   * Moves time on, timer by timer, until `isDone` is true.
   *
   * @throws If it is not within `limitMs`, or no timer is left that could make it so.
   */
  async advanceUntil(isDone: () => boolean, limitMs: number, what = "the condition"): Promise<void> {
    const untilMs = this.#nowMs + limitMs;
    await this.#move(async () => {
      await settle();
      while (!isDone()) {
        if (this.#timers.length === 0) throw new Error(`${what}: nothing is left to wait for`);
        if (this.#timers[0].dueMs > untilMs) throw new Error(`${what}: not within ${limitMs} ms`);
        await this.#fireNext();
      }
    });
  }

  /**
   * Moves time on, timer by timer, until `promise` has settled.
   *
   * @returns What it gives.
   * @throws What it throws, and as {@linkcode FakeClock.advanceUntil} does.
   */
  async run<T>(promise: Promise<T>, limitMs = 60_000, what = "the promise"): Promise<T> {
    let settled = false;
    const mark = () => void (settled = true);
    promise.then(mark, mark);
    await this.advanceUntil(() => settled, limitMs, what);
    return await promise;
  }

  /** The machine slept for `ms`: the wall clock jumps, {@linkcode FakeClock.now} and the timers stand still. */
  jumpWall(ms: number): void {
    this.#wallAheadMs += ms;
  }

  /**
   * This process was suspended for `ms`, as by SIGSTOP: afterwards all timers that fell due fire at once, late, before
   * anything else gets a turn.
   */
  async stall(ms: number): Promise<void> {
    await this.#move(async () => {
      this.#nowMs += ms;
      const due = this.#timers.splice(0, this.#placeOf(this.#nowMs));
      for (const timer of due) {
        if (!timer.cancelled) timer.action();
      }
      await settle();
    });
  }

  /** Lets everything come to rest without moving time. */
  settle(): Promise<void> {
    return settle();
  }

  /** Index behind the last timer that is due at `dueMs` or before. */
  #placeOf(dueMs: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#timers[middle].dueMs <= dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  async #fireNext(): Promise<void> {
    const timer = this.#timers.shift()!;
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    timer.cancelled = true;
    timer.action();
    await settle();
  }

  async #move(body: () => Promise<void>): Promise<void> {
    if (this.#moving) throw new Error("the clock is already being moved: await the earlier call first");
    this.#moving = true;
    try {
      await body();
    } finally {
      this.#moving = false;
    }
  }
}

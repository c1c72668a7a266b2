/**
 * Virtual time for the simulator: a queue of events that runs at the speed of the machine.
 *
 * @module
 */
import type { Clock, Timer } from "../../lib/net/clock.ts";
import { TimeHeap } from "../support/time_heap.ts";

interface Event {
  dueMs: number;
  action: (() => void) | undefined;
  /** The end of some input or output, rather than a timer. */
  isIo: boolean;
}

// deno-lint-ignore no-explicit-any
const core = (Deno as any)[(Deno as any).internal]?.core as { runMicrotasks?: () => void } | undefined;

/** Whether this runtime can run the simulator: it needs a way to run promise jobs from within a task. */
export const canSimulate = typeof core?.runMicrotasks === "function";

/** Runs promise jobs until none is left. Only from within a task, never from within a promise job. */
export function drain(): void {
  core!.runMicrotasks!();
}

/** Time that jumps from one event to the next. Events of the same moment happen in the order they were set. */
export class SimClock implements Clock {
  /** The same time, for whoever simulates input and output. */
  readonly io: Clock;
  #nowMs = 1_000;
  #wallAheadMs = Date.UTC(2026, 0, 1);
  readonly #heap: TimeHeap<Event> = new TimeHeap();

  constructor() {
    this.io = {
      now: () => this.#nowMs,
      wallNow: () => this.wallNow(),
      setTimer: (action, delayMs) => this.#set(action, delayMs, true),
    };
  }

  now(): number {
    return this.#nowMs;
  }

  wallNow(): number {
    return this.#nowMs + this.#wallAheadMs;
  }

  setTimer(action: () => void, delayMs: number): Timer {
    return this.#set(action, delayMs, false);
  }

  /** The machine slept. */
  jumpWall(ms: number): void {
    this.#wallAheadMs += ms;
  }

  /**
   * Lets the next event happen, if it is due by `untilMs`, and all that follows from it at this moment.
   *
   * @param togetherMs Input and output that ends within this time ends together, before any promise job runs, as when
   * an event loop comes around late.
   * @returns Whether there was one.
   */
  step(untilMs: number, togetherMs: number): boolean {
    let event = this.#pop(untilMs);
    if (event === undefined) return false;
    const startMs = event.dueMs;
    for (;;) {
      this.#nowMs = Math.max(this.#nowMs, event.dueMs);
      const action = event.action!;
      event.action = undefined;
      action();
      if (!event.isIo || togetherMs === 0 || !this.#nextIsIo()) break;
      const next = this.#pop(Math.min(untilMs, startMs + togetherMs));
      if (next === undefined) break;
      event = next;
    }
    drain();
    return true;
  }

  /** Time passes in which nothing happens. */
  skipTo(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  #set(action: () => void, delayMs: number, isIo: boolean): Timer {
    if (!(delayMs <= 2 ** 31 - 1)) throw new RangeError(`a timer of ${delayMs} ms is longer than real ones can be`);
    const event: Event = { dueMs: this.#nowMs + Math.max(0, delayMs), action, isIo };
    this.#heap.push(event);
    return { cancel: () => void (event.action = undefined) };
  }

  #nextIsIo(): boolean {
    return this.#next()?.isIo ?? false;
  }

  #pop(untilMs: number): Event | undefined {
    const next = this.#next();
    return next === undefined || next.dueMs > untilMs ? undefined : this.#heap.takeFirst();
  }

  /** What is due next, without those that were cancelled. */
  #next(): Event | undefined {
    for (;;) {
      const { first } = this.#heap;
      if (first === undefined || first.action !== undefined) return first;
      this.#heap.takeFirst();
    }
  }
}

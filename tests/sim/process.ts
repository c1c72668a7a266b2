/**
 * One tele process: what it holds can die with it, or be suspended.
 *
 * @module
 */
import type { Clock, Timer } from "../../lib/net/clock.ts";
import { drain } from "./clock.ts";

/** A process as the code inside it sees it: its clock, and when input and output end. */
export class Process {
  readonly name: string;
  readonly clock: Clock;
  /** Until it is killed. */
  isAlive = true;
  /** Timers set here that have neither fired nor been cancelled. */
  pendingTimers = 0;
  #isSuspended = false;
  #lateTimers: (() => void)[] = [];
  #lateIo: (() => void)[] = [];

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.clock = {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      setTimer: (action, delayMs) => this.#setTimer(clock, action, delayMs),
    };
  }

  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** Tells the process that some input or output has ended: now, or when it runs again. */
  io(action: () => void): void {
    if (!this.isAlive) return;
    if (this.#isSuspended) this.#lateIo.push(action);
    else action();
  }

  /** Nothing it planned will happen. */
  kill(): void {
    this.isAlive = false;
    this.#isSuspended = false;
    this.#lateTimers = this.#lateIo = [];
  }

  suspend(): void {
    this.#isSuspended = true;
  }

  /** It runs again: first the timers that fell due fire, late, then waiting input and output ends. */
  resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    const [timers, io] = [this.#lateTimers, this.#lateIo];
    this.#lateTimers = [];
    this.#lateIo = [];
    for (const action of timers) {
      action();
      drain();
    }
    for (const action of io) action();
  }

  #setTimer(clock: Clock, action: () => void, delayMs: number): Timer {
    this.pendingTimers++;
    let isPending = true;
    const fire = () => {
      if (!isPending || !this.isAlive) return;
      if (this.#isSuspended) return void this.#lateTimers.push(fire);
      isPending = false;
      this.pendingTimers--;
      action();
    };
    const timer = clock.setTimer(fire, delayMs);
    return {
      cancel: () => {
        if (!isPending) return;
        isPending = false;
        this.pendingTimers--;
        timer.cancel();
      },
    };
  }
}

/**
 * Finds a new carrier: attempts that race up to the server's challenge, and one commit at a time.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { pauseMs } from "./backoff.ts";
import { ClientHandshake } from "./handshake.ts";

/** Another attempt starts after so long even if none has failed, in milliseconds: a SYN into a black hole is silent. */
const NEXT_ATTEMPT_MS = 1_000;
/** Attempts open at once. */
const MOST_ATTEMPTS = 4;
/** No attempt gets older than this, in milliseconds. */
const ATTEMPT_MS = 10_000;
/** Users that come sooner than this after an attempt do not start another, in milliseconds. */
const HURRY_MS = 200;
/** A commit that waits longer than this makes way for another challenged attempt, in milliseconds. */
const COMMIT_MS = 1_500;

/** What the loop asks of whoever owns the session. */
export interface ReconnectHost {
  /** Opens a connection to the server; names are resolved anew each time. */
  dial(signal: AbortSignal): Promise<Duplex>;
  /** The session to resume; `undefined` for a new one. */
  readonly sessionId: Uint8Array | undefined;
  /** Whether there is a token: a server must have one too. */
  readonly isGuarded: boolean;
  /** Whether somebody waits: user connections, or bytes of finished ones that the server has not taken. */
  readonly hasStreams: boolean;
  /**
   * Commits on a challenged handshake and attaches. Rejects if that fails; the loop then goes on. Once `signal` is
   * aborted the attempt was given up, and an accept that comes all the same must not attach.
   */
  commit(handshake: ClientHandshake, signal: AbortSignal): Promise<void>;
  /** An attempt failed; `attempts` counts those of this outage. */
  attemptFailed(error: unknown, attempts: number): void;
}

interface Attempt {
  controller: AbortController;
  startedAt: number;
  handshake: ClientHandshake | undefined;
  timer: Timer;
}

/**
 * Tries until attached or stopped.
 *
 * Invariant 3: any number of attempts may be challenged at once, but only one is committed at a time, and a later
 * commit carries a higher number. Attempts do not wait for each other.
 *
 * Source: `PROTOCOL.md`, "Reconnecting".
 */
export class ReconnectLoop {
  readonly #clock: Clock;
  readonly #host: ReconnectHost;
  readonly #attempts: Set<Attempt> = new Set();
  readonly #startedAt: number;
  #started = 0;
  #lastStartMs = -Infinity;
  #failures = 0;
  #committing: Attempt | undefined;
  #impatience: Timer | undefined;
  #next: Timer | undefined;
  #done = false;

  /** Starts the first attempt at once. */
  constructor(clock: Clock, host: ReconnectHost) {
    this.#clock = clock;
    this.#host = host;
    this.#startedAt = clock.now();
    this.#start();
  }

  /** Attempts started so far. */
  get attempts(): number {
    return this.#started;
  }

  /** A user came: tries at once, unless that was done a moment ago. */
  hurry(): void {
    if (this.#done) return;
    this.#failures = 0;
    const sinceMs = this.#clock.now() - this.#lastStartMs;
    if (sinceMs >= HURRY_MS) this.#start();
    // The pause under way may be a long one, from a time when nobody waited.
    else if (this.#attempts.size === 0) this.#plan(HURRY_MS - sinceMs);
  }

  /** The machine woke or its addresses changed: attempts under way are worthless, starts over at once. */
  startOver(): void {
    this.#failures = 0;
    for (const attempt of [...this.#attempts]) if (attempt !== this.#committing) this.#drop(attempt);
    this.#start();
  }

  /** The secret changed: an attempt that was committed with the former is as worthless as the others. */
  secretChanged(): void {
    if (this.#done) return;
    if (this.#committing !== undefined) this.#drop(this.#committing);
    this.#committing = undefined;
    this.startOver();
  }

  /** Gives up all attempts. */
  stop(): void {
    if (this.#done) return;
    this.#done = true;
    this.#next?.cancel();
    this.#impatience?.cancel();
    for (const attempt of [...this.#attempts]) this.#drop(attempt);
  }

  #start(): void {
    if (this.#done) return;
    this.#next?.cancel();
    if (this.#attempts.size >= MOST_ATTEMPTS) {
      this.#plan(NEXT_ATTEMPT_MS);
      return;
    }
    this.#started++;
    this.#lastStartMs = this.#clock.now();
    const controller = new AbortController();
    const attempt: Attempt = {
      controller,
      startedAt: this.#clock.now(),
      handshake: undefined,
      timer: this.#clock.setTimer(() => this.#failed(attempt, new Error("no answer within 10 s")), ATTEMPT_MS),
    };
    this.#attempts.add(attempt);
    this.#plan(Math.max(NEXT_ATTEMPT_MS, this.#pause()));
    this.#challenge(attempt).catch((error) => this.#failed(attempt, error));
  }

  #plan(delayMs: number): void {
    this.#next?.cancel();
    this.#next = this.#clock.setTimer(() => this.#start(), delayMs);
  }

  #pause(): number {
    const outageMs = this.#clock.now() - this.#startedAt;
    return pauseMs({ failures: this.#failures, hasStreams: this.#host.hasStreams, outageMs }, Math.random());
  }

  async #challenge(attempt: Attempt): Promise<void> {
    const { signal } = attempt.controller;
    const duplex = await this.#host.dial(signal);
    if (signal.aborted) return duplex.close();
    signal.addEventListener("abort", () => duplex.close(), { once: true });
    attempt.handshake = await ClientHandshake.begin(duplex, this.#host.sessionId, this.#host.isGuarded);
    if (signal.aborted) return;
    this.#commitNext();
  }

  /** Commits the oldest challenged attempt, one that can resume before one that cannot. */
  #commitNext(): void {
    if (this.#done || this.#committing !== undefined) return;
    const challenged = [...this.#attempts].filter((attempt) => attempt.handshake !== undefined);
    const attempt = challenged.find((attempt) => attempt.handshake?.status === "ready") ?? challenged[0];
    if (attempt === undefined) return;
    this.#committing = attempt;
    const tookMs = this.#clock.now() - attempt.startedAt;
    this.#impatience?.cancel();
    this.#impatience = this.#clock.setTimer(() => this.#preferAnother(attempt), Math.max(COMMIT_MS, 2 * tookMs));
    this.#host.commit(attempt.handshake!, attempt.controller.signal).then(
      () => this.#attached(attempt),
      (error) => this.#failed(attempt, error),
    );
  }

  /** The commit has waited for long: another challenged attempt may be luckier. */
  #preferAnother(attempt: Attempt): void {
    if (this.#committing !== attempt) return;
    const another = [...this.#attempts].some((other) => other !== attempt && other.handshake !== undefined);
    if (another) return this.#failed(attempt, new Error("the server did not answer the commit"));
    this.#impatience = this.#clock.setTimer(() => this.#preferAnother(attempt), COMMIT_MS / 4);
  }

  #attached(attempt: Attempt): void {
    if (!this.#attempts.delete(attempt)) return;
    attempt.timer.cancel();
    this.stop();
  }

  #failed(attempt: Attempt, error: unknown): void {
    if (!this.#attempts.has(attempt)) return;
    this.#drop(attempt);
    if (this.#committing === attempt) this.#committing = undefined;
    if (this.#done) return;
    this.#failures++;
    this.#host.attemptFailed(error, this.#started);
    if (this.#done) return;
    this.#plan(Math.max(0, this.#pause() - (this.#clock.now() - attempt.startedAt)));
    this.#commitNext();
  }

  #drop(attempt: Attempt): void {
    this.#attempts.delete(attempt);
    attempt.timer.cancel();
    attempt.controller.abort();
  }
}

/**
 * Finds a new carrier: attempts that race up to the server's challenge, and one commit at a time.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import type { Connected } from "../../net/dial_way.ts";
import type { Duplex } from "../../net/duplex.ts";
import { pauseMs } from "./backoff.ts";
import type { CarrierHistory } from "./carrier_history.ts";
import { TOKEN_REFUSAL_DELAY_MS } from "../session_constants.ts";
import { Attempt, type Challenged } from "./attempt.ts";
import { ClientHandshake } from "../handshake/client_handshake.ts";
import { Places } from "./places.ts";
import { ACCEPTED, type SilenceError, unaccepted, unanswered } from "./silence_error.ts";

/** When another attempt starts on a path though none has failed, in milliseconds: a SYN into a black hole is silent. */
const NEXT_ATTEMPT_MS = 1_000;
/** When the first one of the next path starts beside that of the one before, in milliseconds (as RFC 8305, 5). */
const NEXT_PATH_MS = 250;
/** No attempt waits longer than this for the challenge, and none longer for the accept, in milliseconds. */
const ATTEMPT_MS = 60_000;
/** The shortest time between attempts that users start by coming, in milliseconds. */
const HURRY_MS = 200;
/** A commit that waits longer than this makes way for another challenged attempt, in milliseconds. */
const COMMIT_MS = 1_500;
/**
 * Each commit that did so doubles that, up to this, in milliseconds: a server that is busy answers all of them late,
 * and must not be left each time just before it does.
 */
const MOST_COMMIT_MS = 6_000;

/** What the loop asks of whoever owns the session. */
export interface ReconnectHost {
  /**
   * Opens a connection to the server; names are resolved anew each time.
   *
   * @param path Which of the client's paths it takes, from 0.
   * @param connected May be called when somebody has accepted the connection and it is not open yet, as with TLS; with
   * what it means if nothing more comes, where that is not the tele server, as with a proxy.
   * @param ticket What {@linkcode ReconnectHost.ticket} is, for TLS to present it.
   */
  dial(signal: AbortSignal, connected: Connected, path: number, ticket?: Uint8Array): Promise<Duplex>;
  /** What leads to the owner of the session, or of the one before it; `undefined` if there is no such ticket. */
  ticket(): Uint8Array | undefined;
  /** How many paths there are. */
  readonly paths: number;
  /** The session to resume; `undefined` for a new one. */
  sessionId(): Uint8Array | undefined;
  /** Whether there is a token: a server must have one too. */
  readonly isGuarded: boolean;
  /** Whether somebody waits: user connections, or bytes of finished ones that the server has not taken. */
  readonly hasStreams: boolean;
  /** What former carriers brought. */
  readonly history: CarrierHistory;
  /** Whether there still is a carrier, which may be alive: then attempts must not be many. */
  readonly isAttached: boolean;
  /**
   * Commits on a challenged handshake and attaches. Rejects if that fails; the loop then goes on. Once `signal` is
   * aborted the attempt was given up, and an accept that comes all the same must not attach.
   */
  commit(challenged: Challenged, signal: AbortSignal): Promise<void>;
  /** An attempt failed; `attempts` counts those of this outage. */
  attemptFailed(error: unknown, attempts: number): void;
}

/**
 * Tries until attached or stopped.
 *
 * Invariant 1: any number of attempts may be challenged at once, but only one is committed at a time, and a later
 * commit carries a higher number. Attempts do not wait for each other.
 *
 * Source: `PROTOCOL.md`, "Reconnecting".
 */
export class ReconnectLoop {
  readonly #clock: Clock;
  readonly #host: ReconnectHost;
  /** Oldest first. */
  readonly #attempts: Set<Attempt> = new Set();
  readonly #places: Places;
  #started = 0;
  /** When the last attempt started, or the loop where it began with a pause. */
  #lastStartMs = -Infinity;
  #failures = 0;
  #committing: Attempt | undefined;
  #commitMs = COMMIT_MS;
  #impatience: Timer | undefined;
  #next: Timer | undefined;
  #nextMs = Infinity;
  #done = false;

  /** Starts the first attempt at once, or after a pause if the last carrier died at once and brought nothing. */
  constructor(clock: Clock, host: ReconnectHost) {
    this.#clock = clock;
    this.#host = host;
    this.#places = new Places(host.history.roundTripMs, host.paths);
    if (host.history.barren === 0) {
      this.#start();
    } else {
      this.#lastStartMs = clock.now();
      this.#plan(this.#pause());
    }
  }

  /** Attempts started so far. */
  get attempts(): number {
    return this.#started;
  }

  /** A user came: tries at once, unless that was done a moment ago. */
  hurry(): void {
    if (this.#done) return;
    this.#failures = 0;
    this.#host.history.someoneCame();
    const now = this.#clock.now();
    const soonestMs = this.#lastStartMs + HURRY_MS;
    if (now >= soonestMs) this.#start();
    // The pause under way may be a long one, from a time when nobody waited.
    else if (this.#attempts.size === 0 && this.#nextMs > soonestMs) this.#plan(soonestMs - now);
  }

  /** The machine woke or its addresses changed: attempts under way are worthless, starts over at once. */
  startOver(): void {
    this.#failures = 0;
    this.#commitMs = COMMIT_MS;
    this.#places.startOver();
    for (const attempt of [...this.#attempts]) if (attempt !== this.#committing) this.#drop(attempt);
    this.#start();
  }

  /** The carrier beside which it tried is lost: the pause under way was longer than those of an outage. */
  carrierLost(): void {
    if (!this.#done && this.#attempts.size === 0) this.#planAfterPause();
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

  /** The commit was accepted: the carrier is the session's from now on, whatever becomes of that. */
  accepted(): void {
    if (this.#committing !== undefined) this.#attached(this.#committing);
  }

  /** Starts an attempt, or plans to when there is a place for it. */
  #start(): void {
    if (this.#done) return;
    // Beside a carrier, one that is challenged is enough.
    if (this.#host.isAttached && this.#committing !== undefined) return this.#plan(NEXT_ATTEMPT_MS);
    const room = this.#places.find([...this.#attempts], this.#clock.now());
    if (room.kind === "none") return this.#plan(room.waitMs);
    if (room.kind === "taken over") this.#makeRoom(room.from);
    if (this.#done) return;
    const attempt = new Attempt(this.#lastStartMs = this.#clock.now(), this.#started++ % this.#host.paths);
    this.#limit(attempt, () => unanswered(attempt.reached));
    this.#attempts.add(attempt);
    this.#plan(Math.max(this.#nextAttemptMs, this.#pause()));
    this.#challenge(attempt).catch((error) => this.#failed(attempt, error));
  }

  /** Paths take turns, so that each has an attempt a second. */
  get #nextAttemptMs(): number {
    const { paths } = this.#host;
    return this.#started < paths ? Math.min(NEXT_PATH_MS, NEXT_ATTEMPT_MS / paths) : NEXT_ATTEMPT_MS / paths;
  }

  #planAfterPause(): void {
    this.#plan(Math.max(0, this.#pause() - (this.#clock.now() - this.#lastStartMs)));
  }

  #makeRoom(attempt: Attempt): void {
    // One that was challenged and is only one too many has not failed.
    if (attempt.answeredAt === undefined) this.#failed(attempt, unanswered(attempt.reached));
    else this.#drop(attempt);
  }

  #plan(delayMs: number): void {
    this.#next?.cancel();
    this.#nextMs = this.#clock.now() + delayMs;
    this.#next = this.#clock.setTimer(() => this.#start(), delayMs);
  }

  #limit(attempt: Attempt, reason: () => SilenceError): void {
    attempt.timer?.cancel();
    attempt.timer = this.#clock.setTimer(() => this.#failed(attempt, reason()), ATTEMPT_MS);
  }

  #pause(): number {
    const { hasStreams, isAttached, history: { barren, wasUseful, outageSince } } = this.#host;
    const failures = this.#failures + barren, outageMs = this.#clock.now() - outageSince;
    // Beside a carrier there is no outage yet, and when there is one, a pause that has grown would be left of this.
    return isAttached ? NEXT_ATTEMPT_MS : pauseMs({ failures, hasStreams, wasUseful, outageMs }, Math.random());
  }

  async #challenge(attempt: Attempt): Promise<void> {
    const { controller: { signal }, path } = attempt;
    const ticket = this.#host.ticket();
    const connected = (silence = ACCEPTED) => void (attempt.reached = silence);
    const duplex = await this.#host.dial(signal, connected, path, ticket);
    if (signal.aborted) return duplex.close();
    signal.addEventListener("abort", () => duplex.close(), { once: true });
    attempt.reached ??= ACCEPTED;
    const connectedAt = this.#clock.now();
    const handshake = await ClientHandshake.begin(duplex, this.#host.sessionId(), this.#host.isGuarded, ticket);
    if (signal.aborted) return;
    const now = attempt.answeredAt = this.#clock.now();
    attempt.challenged = { handshake, path, roundTripMs: now - connectedAt, tookMs: now - attempt.startedAt };
    this.#commitNext();
  }

  /** Commits the last challenged attempt that can resume; if there is none, the last challenged. */
  #commitNext(): void {
    if (this.#done || this.#committing !== undefined) return;
    const challenged = [...this.#attempts].filter(({ answeredAt }) => answeredAt !== undefined)
      .sort((one, other) => other.answeredAt! - one.answeredAt!);
    const attempt = challenged.find(({ challenged }) => challenged?.handshake.status === "ready") ?? challenged[0];
    if (attempt?.challenged === undefined) return;
    this.#committing = attempt;
    attempt.committedAt = this.#clock.now();
    this.#limit(attempt, unaccepted);
    this.#impatience?.cancel();
    this.#impatience = this.#clock.setTimer(() => this.#preferAnother(attempt), COMMIT_MS);
    this.#host.commit(attempt.challenged, attempt.controller.signal).then(
      () => this.#attached(attempt),
      (error) => this.#failed(attempt, error),
    );
  }

  /** The commit has waited for long: an attempt that was challenged meanwhile may be luckier. */
  #preferAnother(attempt: Attempt): void {
    if (this.#committing !== attempt) return;
    const committedAt = attempt.committedAt!;
    const others = [...this.#attempts].filter((other) => other !== attempt && (other.answeredAt ?? -1) >= committedAt);
    // The fastest of them knows the path as it is now; this one may have waited for a network that was broken.
    const tookMs = Math.min(...[attempt, ...others].map(({ startedAt, answeredAt }) => answeredAt! - startedAt));
    const dueMs = Math.max(this.#commitMs, 2 * tookMs) + (this.#mayProveToken(attempt) ? TOKEN_REFUSAL_DELAY_MS : 0);
    if (others.length > 0 && this.#clock.now() - committedAt >= dueMs) {
      this.#commitMs = Math.min(2 * this.#commitMs, MOST_COMMIT_MS);
      return this.#failed(attempt, unaccepted());
    }
    this.#impatience = this.#clock.setTimer(() => this.#preferAnother(attempt), COMMIT_MS / 4);
  }

  /** A wrong token is answered late, and must not be taken for silence. */
  #mayProveToken({ challenged }: Attempt): boolean {
    const { isGuarded } = this.#host;
    return isGuarded && (this.#host.sessionId() === undefined || challenged?.handshake.status !== "ready");
  }

  #attached(attempt: Attempt): void {
    if (!this.#attempts.delete(attempt)) return;
    attempt.timer?.cancel();
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
    this.#planAfterPause();
    this.#commitNext();
  }

  #drop(attempt: Attempt): void {
    this.#attempts.delete(attempt);
    attempt.timer?.cancel();
    attempt.controller.abort();
  }
}

/**
 * Dials for more carriers beside one that works.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { ClientHandshake } from "../handshake/client_handshake.ts";
import type { ReconnectHost } from "./reconnect.ts";

/** Behind an attempt that failed, or a carrier that is lost, the next one waits for so long, in milliseconds. */
const PAUSE_MS = 1_000;

/** No attempt lasts longer than this, in milliseconds. */
const ATTEMPT_MS = 60_000;

/** What it asks of the client. */
export interface JoinerHost extends Pick<ReconnectHost, "dial" | "isGuarded"> {
  /** The session. */
  sessionId(): Uint8Array;
  /** How many carriers there are that work; 0 in an outage, and while all are in doubt. */
  working(): number;
  /** How many there may be. */
  most(): number;
  /**
   * Joins the session on a handshake that the server has answered with _ready_, and attaches. Rejects if that fails;
   * once `signal` is aborted the attempt was given up.
   *
   * @param attaching To be called in the step that attaches, before it.
   */
  join(handshake: ClientHandshake, roundTripMs: number, signal: AbortSignal, attaching: () => void): Promise<void>;
  /** An attempt failed. */
  attemptFailed(error: unknown): void;
}

class Attempt {
  readonly controller = new AbortController();
  readonly limit: Timer;

  constructor(clock: Clock) {
    this.limit = clock.setTimer(() => this.controller.abort(), ATTEMPT_MS);
  }
}

/**
 * Keeps as many carriers as are wanted, while there is one that works: attempts for all that are missing at once, but one a
 * second behind a failure or a loss.
 *
 * Source: `PROTOCOL.md`, "Beside a carrier".
 */
export class Joiner {
  readonly #clock: Clock;
  readonly #host: JoinerHost;
  readonly #attempts: Set<Attempt> = new Set();
  #wanted = 1;
  /** Whether an attempt has failed, or a carrier was lost, since there were enough. */
  #isWary = false;
  /** Until then nobody is dialled. */
  #pause: Timer | undefined;
  #isStopped = false;

  /** Wants no more than one. */
  constructor(clock: Clock, host: JoinerHost) {
    this.#clock = clock;
    this.#host = host;
  }

  /** How many are wanted. */
  get wanted(): number {
    return this.#wanted;
  }

  /** There are to be `count` carriers from now on. */
  want(count: number): void {
    this.#wanted = count;
    this.look();
  }

  /** Something has changed: dials for those that are missing, or gives up what is not wanted any more. */
  look(): void {
    if (this.#isStopped) return;
    const working = this.#host.working();
    const missing = working === 0 ? 0 : Math.min(this.#wanted, this.#host.most()) - working;
    if (missing <= 0 && working > 0) this.#trust();
    while (this.#attempts.size > Math.max(0, missing)) this.#drop([...this.#attempts].at(-1)!);
    if (this.#pause !== undefined || this.#attempts.size >= missing) return;
    this.#start();
    // One by one behind a failure, until all are there.
    if (this.#isWary) this.#startPause();
    this.look();
  }

  /** A carrier is lost beside others. */
  lost(): void {
    this.#startPause();
    this.look();
  }

  /** Gives up all attempts, and dials no more. */
  stop(): void {
    this.#isStopped = true;
    this.#pause?.cancel();
    for (const attempt of [...this.#attempts]) this.#drop(attempt);
  }

  #start(): void {
    const attempt = new Attempt(this.#clock);
    this.#attempts.add(attempt);
    this.#attempt(attempt).catch((error) => this.#failed(attempt, error));
  }

  async #attempt(attempt: Attempt): Promise<void> {
    const { signal } = attempt.controller;
    const { isGuarded } = this.#host;
    const duplex = await this.#host.dial(signal, () => {});
    if (signal.aborted) return duplex.close();
    const close = () => duplex.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      const connectedAt = this.#clock.now();
      const handshake = await ClientHandshake.begin(duplex, this.#host.sessionId(), isGuarded);
      // Only the accept of a new session is proven, and this one has a carrier that works.
      if (handshake.status !== "ready") throw new Error("the server does not know the session");
      await this.#host.join(handshake, this.#clock.now() - connectedAt, signal, () => {
        // It is the session's from now on.
        signal.removeEventListener("abort", close);
        this.#end(attempt);
      });
    } catch (error) {
      close();
      throw error;
    }
  }

  #end(attempt: Attempt): boolean {
    attempt.limit.cancel();
    return this.#attempts.delete(attempt);
  }

  #failed(attempt: Attempt, error: unknown): void {
    if (!this.#end(attempt)) return;
    this.#host.attemptFailed(error);
    this.#startPause();
  }

  #trust(): void {
    this.#isWary = false;
    this.#pause?.cancel();
    this.#pause = undefined;
  }

  #startPause(): void {
    if (this.#isStopped) return;
    this.#isWary = true;
    this.#pause ??= this.#clock.setTimer(() => {
      this.#pause = undefined;
      this.look();
    }, PAUSE_MS);
  }

  #drop(attempt: Attempt): void {
    this.#end(attempt);
    attempt.controller.abort();
  }
}

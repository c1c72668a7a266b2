/**
 * Dials for more carriers beside one that works.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { ClientHandshake } from "../handshake/client_handshake.ts";
import { type Attempt, PathAttempts } from "./path_attempts.ts";
import type { ReconnectHost } from "./reconnect.ts";

/** What it asks of the client. */
export interface JoinerHost extends Pick<ReconnectHost, "dial" | "isGuarded" | "paths" | "ticket"> {
  /** The session. */
  sessionId(): Uint8Array;
  /** How many carriers of a path there are that work; 0 in an outage, and while all are in doubt. */
  working(path: number): number;
  /** How many there may be, on all paths together. */
  most(): number;
  /**
   * Joins the session on a handshake that the server has answered with _ready_, and attaches. Rejects if that fails;
   * once `signal` is aborted the attempt was given up.
   *
   * @param attaching To be called in the step that attaches, before it.
   */
  join(
    handshake: ClientHandshake,
    terms: { path: number; roundTripMs: number; signal: AbortSignal; attaching: () => void },
  ): Promise<void>;
  /** An attempt on a path failed. */
  attemptFailed(error: unknown, path: number): void;
}

/**
 * Keeps as many carriers as are wanted, while there is one that works: attempts for all that are missing at once, on the
 * path that has the fewest, but one a second behind a failure or a loss there. A path without any has one attempt in
 * the background, whatever others have.
 *
 * Source: `PROTOCOL.md`, "Reconnecting", "Several paths".
 */
export class Joiner {
  readonly #clock: Clock;
  readonly #host: JoinerHost;
  readonly #paths: readonly PathAttempts[];
  #wanted = 1;
  #isStopped = false;

  /** Wants no more than one on each path. */
  constructor(clock: Clock, host: JoinerHost) {
    this.#clock = clock;
    this.#host = host;
    this.#paths = Array.from({ length: host.paths }, (_, path) =>
      new PathAttempts({
        clock,
        run: (attempt) => this.#attempt(attempt, path),
        attemptFailed: (error) => host.attemptFailed(error, path),
        onPauseOver: () => this.look(),
      }));
  }

  /** How many are wanted: one on each path at the least. */
  get wanted(): number {
    return Math.max(this.#wanted, this.#paths.length);
  }

  /** There are to be `count` carriers from now on. */
  want(count: number): void {
    this.#wanted = count;
    this.look();
  }

  /** Something has changed: dials for those that are missing, or gives up what is not wanted any more. */
  look(): void {
    if (this.#isStopped) return;
    const working = this.#paths.map((_, path) => this.#host.working(path));
    const isOutage = working.every((count) => count === 0);
    const counts = isOutage ? working : dealt(Math.min(this.wanted, this.#host.most()), working);
    this.#paths.forEach((attempts, path) => attempts.keep(counts[path] - working[path], working[path]));
  }

  /** A carrier of a path is lost beside others. */
  lost(path: number): void {
    if (this.#isStopped) return;
    this.#paths[path].lost();
    this.look();
  }

  /** The machine woke or its addresses changed: paths that are down are dialed at once. */
  startOver(): void {
    for (const attempts of this.#paths) attempts.startOver();
    this.look();
  }

  /** Gives up all attempts, and dials no more. */
  stop(): void {
    this.#isStopped = true;
    for (const attempts of this.#paths) attempts.stop();
  }

  async #attempt(attempt: Attempt, path: number): Promise<void> {
    const { signal } = attempt.controller;
    const { isGuarded } = this.#host;
    const ticket = this.#host.ticket();
    const duplex = await this.#host.dial(signal, () => {}, path, ticket);
    if (signal.aborted) return duplex.close();
    const close = () => duplex.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      const connectedAt = this.#clock.now();
      const handshake = await ClientHandshake.begin(duplex, this.#host.sessionId(), isGuarded, ticket);
      // Only the accept of a new session is proven, and this one has a carrier that works.
      if (handshake.status !== "ready") throw new Error("the server does not know the session");
      const roundTripMs = this.#clock.now() - connectedAt;
      const attaching = () => {
        // It is the session's from now on.
        signal.removeEventListener("abort", close);
        this.#paths[path].attached(attempt);
      };
      await this.#host.join(handshake, { path, roundTripMs, signal, attaching });
    } catch (error) {
      close();
      throw error;
    }
  }
}

/**
 * How many carriers each path is to have, when there are to be `count`: those that work stay, and each further one goes
 * where the fewest are, but to a path where none works only one.
 *
 * @example
 * ```ts
 * import { dealt } from "./joiner.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(dealt(6, [1, 1]), [3, 3]);
 * assertEquals(dealt(6, [1, 0]), [5, 1]);
 * assertEquals(dealt(2, [3, 0]), [3, 0]);
 * ```
 */
export function dealt(count: number, working: readonly number[]): number[] {
  const counts = [...working];
  const sum = () => counts.reduce((all, some) => all + some, 0);
  const mayHave = (path: number) => working[path] > 0 || counts[path] === 0;
  while (sum() < count) {
    const [next] = counts.map((_, path) => path).filter(mayHave).sort((one, other) => counts[one] - counts[other]);
    if (next === undefined) break;
    counts[next]++;
  }
  return counts;
}

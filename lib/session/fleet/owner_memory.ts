/**
 * What was learned of owners a moment ago. Source: `PROTOCOL.md`, "Fleet".
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { Clock } from "../../net/clock.ts";
import { HANDSHAKE_TIMEOUT_MS, OWNER_PAUSE_MS, OWNER_TIMEOUT_MS } from "../session_constants.ts";

/** Most sessions that are remembered as gone. */
const MOST_GONE = 1024;

/** The shortest pause between two that ask a node in vain, in milliseconds. */
const LEAST_PAUSE_MS = 100;

/** A node that could not be reached. */
interface Failure {
  /** Until when nobody asks it. */
  untilMs: number;
}

/**
 * Remembers which sessions are gone, until the carrier that has asked is through its handshake; and which nodes could
 * not be reached, so that carriers do not wait for one that is away, each for itself: after a pause one of them tries.
 *
 * @example
 * ```ts
 * import { OwnerMemory } from "./owner_memory.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new OwnerMemory(systemClock);
 * assertEquals(memory.mayAsk("10.0.0.1:40301"), true);
 * assertEquals(memory.failed("10.0.0.1:40301", 2_000), true);
 * assertEquals(memory.mayAsk("10.0.0.1:40301"), false);
 * ```
 */
export class OwnerMemory {
  readonly #clock: Clock;
  readonly #failures: Map<string, Failure> = new Map();
  /** Identifiers of sessions: until when that is remembered. The oldest comes first. */
  readonly #gone: Map<string, number> = new Map();

  /** Nothing was learned yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a carrier may ask this node now. Of a node that could not be reached, one at a time. */
  mayAsk(node: string): boolean {
    const failure = this.#failures.get(node);
    if (failure === undefined) return true;
    if (this.#clock.now() < failure.untilMs) return false;
    failure.untilMs = this.#clock.now() + OWNER_TIMEOUT_MS + OWNER_PAUSE_MS;
    return true;
  }

  /**
   * It could not be reached, which took `tookMs` milliseconds. Who hears at once that nobody is there has not waited, and soon
   * asks again: another process may be there, and then the session is gone for certain.
   *
   * @returns Whether that is news.
   */
  failed(node: string, tookMs: number): boolean {
    const isNews = !this.#failures.has(node);
    const pauseMs = Math.max(LEAST_PAUSE_MS, Math.min(tookMs, OWNER_PAUSE_MS));
    this.#failures.set(node, { untilMs: this.#clock.now() + pauseMs });
    return isNews;
  }

  /** It has answered. Returns whether that is news. */
  answered(node: string): boolean {
    return this.#failures.delete(node);
  }

  /** This session is gone for certain. */
  forget(sessionId: Uint8Array): void {
    const name = encodeHex(sessionId);
    this.#gone.delete(name);
    this.#gone.set(name, this.#clock.now() + HANDSHAKE_TIMEOUT_MS);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > MOST_GONE) this.#gone.delete(oldest!);
  }

  /** Whether this session is known to be gone. */
  isGone(sessionId: Uint8Array): boolean {
    return (this.#gone.get(encodeHex(sessionId)) ?? -Infinity) > this.#clock.now();
  }
}

/**
 * Sessions that ended since their token was withdrawn, as much of them as tells their clients so. Source: `PROTOCOL.md`,
 * "Names of tokens".
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { Clock } from "../net/clock.ts";
import { closeBehindLastWord } from "../net/last_word.ts";
import { encodeEnding, type Ending } from "./ending.ts";
import type { ServerHandshake } from "./handshake/server_handshake.ts";
import type { Session } from "./session.ts";

/** How long a client may take to read that its session is over, in milliseconds. */
const TOLD_MS = 1_000;

/** What a join is proven with. */
export interface Joinable {
  /** The session's join secret. */
  readonly joinSecret: Uint8Array;
  /** Name of the token that it began with, if that has one. */
  readonly tokenName: string | undefined;
}

/** A session that was ended. */
export interface WithdrawnSession extends Joinable {
  /** Its identifier. */
  readonly id: Uint8Array;
  /** Why it ended. */
  readonly ending: Ending;
  /** Until its client may come back for it, in milliseconds of the clock. */
  readonly untilMs: number;
}

/**
 * Remembers them for as long as their clients wait.
 *
 * A client in an outage believes nobody who does not prove to be the server of its session (invariant 9), and the token
 * by which a server could prove itself anew is gone. So the session's own secret stays, or it would wait in vain, and
 * its users with it.
 *
 * @example
 * ```ts
 * import { WithdrawnSessions } from "./withdrawn_sessions.ts";
 * import { assertEquals } from "@std/assert";
 * import { systemClock } from "../net/clock.ts";
 *
 * const sessions = new WithdrawnSessions(systemClock, 10);
 * assertEquals(sessions.find(new Uint8Array(16)), undefined);
 * ```
 */
export class WithdrawnSessions {
  readonly #clock: Clock;
  readonly #most: number;
  /** The oldest first. */
  readonly #sessions: Map<string, WithdrawnSession> = new Map();

  /** Remembers the last `most` of them. */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** How many are remembered. */
  get count(): number {
    return this.#sessions.size;
  }

  /** `session` is about to end by `ending`. */
  add({ id, joinSecret, resumeTimeoutMs }: Session, tokenName: string | undefined, ending: Ending): void {
    const now = this.#clock.now();
    for (const [name, { untilMs }] of this.#sessions) if (untilMs <= now) this.#sessions.delete(name);
    this.#sessions.set(encodeHex(id), { id, joinSecret, tokenName, ending, untilMs: now + resumeTimeoutMs });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > this.#most) this.#sessions.delete(oldest!);
  }

  /** The session of this identifier, if it is remembered. */
  find(id: Uint8Array): WithdrawnSession | undefined {
    const session = this.#sessions.get(encodeHex(id));
    return session !== undefined && session.untilMs > this.#clock.now() ? session : undefined;
  }
}

/**
 * Tells a client whose proof of a join held that its session is over: an accept, which is proven, and a goodbye behind
 * it. Ends the carrier; never rejects for what happens to that.
 *
 * @param number The carrier's, as the commit has it.
 */
export async function tellWithdrawn(
  handshake: ServerHandshake,
  number: number,
  { id, ending }: WithdrawnSession,
  clock: Clock,
): Promise<void> {
  const { channel } = handshake;
  const accept = await handshake.accept({ sessionId: id, number, fields: new Map() });
  await channel.send(accept).then(() => channel.send(encodeEnding("goodbye", ending))).catch(() => {});
  await closeBehindLastWord(channel.duplex, clock, TOLD_MS);
}

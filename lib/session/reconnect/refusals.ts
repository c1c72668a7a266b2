/**
 * Which failure at first contact is the last word.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { TeleError } from "../../net/error.ts";
import { RefusalError } from "../ending.ts";
import { FullError } from "../handshake/client_handshake.ts";
import type { Session } from "../session.ts";
import { EndCode } from "../session_constants.ts";

/** What is known of the other sessions of the same client. */
export interface Siblings {
  /**
   * Whether there are some: they may be what takes the room that a further one needs, and end.
   *
   * @default {there are none}
   */
  hasSiblings?(): boolean;
  /**
   * The server that has this session has been away for long, and an attempt has just shown that it still is: users may
   * go to another one.
   *
   * @default {they wait}
   */
  onOwnerAway?(): void;
}

/** Whether the peer gave this reason for a refusal, or an end. */
export function isTold(error: unknown, code: number): boolean {
  return error instanceof RefusalError && error.endCode === code;
}

/** Options of {@linkcode Refusals}. */
export interface RefusalsOptions extends Siblings {
  /** Time. */
  clock: Pick<Clock, "now">;
}

/**
 * How long users wait for a server that has room, where there are several, in milliseconds: attempts come to many of them
 * meanwhile.
 */
const FULL_MS = 3_000;

/** What is asked of a session: whether it has begun, and whether somebody waits for it. */
export type WaitingSession = Pick<Session, "id" | "isEmpty">;

/** Consecutive doubted attempts that are a refusal: they take half a second, and outages mix their ways to fail. */
const MOST_DOUBTED = 5;

/**
 * Tells a refusal, which somebody must mend, from an outage, which time mends.
 *
 * @example
 * ```ts
 * import { Refusals } from "./refusals.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { TeleError } from "../../net/error.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [refusals, session] = [new Refusals({ clock: systemClock }), { id: new Uint8Array(0), isEmpty: false }];
 * assertEquals(refusals.isFinal(new TeleError("carrier-lost", "reset"), session), false);
 * assertEquals(refusals.isFinal(new TeleError("refused", "another version"), session), true);
 * ```
 */
export class Refusals {
  /** Attempts in a row until now that were doubted. */
  #doubted = 0;
  readonly #options: RefusalsOptions;
  /** The session for which servers have no room though users wait, and since when. */
  #full: { readonly session: WaitingSession; readonly sinceMs: number } | undefined;

  /** No attempt has failed. */
  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  /**
   * An attempt failed: whether users are told, since somebody must change a token, a certificate or a version before it can
   * work, or end sessions. Only at first contact: what answers in an outage may be anybody.
   *
   * @param session The one that is to begin, or to be found again.
   */
  isFinal(error: unknown, session: WaitingSession): error is TeleError {
    const code = error instanceof TeleError ? error.code : undefined;
    this.#doubted = code === "doubted" ? this.#doubted + 1 : 0;
    if (session.id.length > 0) return false;
    // A server that is drained: the next one answers in its place.
    if (isTold(error, EndCode.draining)) return false;
    if (error instanceof FullError) return !this.#options.hasSiblings?.() && this.#isFullForLong(error, session);
    return code === "refused" || code === "untrusted" || this.#doubted >= MOST_DOUBTED;
  }

  /** By then a balancer has dealt attempts to several servers. Whose users were told is followed by another session. */
  #isFullForLong({ hasOthers }: FullError, session: WaitingSession): boolean {
    const now = this.#options.clock.now();
    if (session.isEmpty) this.#full = undefined;
    else if (this.#full?.session !== session) this.#full = { session, sinceMs: now };
    return !hasOthers || (this.#full !== undefined && now - this.#full.sinceMs >= FULL_MS);
  }
}

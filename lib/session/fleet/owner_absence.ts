/**
 * How long the owner of a client's session has been away.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Session } from "../session.ts";
import type { Siblings } from "../reconnect/refusals.ts";
import { OWNER_AWAY_MS } from "../session_constants.ts";
import { OwnerAwayError } from "./owner_away.ts";

/** Options of {@linkcode OwnerAbsence}. */
export interface OwnerAbsenceOptions extends Pick<Siblings, "onOwnerAway"> {
  /** Time. */
  clock: Clock;
}

/** What is asked of the session. */
export type AwaitingSession = Pick<Session, "detachedAt" | "losesNoUser">;

/**
 * Knows whether new users are to go to another session, since the owner of this one has been away for
 * {@linkcode OWNER_AWAY_MS}. What the session holds waits for it (invariant 9). Source: `PROTOCOL.md`, "Fleet".
 *
 * @example
 * ```ts
 * import { OwnerAbsence } from "./owner_absence.ts";
 * import { OwnerAwayError } from "./owner_away.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const session = { detachedAt: systemClock.now() - 5_000, losesNoUser: false };
 * const absence = new OwnerAbsence({ clock: systemClock }, () => session);
 * assertEquals(absence.isLong, false);
 * absence.failed(new OwnerAwayError());
 * assertEquals(absence.isLong, true);
 * ```
 */
export class OwnerAbsence {
  readonly #options: OwnerAbsenceOptions;
  readonly #session: () => AwaitingSession;
  /** When a server said so last. */
  #toldAt = -Infinity;
  /** Whether the last attempt failed by that. */
  #wasTold = false;

  /** `session` is the present one. */
  constructor(options: OwnerAbsenceOptions, session: () => AwaitingSession) {
    this.#options = options;
    this.#session = session;
  }

  /** An attempt failed by `error`. */
  failed(error: unknown): void {
    this.#wasTold = error instanceof OwnerAwayError;
    if (!this.#wasTold) return;
    this.#toldAt = this.#options.clock.now();
    if (this.isLong) this.#options.onOwnerAway?.();
  }

  get #isTold(): boolean {
    return this.#toldAt >= (this.#session().detachedAt ?? Infinity);
  }

  /**
   * Whether the next attempt asks for a new session, since this one loses nothing. If that is in vain for
   * {@linkcode OWNER_AWAY_MS}, the owner is looked for again, which may be back. Anyone may have said that its owner is away,
   * so it is over only when a server has proven itself by an accept (invariant 9).
   */
  get isGivenUp(): boolean {
    const isFresh = this.#wasTold || this.#options.clock.now() - this.#toldAt < OWNER_AWAY_MS;
    return isFresh && this.#isTold && this.#session().losesNoUser;
  }

  /**
   * Whether the session has had no carrier for so long, though a server has said meanwhile that the owner is away, and has
   * something to lose: users who come are to have another one beside it.
   */
  get isLong(): boolean {
    const { detachedAt = Infinity, losesNoUser } = this.#session();
    return this.#isTold && !losesNoUser && this.#options.clock.now() - detachedAt >= OWNER_AWAY_MS;
  }
}

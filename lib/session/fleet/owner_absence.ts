/**
 * How long the owner of a client's session has been away.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Session } from "../session.ts";
import type { Siblings } from "../reconnect/refusals.ts";
import { OWNER_AWAY_MS } from "../session_constants.ts";
import { isNotWaitedFor, OwnerAwayError } from "./owner_away.ts";

/** Options of {@linkcode OwnerAbsence}. */
export interface OwnerAbsenceOptions extends Pick<Siblings, "onOwnerAway"> {
  /** Time. */
  clock: Clock;
}

/** What is asked of the session. */
export type AwaitingSession = Pick<Session, "detachedAt" | "carrier" | "losesNoUser">;

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
 * const session = { detachedAt: systemClock.now() - 5_000, carrier: undefined, losesNoUser: false };
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

  /** `session` is the present one. */
  constructor(options: OwnerAbsenceOptions, session: () => AwaitingSession) {
    this.#options = options;
    this.#session = session;
  }

  /** An attempt failed by `error`. Returns whether the session is not waited for: see {@linkcode isNotWaitedFor}. */
  failed(error: unknown): boolean {
    if (!(error instanceof OwnerAwayError)) return false;
    if (isNotWaitedFor(error, this.#session())) return true;
    this.#toldAt = this.#options.clock.now();
    if (this.isLong) this.#options.onOwnerAway?.();
    return false;
  }

  /** Whether the session has had no carrier for so long, and a server has said meanwhile that the owner is away. */
  get isLong(): boolean {
    const { detachedAt } = this.#session();
    if (detachedAt === undefined || this.#toldAt < detachedAt) return false;
    return this.#options.clock.now() - detachedAt >= OWNER_AWAY_MS;
  }
}

/**
 * What a client makes of an owner that cannot be reached.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import type { Session } from "../session.ts";

/** The server that answers is not the one that has the session, and cannot reach that. Anyone can say so. */
export class OwnerAwayError extends TeleError {
  /** An error that says what is waited for. */
  constructor() {
    super("carrier-lost", "the tele server that answers is not the one that holds the session, and cannot reach that");
    this.name = "OwnerAwayError";
  }
}

/**
 * Whether a client begins another session behind a failed attempt, since it would wait for one whose owner is away, and
 * whose end loses nothing. What has something to lose waits for its owner (invariant 9).
 *
 * @example
 * ```ts
 * import { isNotWaitedFor, OwnerAwayError } from "./owner_away.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const session = { carrier: undefined, losesNoUser: true };
 * assertEquals(isNotWaitedFor(new OwnerAwayError(), session), true);
 * assertEquals(isNotWaitedFor(new OwnerAwayError(), { ...session, losesNoUser: false }), false);
 * assertEquals(isNotWaitedFor(new Error("reset"), session), false);
 * ```
 */
export function isNotWaitedFor(error: unknown, session: Pick<Session, "carrier" | "losesNoUser">): boolean {
  return error instanceof OwnerAwayError && session.carrier === undefined && session.losesNoUser;
}

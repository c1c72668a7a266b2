/**
 * Which users may lose their streams, and why.
 *
 * @module
 */
import type { SimClock } from "./clock.ts";
import type { SimUser } from "./user.ts";
import type { Verdict } from "./verdict.ts";

/** Something after which streams may be lost. */
export type Cause =
  | "client killed"
  | "client stopped"
  | "server killed"
  | "server stopped"
  | "first contact"
  | "expired";

/** One end of a client's session that a stream may have been told to. */
export interface Exposure {
  /** When the first end of this session began. */
  readonly sessionBornMs: number;
}

/** What may be lost in one run. */
export class Losses {
  readonly #verdict: Verdict;
  readonly #clock: SimClock;
  readonly #hasRogues: boolean;
  readonly #causes: { cause: Cause; atMs: number }[] = [];
  readonly #exposed: Map<SimUser, Set<Exposure>> = new Map();

  /** With rogues a server dials for streams of nobody. */
  constructor(verdict: Verdict, clock: SimClock, hasRogues: boolean) {
    this.#verdict = verdict;
    this.#clock = clock;
    this.#hasRogues = hasRogues;
  }

  /** Streams may be lost from now on. */
  because(cause: Cause): void {
    this.#verdict.trace(cause);
    this.#causes.push({ cause, atMs: this.#clock.now() });
  }

  /** A user's client opened a stream. */
  opened(user: SimUser): void {
    this.#exposed.set(user, new Set());
  }

  /** The stream of `user` may have been told to the peer of `session`. */
  expose(user: SimUser, session: Exposure): void {
    this.#exposed.get(user)?.add(session);
  }

  mayLose(user: SimUser): boolean {
    if (!user.isClient) return this.#causes.length > 0 || (this.#hasRogues && user.partner === undefined);
    const exposures = [...this.#exposed.get(user) ?? []];
    return this.#causes.some(({ cause, atMs }) => {
      // Whom no peer has heard of is nobody's to lose but the client's own.
      if (cause === "expired" && exposures.length === 0) return false;
      if (cause !== "server killed" && cause !== "server stopped") return atMs >= user.openedMs;
      return exposures.some(({ sessionBornMs }) => atMs >= sessionBornMs);
    });
  }
}

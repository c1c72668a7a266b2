/**
 * What a server does with the services that its clients offer.
 *
 * @module
 */
import { type OfferAnswer } from "./handshake/offers.ts";
import { offerLines } from "./offer_lines.ts";
import { OfferedNames, type Offerer } from "./offered_names.ts";
import type { SessionEntry } from "./session_entry.ts";
import type { SessionLog } from "./session_log.ts";
import type { TokenKeeper } from "./token_keeper.ts";

/** What a server takes of its clients. */
export interface OffersTaken<Upper> {
  /**
   * Names of the services of clients that the server listens for.
   *
   * @default {[]}
   */
  listensFor?: readonly string[];
  /** A session is over: moves what its peer never heard of to those that have the same names now. */
  bequeath?: (from: Upper, heirOf: (service: string | undefined) => Upper | undefined) => void;
}

/** What a client offers whose session is about to begin. */
export interface Offer<Upper> {
  /** What becomes of each name, to be told in the accept. */
  readonly answers: readonly OfferAnswer[];
  /** Whether that is still so: meanwhile another client may have taken a name, or a token changed. */
  readonly stands: boolean;
  /** Its session is there. */
  take(entry: SessionEntry, upper: Upper): void;
}

/**
 * Asks {@linkcode OfferedNames} and the tokens, and tells the log.
 *
 * Source: `PROTOCOL.md`, "Services of a client".
 */
export class SessionOffers<Upper> {
  readonly #taken: OffersTaken<Upper>;
  readonly #tokens: Pick<TokenKeeper, "mayOffer">;
  readonly #lines: Pick<SessionLog, "tell">;
  readonly #names: OfferedNames<SessionEntry, Upper>;

  /** Nobody offers anything. */
  constructor(
    taken: OffersTaken<Upper>,
    { tokens, lines }: { tokens: Pick<TokenKeeper, "mayOffer">; lines: Pick<SessionLog, "tell"> },
  ) {
    this.#taken = taken;
    this.#tokens = tokens;
    this.#lines = lines;
    this.#names = new OfferedNames(taken.listensFor ?? []);
  }

  /** Where streams for a service of this name are opened; `undefined` if nobody offers it, or it has no name. */
  offererOf(service: string | undefined): Upper | undefined {
    return service === undefined ? undefined : this.#names.holderOf(service)?.upper;
  }

  /** The client of a session that is about to begin offers `names`. */
  ask(newcomer: Pick<Offerer, "identity" | "claim">, names: readonly string[]): Offer<Upper> {
    const mayOffer = (name: string) => this.#tokens.mayOffer(newcomer.claim.name, name);
    const answersNow = () => this.#names.answers(newcomer, names, mayOffer);
    const answers = answersNow();
    return {
      answers,
      get stands() {
        return answersNow().join() === answers.join();
      },
      take: (entry, upper) => {
        this.#names.add({ entry, upper }, names, mayOffer);
        for (const { level, words } of offerLines(names, answers)) this.#lines.tell("offers", level, entry, words);
      },
    };
  }

  /**
   * The session of `entry` is about to end: its names, and the users who wait there, are for those who come next. Without
   * one it was never there.
   */
  passOn(entry: SessionEntry | undefined, upper: Upper): void {
    if (entry === undefined) return;
    for (const [name, next] of this.#names.delete(entry)) {
      this.#lines.tell("offers", "info", next.entry, `has the name ${name} now`);
    }
    this.#taken.bequeath?.(upper, (service) => this.offererOf(service));
  }
}

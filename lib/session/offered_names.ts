/**
 * The services that a server's clients offer: which session has which name.
 *
 * @module
 */
import type { OfferAnswer } from "./handshake/offers.ts";
import type { SessionEntry } from "./session_entry.ts";

/** A session that offers services. */
export type Offerer = Pick<SessionEntry, "identity" | "claim" | "isReplacedBy">;

/** A session of an `Entry`, with the layer above it. */
export interface Claimant<Entry, Upper> {
  /** What the server knows of it. */
  readonly entry: Entry;
  /** Where streams for its services are opened. */
  readonly upper: Upper;
}

/**
 * Who has each name that a server listens for, and who waits for it: the first to come has it, with a carrier or
 * without, until its session ends; then the next. A pure core. Source: `PROTOCOL.md`, "Services of a client".
 *
 * A client that was killed comes back while its former session still has its names. So its newer session waits directly
 * behind the one that it will end, in front of all others.
 *
 * @example
 * ```ts
 * import { OfferedNames } from "./offered_names.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const claim = { name: undefined, salt: new Uint8Array(32) };
 * const entry = () => ({ identity: undefined, claim, isReplacedBy: () => false });
 * const names = new OfferedNames<ReturnType<typeof entry>, string>(["db"]);
 * const [one, other] = [entry(), entry()];
 * assertEquals(names.answers(one, ["db", "web"], () => true), ["has", "refused"]);
 * names.add({ entry: one, upper: "one" }, ["db"], () => true);
 * assertEquals(names.answers(other, ["db"], () => true), ["waits"]);
 * names.add({ entry: other, upper: "other" }, ["db"], () => true);
 * assertEquals(names.holderOf("db")?.upper, "one");
 * names.delete(one);
 * assertEquals(names.holderOf("db")?.upper, "other");
 * ```
 */
export class OfferedNames<Entry extends Offerer, Upper> {
  readonly #queues: ReadonlyMap<string, Claimant<Entry, Upper>[]>;

  /** Nobody has any of `names`, which are those that the server listens for. */
  constructor(names: readonly string[]) {
    this.#queues = new Map(names.map((name) => [name, []]));
  }

  /** Who has this name. */
  holderOf(name: string): Claimant<Entry, Upper> | undefined {
    return this.#queues.get(name)?.[0];
  }

  /** What becomes of `names` if the session of `newcomer` offers them, as far as it may. */
  answers(
    newcomer: Pick<Offerer, "identity" | "claim">,
    names: readonly string[],
    mayOffer: (name: string) => boolean,
  ): OfferAnswer[] {
    return names.map((name) => {
      const queue = this.#queues.get(name);
      if (queue === undefined || !mayOffer(name)) return "refused";
      const isNext = queue.slice(0, placeOf(newcomer, queue)).every(({ entry }) => entry.isReplacedBy(newcomer));
      return isNext ? "has" : "waits";
    });
  }

  /** A session offers `names`. */
  add(claimant: Claimant<Entry, Upper>, names: readonly string[], mayOffer: (name: string) => boolean): void {
    for (const name of names) {
      const queue = this.#queues.get(name);
      if (queue !== undefined && mayOffer(name)) queue.splice(placeOf(claimant.entry, queue), 0, claimant);
    }
  }

  /**
   * The session of `entry` is over.
   *
   * @returns The names that it had, and others have now.
   */
  delete(entry: Entry): [name: string, holder: Claimant<Entry, Upper>][] {
    const passed: [string, Claimant<Entry, Upper>][] = [];
    for (const [name, queue] of this.#queues) {
      const at = queue.findIndex((claimant) => claimant.entry === entry);
      if (at === -1) continue;
      queue.splice(at, 1);
      if (at === 0 && queue.length > 0) passed.push([name, queue[0]!]);
    }
    return passed;
  }
}

/** Behind the last session that `newcomer` replaces; behind all others if there is none. */
function placeOf<Entry extends Offerer>(
  newcomer: Pick<Offerer, "identity" | "claim">,
  queue: readonly { readonly entry: Entry }[],
): number {
  const former = queue.findLastIndex(({ entry }) => entry.isReplacedBy(newcomer));
  return former === -1 ? queue.length : former + 1;
}

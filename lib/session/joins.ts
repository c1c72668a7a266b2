/**
 * Carriers on their way into a session, and what both ends tell of those that are out of it.
 *
 * @module
 */
import { RefusalError } from "./ending.ts";
import type { Receipt } from "./handshake/fields.ts";
import { JoinOrder } from "./join_order.ts";
import { EndCode, MOST_CARRIERS } from "./session_constants.ts";
import type { Covered } from "./gone_carrier.ts";
import { Settlement } from "./settlement.ts";

/** What a commit of a join says of other carriers. */
export interface JoinLists {
  /** Its own number. */
  readonly number: number;
  /** Those that may be alive. */
  readonly live: readonly number[];
  /** The client's receipts. */
  readonly receipts: readonly Receipt[];
}

/** What it asks of the session. */
export interface JoinHost {
  /**
   * Takes nothing more from a carrier that is attached, and tells {@linkcode Settlement.gone}.
   *
   * @param looksOn Whether it is read on for a goodbye.
   */
  letGo(number: number, looksOn: boolean): void;
  /**
   * The peer's receipts are known: sends again what they do not cover.
   *
   * @returns How many bytes are.
   */
  covered(covered: readonly Covered[]): number;
}

/** A log of which nothing is left. */
const NO_REMAINS = { pieces: [], heldBytes: 0, acknowledged: 0, handed: 0 };

/**
 * Takes the steps of a join at either end, each whole: with nothing awaited in between.
 *
 * Source: `PROTOCOL.md`, "Joining".
 */
export class Joins {
  readonly #settlement: Settlement;
  readonly #host: JoinHost;
  readonly #order = new JoinOrder();
  /** Committed, and not attached yet. */
  readonly #awaited: Set<number> = new Set();

  /** None is on its way. */
  constructor(settlement: Settlement, host: JoinHost) {
    this.#settlement = settlement;
    this.#host = host;
  }

  /** A client commits: the number, and what it says of others. */
  begin(): JoinLists {
    const lists = {
      number: this.#settlement.highest + 1,
      live: this.#settlement.live,
      receipts: this.#settlement.own(),
    };
    this.#open(lists.number, lists.receipts);
    return lists;
  }

  #open(number: number, told: readonly Receipt[]): void {
    this.#awaited.add(number);
    this.#settlement.opened(number);
    this.#settlement.tells(number, told);
  }

  /** Whether this client still waits for the accept of `number`. */
  isAwaited(number: number): boolean {
    return this.#awaited.has(number);
  }

  /** A client waits no more: an accept that comes all the same is ignored. */
  giveUp(number: number): void {
    if (this.#awaited.delete(number)) this.#settlement.givenUp(number);
  }

  /** The same of all. */
  giveUpAll(): void {
    for (const number of this.#awaited) this.giveUp(number);
  }

  /** An accept came, whose proof holds. Returns how many bytes are sent again because of its receipts. */
  accepted(number: number, receipts: readonly Receipt[]): number {
    this.#letGo(this.#settlement.mustGo(receipts), receipts, (one) => this.giveUp(one));
    return this.#host.covered(this.#settlement.accepted(number, receipts));
  }

  /**
   * A server takes a commit.
   *
   * @returns Its own receipts, for the accept, and how many bytes are sent again.
   * @throws {TeleError} `refused` if the commit is stale or there are too many carriers, `protocol` if a receipt is
   *   impossible.
   */
  take({ number, live, receipts }: JoinLists): { receipts: Receipt[]; againBytes: number } {
    const kind = this.#order.take(number, live);
    const gone = this.#settlement.mustGo(receipts, kind === "highest" ? { number, live } : undefined);
    this.#letGo(gone, receipts, (one) => this.forget(one));
    const againBytes = this.#host.covered(this.#settlement.committed(number, live, receipts));
    if (this.#settlement.live.length >= MOST_CARRIERS) {
      const message = `the session has ${MOST_CARRIERS} carriers already`;
      throw new RefusalError({ code: EndCode.protocol, message });
    }
    const own = this.#settlement.own(receipts);
    this.#open(number, own);
    return { receipts: own, againBytes };
  }

  /** Whether the carrier of a commit that was taken may be attached: nothing that came since has given it up. */
  mayAttach(number: number): boolean {
    return this.#awaited.has(number) && this.#order.isWanted(number);
  }

  /** A server does not attach a carrier whose commit it has taken. */
  forget(number: number): void {
    if (this.#awaited.delete(number)) this.#settlement.gone(number, 0, false, NO_REMAINS);
  }

  /** A carrier was attached. */
  attached(number: number): void {
    this.#awaited.delete(number);
    this.#settlement.opened(number);
  }

  /** The peer told in a frame what it took of one carrier. */
  received(receipt: Receipt, isClient: boolean): void {
    const dropAwaited = (one: number) => isClient ? this.giveUp(one) : this.forget(one);
    this.#letGo(this.#settlement.mustGo([receipt]), [receipt], dropAwaited);
    const covered = this.#settlement.peerTold(receipt.number, receipt.taken);
    if (covered !== undefined) this.#host.covered([covered]);
  }

  #letGo(numbers: readonly number[], told: readonly Receipt[], dropAwaited: (number: number) => void): void {
    for (const number of numbers) {
      if (this.#awaited.has(number)) dropAwaited(number);
      else this.#host.letGo(number, told.some((receipt) => receipt.number === number));
    }
  }
}

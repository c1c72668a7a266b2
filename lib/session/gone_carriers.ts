/**
 * Carriers that are gone, until both ends know what the other took of them.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import type { Remains } from "./carrier/frame_log.ts";
import type { Receipt } from "./handshake/fields.ts";
import { MOST_UNSETTLED } from "./session_constants.ts";

/** A carrier that is gone. */
export interface GoneCarrier {
  /** Its number. */
  number: number;
  /** Counted bytes that were taken from it here; final. */
  taken: number;
  /** What was sent on it and not acknowledged; nothing, once it was queued to be sent again. */
  remains: Remains | undefined;
  /** The peer's receipt, once it has come. */
  takenThere?: number;
}

/**
 * Holds what was sent on carriers that are gone until the peer's receipt comes, and this end's receipts until the peer
 * has them. A pure core.
 *
 * Source: `PROTOCOL.md`, "Receipts".
 *
 * @example
 * ```ts
 * import { GoneCarriers } from "./gone_carriers.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const again: number[] = [];
 * const gone = new GoneCarriers((_remains, taken) => void again.push(taken));
 * gone.add({ number: 0, taken: 70, remains: { pieces: [], heldBytes: 0, acknowledged: 20, handed: 50 } });
 * assertEquals(gone.receipts, [{ number: 0, taken: 70 }]); // for the commit or the accept
 * assertEquals(gone.settle([{ number: 0, taken: 33 }], 1), 13); // bytes more than were acknowledged
 * assertEquals(again, [33]);
 * gone.told([{ number: 0, taken: 70 }]);
 * assertEquals(gone.receipts, []);
 * ```
 */
export class GoneCarriers {
  readonly #carriers: Map<number, GoneCarrier> = new Map();
  readonly #sendAgain: (remains: Remains, taken: number) => void;

  /** None is gone. `sendAgain` takes over what a carrier leaves behind, and how much of it the peer has taken. */
  constructor(sendAgain: (remains: Remains, taken: number) => void) {
    this.#sendAgain = sendAgain;
  }

  /** A carrier is gone. */
  add(carrier: GoneCarrier): void {
    this.#carriers.set(carrier.number, carrier);
  }

  /** Whether more are not settled than a peer that tells what it took leaves. */
  get isOverfull(): boolean {
    return this.#carriers.size > MOST_UNSETTLED;
  }

  /**
   * This end's receipts that the peer may not have, by rising numbers; also those of nothing, where the peer's is still
   * to come: it gives that to who asks.
   */
  get receipts(): Receipt[] {
    const owed = [...this.#carriers.values()].filter(({ taken, remains }) => taken > 0 || remains !== undefined);
    return owed.map(({ number, taken }) => ({ number, taken })).sort((one, other) => one.number - other.number);
  }

  /**
   * The peer told what it took of carriers that are gone; those that it does not name count with what it acknowledged.
   *
   * @param lastNumber The highest number that was committed.
   * @returns How many bytes it has taken beyond what it had acknowledged.
   * @throws {TeleError} `protocol` if a receipt is impossible.
   */
  settle(receipts: readonly Receipt[], lastNumber: number): number {
    const told = new Map(receipts.map(({ number, taken }) => [number, taken]));
    for (const [number, taken] of told) this.#check(number, taken, lastNumber);
    let news = 0;
    // The oldest last, since each goes in front of what is queued.
    const carriers = [...this.#carriers.values()].sort((one, other) => other.number - one.number);
    for (const carrier of carriers) {
      if (carrier.remains !== undefined) news += this.#apply(carrier, carrier.remains, told.get(carrier.number));
    }
    return news;
  }

  /**
   * The peer told in a frame what it took of one carrier. Of one that is settled it says nothing new.
   *
   * @param lastNumber The highest number that was committed.
   * @returns How many bytes it has taken beyond what it had acknowledged.
   * @throws {TeleError} `protocol` if that is impossible.
   */
  receipt({ number, taken }: Receipt, lastNumber: number): number {
    this.#check(number, taken, lastNumber);
    const carrier = this.#carriers.get(number);
    return carrier?.remains === undefined ? 0 : this.#apply(carrier, carrier.remains, taken);
  }

  /** A receipt is for a carrier that was, and final: a second one for the same carrier tells the same. */
  #check(number: number, taken: number, lastNumber: number): void {
    if (number > lastNumber) {
      throw new TeleError("protocol", `the peer gave a receipt for a carrier ${number}, which never was`);
    }
    const before = this.#carriers.get(number)?.takenThere;
    if (before === undefined || before === taken) return;
    throw new TeleError("protocol", `the peer says it took ${taken} bytes of a carrier of which it had said ${before}`);
  }

  #apply(carrier: GoneCarrier, remains: Remains, told: number | undefined): number {
    const taken = told ?? remains.acknowledged;
    if (taken < remains.acknowledged || taken > remains.handed) {
      throw new TeleError(
        "protocol",
        `the peer says it took ${taken} bytes of a carrier, which cannot be: it acknowledged ` +
          `${remains.acknowledged} before, and ${remains.handed} were sent`,
      );
    }
    carrier.remains = undefined;
    carrier.takenThere = told;
    if (carrier.taken === 0) this.#carriers.delete(carrier.number);
    this.#sendAgain(remains, taken);
    return taken - remains.acknowledged;
  }

  /** The peer has these receipts. */
  told(receipts: readonly Receipt[]): void {
    for (const { number } of receipts) {
      if (this.#carriers.get(number)?.remains === undefined) this.#carriers.delete(number);
    }
  }

  /**
   * A client names in its commit whose receipts it still needs: the others are settled.
   *
   * @param receipts What the commit names.
   */
  needed(receipts: readonly Receipt[]): void {
    const named = new Set(receipts.map(({ number }) => number));
    for (const [number, { remains }] of this.#carriers) {
      if (remains === undefined && !named.has(number)) this.#carriers.delete(number);
    }
  }

  /** The session is over: gives away what is left of all. */
  clear(): Remains[] {
    const remains = [...this.#carriers.values()].flatMap((carrier) => carrier.remains ?? []);
    this.#carriers.clear();
    return remains;
  }
}

/**
 * The receipts that two ends owe each other for carriers that are gone. Source: `PROTOCOL.md`, "Receipts".
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import type { Remains } from "./carrier/frame_log.ts";
import { type Covered, covered, type Gone, impossible } from "./gone_carrier.ts";
import { GivenUp } from "./given_up.ts";
import type { Receipt } from "./handshake/fields.ts";
import { MOST_UNSETTLED } from "./session_constants.ts";

/**
 * What one end, client or server, knows of carriers that are gone: the receipts that it owes, those that the peer has,
 * what is left of the logs until the peer's come, and which are settled. A pure core.
 *
 * It takes no decision: a carrier that {@linkcode Settlement.mustGo} names is closed by its owner, who then tells
 * {@linkcode Settlement.gone}. In which step, and before what:
 *
 * - **client, commits**: `live` and `own` into the commit, then `opened` and `tells`, in one step;
 * - **client, an accept's proof holds**: `mustGo(receipts)` and `gone` or `givenUp` for each, then `accepted`;
 * - **server, takes a commit**: `mustGo(receipts, commit)` and `gone` for each, then `committed`; if it attaches,
 *   `opened`, `own(receipts)` into the accept, and `tells`; when the carrier is heard, `heard`;
 * - **both, a frame `receipt`**: `mustGo`, `gone` or `givenUp`, then `peerTold`; when theirs is acknowledged, `peerHas`;
 * - **both, while a carrier is attached**: `takeUntold`, a frame for each.
 *
 * Invariant 2: the count is final, since `gone` is told in the step from which nothing more is taken.
 *
 * @example
 * ```ts
 * import { Settlement } from "./settlement.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const client = new Settlement();
 * client.opened(0);
 * client.gone(0, 70_000, true, { pieces: [], heldBytes: 0, acknowledged: 100, handed: 200 });
 * const own = client.own(); // Into the commit of carrier 1.
 * assertEquals(own, [{ number: 0, taken: 70_000 }]);
 * client.opened(1);
 * client.tells(1, own);
 * const [{ taken, news }] = client.accepted(1, [{ number: 0, taken: 123 }]);
 * assertEquals([taken, news], [123, 23]);
 * assertEquals(client.isSettled(0), true);
 * ```
 */
export class Settlement {
  /** The highest number that was given, or taken with a commit. */
  #highest = -1;
  readonly #live = new Set<number>();
  readonly #gone = new Map<number, Gone>();
  readonly #givenUp = new GivenUp();
  /** Of each carrier whose commit or accept told receipts of this end, for which, until that is known to have come. */
  readonly #tellers = new Map<number, number[]>();

  /** The highest number that was given, or taken with a commit. */
  get highest(): number {
    return this.#highest;
  }

  /** A carrier began: a client gave the number with its commit, a server attached it. */
  opened(number: number): void {
    this.#highest = Math.max(this.#highest, number);
    this.#live.add(number);
  }

  /** The carriers that began and are not gone, rising: what `live` lists, in the step before a commit's own begins. */
  get live(): number[] {
    return [...this.#live].sort(byNumber);
  }

  /**
   * Whether one more carrier could leave more of them unsettled than both ends bear. A client then waits with a commit
   * until some are settled; but not if none is attached: nothing can be gone then before an accept settles the others.
   */
  get isFull(): boolean {
    return this.#live.size + this.#gone.size >= MOST_UNSETTLED;
  }

  /** Whether no receipt is owed for a carrier that began: both have come, or it was never attached at both ends. */
  isSettled(number: number): boolean {
    return number <= this.#highest && !this.#live.has(number) && !this.#gone.has(number);
  }

  /**
   * The carriers here that the peer has shown to be gone at its end.
   *
   * @param told The receipts that have come.
   * @param commit With the commit of the highest number so far, its number and `live`.
   */
  mustGo(told: readonly Receipt[], commit?: { number: number; live: readonly number[] }): number[] {
    const named = new Set(told.map(({ number }) => number));
    const isLeftOut = (number: number) =>
      commit !== undefined && number < commit.number && !commit.live.includes(number);
    return this.live.filter((number) => named.has(number) || isLeftOut(number));
  }

  /**
   * A carrier is gone at this end.
   *
   * @param taken Counted bytes taken from it, those of a frame that was cut included.
   * @param wasHeard Whether it brought anything behind the handshake, or is a client's: only then is it sure that both
   *   ends had attached it, and only then does it count for the limit. A server whose accepts are lost one after the
   *   other gathers carriers that its client never had.
   * @param remains What is left of its log.
   * @throws {TeleError} `protocol` if more than {@linkcode MOST_UNSETTLED} are unsettled.
   */
  gone(number: number, taken: number, wasHeard: boolean, remains: Remains): void {
    this.#end(number);
    const { acknowledged: least, handed: most } = remains;
    const told = { told: undefined, peerHas: false, isFramed: false };
    this.#gone.set(number, { taken, wasHeard, remains, least, most, ...told });
    const heard = [...this.#gone.values()].filter((one) => one.wasHeard).length;
    if (heard > MOST_UNSETTLED) {
      throw new TeleError("protocol", `${heard} carriers are gone, and the receipts of the peer have not come`);
    }
  }

  /** A client gives up a commit whose accept has not come: nothing was sent behind it, and nothing is owed. */
  givenUp(number: number): void {
    this.#end(number);
    this.#givenUp.add(number);
  }

  #end(number: number): void {
    if (!this.#live.delete(number)) throw new Error(`carrier ${number} ends, and is not there`);
    this.#tellers.delete(number);
  }

  /**
   * This end's receipts for a commit or an accept, at most {@linkcode MOST_UNSETTLED}, rising.
   *
   * Those that the peer has already are among them until the carrier is settled: to a server, a carrier that a commit
   * does not name is one that the client has done with.
   *
   * @param named The receipts of the commit that an accept answers: theirs come first, should there be too many.
   */
  own(named: readonly Receipt[] = []): Receipt[] {
    const first = new Set(named.map(({ number }) => number));
    const rank = ([number, { peerHas }]: [number, Gone]) => first.has(number) ? 0 : peerHas ? 2 : 1;
    return [...this.#gone].sort((one, other) => rank(one) - rank(other) || byNumber(one[0], other[0]))
      .slice(0, MOST_UNSETTLED)
      .map(([number, { taken }]) => ({ number, taken }))
      .sort((one, other) => byNumber(one.number, other.number));
  }

  /** The commit or the accept of carrier `number` tells these receipts of this end. */
  tells(number: number, receipts: readonly Receipt[]): void {
    this.#tellers.set(number, receipts.map((receipt) => receipt.number));
  }

  /** A server hears carrier `number` for the first time: its client has the accept. */
  heard(number: number): void {
    const named = this.#tellers.get(number);
    this.#tellers.delete(number);
    if (named !== undefined) this.peerHas(named);
  }

  /**
   * This end's receipts that neither a frame has told yet, nor a commit or an accept that may still come: the caller puts
   * each on a carrier that is attached, once. A frame that was lost with its carrier is sent again as any other.
   */
  takeUntold(): Receipt[] {
    if (this.#gone.size === 0 && !this.#givenUp.owesAny) return NONE;
    const told = new Set([...this.#tellers.values()].flat());
    const untold = [...this.#gone].filter(([number, one]) => !one.isFramed && !one.peerHas && !told.has(number));
    for (const [, one] of untold) one.isFramed = true;
    return [...this.#givenUp.takeOwed(), ...untold.map(([number, { taken }]) => ({ number, taken }))];
  }

  /**
   * A receipt of the peer has come.
   *
   * @returns What it covers; `undefined` if it says nothing new.
   * @throws {TeleError} `protocol` if the carrier never began, or was told another count before.
   */
  peerTold(number: number, taken: number): Covered | undefined {
    if (number > this.#highest) {
      throw new TeleError("protocol", `the peer gave a receipt for a carrier ${number}, which never was`);
    }
    if (this.#live.has(number)) throw new Error(`carrier ${number} has a receipt, and was not taken for gone`);
    if (this.#givenUp.asks({ number, taken })) return undefined;
    const one = this.#gone.get(number);
    if (one === undefined) return undefined;
    if (one.told !== undefined) {
      if (one.told === taken) return undefined;
      throw new TeleError("protocol", `carrier ${number} has a receipt of ${taken} bytes, and had one of ${one.told}`);
    }
    if (taken < one.least || taken > one.most) throw impossible(taken, one);
    one.told = taken;
    this.#settle(number, one);
    return covered(number, taken, one);
  }

  /**
   * The peer has this end's receipts for these: a carrier whose accept named them was heard, or the frame that told one
   * was acknowledged.
   */
  peerHas(numbers: Iterable<number>): void {
    for (const number of numbers) {
      const one = this.#gone.get(number);
      if (one === undefined) continue;
      one.peerHas = true;
      this.#settle(number, one);
    }
  }

  #settle(number: number, { told, peerHas }: Gone): void {
    if (told !== undefined && peerHas) this.#gone.delete(number);
  }

  /**
   * A client's commit was accepted: the server has the receipts in it.
   *
   * @param number The carrier's.
   * @param told The accept's receipts.
   * @returns What they cover, and what the server should have named and has not.
   * @throws {TeleError} As {@linkcode Settlement.peerTold} does.
   */
  accepted(number: number, told: readonly Receipt[]): Covered[] {
    const all = this.#allTold(told);
    for (const named of this.#tellers.get(number) ?? []) {
      const one = this.#gone.get(named);
      if (one === undefined) continue;
      if (one.told === undefined) all.push(covered(named, one.least, one));
      this.#gone.delete(named);
    }
    this.#tellers.delete(number);
    this.#givenUp.settledBefore(number);
    return all;
  }

  /**
   * A server takes a client's commit, behind what {@linkcode Settlement.mustGo} asked for.
   *
   * A carrier of before that it names neither as alive nor with a receipt is settled at once: either it was at the
   * client, which then has this end's receipt, or its accept never came, and there is nothing that a receipt could tell.
   *
   * @returns What is covered: nothing, of a carrier whose accept never came.
   * @throws {TeleError} As {@linkcode Settlement.peerTold} does.
   */
  committed(number: number, live: readonly number[], told: readonly Receipt[]): Covered[] {
    this.#highest = Math.max(this.#highest, number);
    const all = this.#allTold(told);
    const named = new Set([...live, ...told.map((receipt) => receipt.number)]);
    for (const [other, one] of this.#gone) {
      if (other >= number || named.has(other)) continue;
      if (one.told === undefined) {
        if (one.least > 0) throw impossible(0, one);
        all.push(covered(other, 0, one));
      }
      this.#gone.delete(other);
    }
    return all;
  }

  /** Gives away what is left of logs whose receipts have not come: they say nothing then of what is sent again. */
  takeRemains(): Remains[] {
    const all: Remains[] = [];
    for (const one of this.#gone.values()) {
      if (one.remains !== undefined) all.push(one.remains);
      one.remains = undefined;
    }
    return all;
  }

  /** What is left of logs whose receipts have not come. */
  get remains(): Remains[] {
    return [...this.#gone.values()].flatMap(({ remains }) => remains ?? []);
  }

  #allTold(told: readonly Receipt[]): Covered[] {
    return told.map(({ number, taken }) => this.peerTold(number, taken)).filter((one) => one !== undefined);
  }
}

const NONE: Receipt[] = [];

function byNumber(one: number, other: number): number {
  return one - other;
}

/**
 * What must be true of users: whom they meet, what they read, and how their connections end.
 *
 * @module
 */
import { INJECTED } from "./stream_model.ts";
import type { Losses } from "./losses.ts";
import { ROGUE_KEY } from "./rogue.ts";
import type { SimUser, UserWatcher } from "./user.ts";
import type { Verdict } from "./verdict.ts";

/** Keys of users' servers begin here; below are users' clients. */
export const FIRST_SERVER_KEY = 1_000_000;

/** All users of one run. */
export class UserModel implements UserWatcher {
  /** By their keys. */
  readonly all: Map<number, SimUser> = new Map();
  readonly #verdict: Verdict;
  readonly #losses: Losses;
  readonly #hasRogues: boolean;
  /** Users whose streams a fault has ended. */
  readonly #hitByFault: Set<SimUser> = new Set();

  /** With rogues a server dials for streams of nobody. */
  constructor(verdict: Verdict, losses: Losses, hasRogues: boolean) {
    this.#verdict = verdict;
    this.#losses = losses;
    this.#hasRogues = hasRogues;
  }

  fail(problem: string): void {
    this.#verdict.fail(problem);
  }

  trace(line: string): void {
    this.#verdict.trace(line);
  }

  mayGoOn(): boolean {
    return this.#verdict.mayGoOn();
  }

  /** The user that a stream's peer is called after. */
  named(name: string): SimUser | undefined {
    return this.all.get(Number(/user (\d+)/.exec(name)?.[1] ?? NaN));
  }

  met(user: SimUser, partnerKey: number): void {
    if (partnerKey === ROGUE_KEY && this.#hasRogues) return;
    const partner = this.all.get(partnerKey);
    if (partner === undefined || partner.isClient === user.isClient) {
      return this.fail(`${user.peer} reads bytes of nobody: key ${partnerKey}`);
    }
    this.#meet(user, partner);
  }

  #meet(user: SimUser, partner: SimUser): void {
    for (const [one, other] of [[user, partner], [partner, user]] as const) {
      if (one.partner !== undefined && one.partner !== other) {
        this.fail(`${one.peer} is connected to ${one.partner.peer} and to ${other.peer}`);
      }
      one.partner = other;
    }
    for (const one of [user, partner]) if (one.sawEnd) this.#checkEnd(one);
  }

  sawEnd(user: SimUser): void {
    this.trace(`${user.peer} reads the end after ${user.receivedBytes} bytes`);
    this.#checkEnd(user);
  }

  #checkEnd(user: SimUser): void {
    const { partner } = user;
    if (partner === undefined) {
      if (this.#hasRogues && !user.isClient) return;
      if (user.receivedBytes > 0) this.fail(`${user.peer}: a clean end within the first bytes`);
      return;
    }
    if (!partner.hasEnded) this.fail(`${user.peer}: a clean end, but ${partner.peer} has not ended`);
    if (user.receivedBytes !== partner.sentBytes) {
      this.fail(`${user.peer}: a clean end after ${user.receivedBytes} of ${partner.sentBytes} bytes`);
    }
  }

  closed(user: SimUser): void {
    this.trace(`${user.peer} is closed: ${user.sentBytes} bytes sent, ${user.receivedBytes} received`);
    if (!user.isComplete) this.fail(`${user.peer}: closed as if complete, after ${user.receivedBytes} bytes`);
  }

  aborted(user: SimUser, reason: string | undefined): void {
    this.trace(`${user.peer} is aborted: ${reason}`);
    // Its stream ended before the connection was there.
    if (!user.isUsed && !user.isClient) return;
    const key = Number(/user (\d+) reset/.exec(reason ?? "")?.[1] ?? NaN);
    const refuser = /refused by (\d+)/.exec(reason ?? "");
    if (refuser !== null && user.isClient) {
      if (user.receivedBytes > 0) this.fail(`${user.peer}: refused after ${user.receivedBytes} bytes`);
      return;
    }
    if (!Number.isNaN(key)) return this.#abortedByReset(user, key);
    if (reason?.includes(INJECTED)) return this.#abortedByFault(user);
    if (!this.#losses.mayLose(user)) this.fail(`${user.peer} lost its stream without a cause: ${reason}`);
  }

  #abortedByReset(user: SimUser, key: number): void {
    const resetter = this.all.get(key);
    if (!resetter?.hasReset) return this.fail(`${user.peer}: aborted by a reset of user ${key} that there was not`);
    if (resetter === user) return;
    if (resetter.isClient === user.isClient) return this.fail(`${user.peer}: aborted by ${resetter.peer}`);
    this.#meet(user, resetter);
    if (user.receivedBytes === resetter.sentBytes || user.hasReset || !user.isTaking) return;
    this.fail(`${user.peer}: reset after ${user.receivedBytes} of the ${resetter.sentBytes} bytes sent before`);
  }

  /** One stream is hit, and so both of its users at the most. */
  #abortedByFault(user: SimUser): void {
    this.#hitByFault.add(user);
    const ofClients = [...this.#hitByFault].filter(({ isClient }) => isClient).length;
    if (ofClients > 1 || this.#hitByFault.size > 2) this.fail(`${user.peer}: aborted by a fault of another stream`);
  }

  /** Whether nobody waits. */
  get isQuiet(): boolean {
    for (const user of this.all.values()) if (!user.isOver) return false;
    return true;
  }

  /** Who still waits, for a person. */
  get waiting(): string[] {
    return [...this.all.values()].filter((user) => !user.isOver).map((user) =>
      `${user.peer} (sent ${user.sentBytes} of ${user.plan.bytes}, received ${user.receivedBytes}, ` +
      `${user.hasEnded ? "ended" : "not ended"}, ${user.sawEnd ? "saw the end" : "no end seen"})`
    );
  }

  /** Whether one at the other side may have gone before it read the first bytes. */
  #mayBeLonely(user: SimUser): boolean {
    if (this.#losses.mayLose(user)) return true;
    for (const other of this.all.values()) {
      const isGone = other.hasReset || this.#hitByFault.has(other) || !other.process.isAlive || !other.isUsed;
      if (other.isClient !== user.isClient && other.partner === undefined && isGone) return true;
    }
    return false;
  }

  /** Once nothing waits any more. */
  check(): void {
    for (const user of this.all.values()) {
      if (user.over !== "closed") continue;
      const { partner } = user;
      if (partner === undefined) {
        if (user.sentBytes > 0 && !this.#mayBeLonely(user)) {
          this.fail(`${user.peer} sent ${user.sentBytes} bytes to nobody`);
        }
      } else if (
        partner.process.isAlive && !partner.hasReset && partner.over !== "closed" && !this.#losses.mayLose(user) &&
        !this.#hitByFault.has(partner)
      ) {
        this.fail(`${user.peer} ended cleanly, ${partner.peer} did not`);
      }
      if (partner !== undefined && partner.over === "closed" && partner.receivedBytes !== user.sentBytes) {
        this.fail(`${partner.peer} got ${partner.receivedBytes} of ${user.sentBytes} bytes`);
      }
    }
  }
}

/**
 * Names that clients want resolved: few at once.
 *
 * @module
 */

/** Most at once, of all clients and of one. */
const MOST = 8, MOST_OF_ONE = 4;

/** One that waits for its turn. */
interface Waiting {
  readonly host: string;
  readonly begin: (addresses: Promise<string[]>) => void;
}

/**
 * Resolves names for clients, in turns.
 *
 * The runtime resolves each name on a thread of its own, has few of these, and reads files with them as well. A name
 * whose server does not answer keeps one for many seconds, and nothing can take it back. So without a bound a client
 * that asks for such names would keep this process from its token file, and all others from their hosts (invariant 10).
 *
 * @example
 * ```ts
 * import { Lookups } from "./lookups.ts";
 * import { addressesOf } from "../../net/race.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lookups = new Lookups(addressesOf);
 * assertEquals(await lookups.resolve("192.0.2.1", "alice", new AbortController().signal), ["192.0.2.1"]);
 * ```
 */
export class Lookups {
  readonly #resolve: (host: string) => Promise<string[]>;
  /** By client, the one whose turn is next in front; none is empty. */
  readonly #waiting: Map<string | undefined, Set<Waiting>> = new Map();
  /** How many each client has under way; none is 0. */
  readonly #underWay: Map<string | undefined, number> = new Map();
  #count = 0;

  /** Resolves with `resolve`. */
  constructor(resolve: (host: string) => Promise<string[]>) {
    this.#resolve = resolve;
  }

  /**
   * The addresses of `host`.
   *
   * @param client Name of the client's token; those without one take their turns together.
   * @param signal Gives up. What is under way goes on, and takes its place.
   * @throws As the function it was made with; when `signal` aborts, its reason.
   */
  resolve(host: string, client: string | undefined, signal: AbortSignal): Promise<string[]> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const giveUp = () => {
        this.#forget(client, waiting);
        reject(signal.reason);
      };
      const begin = (addresses: Promise<string[]>) => {
        addresses.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
      };
      const waiting = { host, begin };
      signal.addEventListener("abort", giveUp, { once: true });
      const others = this.#waiting.get(client);
      if (others === undefined) this.#waiting.set(client, new Set([waiting]));
      else others.add(waiting);
      this.#beginNext();
    });
  }

  #forget(client: string | undefined, waiting: Waiting): void {
    const all = this.#waiting.get(client);
    all?.delete(waiting);
    if (all?.size === 0) this.#waiting.delete(client);
  }

  #beginNext(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [client, waiting] = next;
      this.#change(client, 1);
      const addresses = this.#resolve(waiting.host);
      waiting.begin(addresses);
      const ended = () => {
        this.#change(client, -1);
        this.#beginNext();
      };
      addresses.then(ended, ended);
    }
  }

  /** Takes out whose turn it is, if there is room for one. */
  #next(): [client: string | undefined, waiting: Waiting] | undefined {
    if (this.#count >= MOST) return undefined;
    for (const [client, all] of this.#waiting) {
      if ((this.#underWay.get(client) ?? 0) >= MOST_OF_ONE) continue;
      const [first] = all;
      // Behind the others, if it has more.
      this.#waiting.delete(client);
      all.delete(first!);
      if (all.size > 0) this.#waiting.set(client, all);
      return [client, first!];
    }
    return undefined;
  }

  #change(client: string | undefined, by: 1 | -1): void {
    this.#count += by;
    const count = (this.#underWay.get(client) ?? 0) + by;
    if (count === 0) this.#underWay.delete(client);
    else this.#underWay.set(client, count);
  }
}

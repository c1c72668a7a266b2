/**
 * The sessions of each client that has shown who it is.
 *
 * @module
 */
import type { ProvenIdentity } from "./handshake/keys.ts";

/** A session whose client may have shown who it is. */
export interface Identified {
  /** Who that is. */
  readonly identity: Pick<ProvenIdentity, "client"> | undefined;
}

/**
 * Finds the sessions of one client among all of a server, oldest first: who comes is compared with its own alone, so
 * that it costs no more where ten thousands are held (invariant 10).
 *
 * @example
 * ```ts
 * import { ClientEntries } from "./client_entries.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const entries = new ClientEntries<{ identity: { client: string } | undefined; name: string }>();
 * const [one, other] = ["one", "other"].map((name) => ({ identity: { client: "ab" }, name }));
 * for (const entry of [one, other, { identity: undefined, name: "nobody's" }]) entries.add(entry);
 * assertEquals(entries.sameAs(one), [one, other]);
 * entries.delete(one);
 * assertEquals(entries.sameAs(one), [other]);
 * ```
 */
export class ClientEntries<Entry extends Identified> {
  readonly #byClient: Map<string, Set<Entry>> = new Map();

  /** A session began. */
  add(entry: Entry): void {
    if (entry.identity === undefined) return;
    const { client } = entry.identity, others = this.#byClient.get(client);
    if (others === undefined) this.#byClient.set(client, new Set([entry]));
    else others.add(entry);
  }

  /** It is over. */
  delete(entry: Entry): void {
    if (entry.identity === undefined) return;
    const { client } = entry.identity, others = this.#byClient.get(client);
    others?.delete(entry);
    if (others?.size === 0) this.#byClient.delete(client);
  }

  /** Those of the client of `one`, itself among them if it was added; of a client that nobody knows none. */
  sameAs({ identity }: Identified): Entry[] {
    return identity === undefined ? [] : [...this.#byClient.get(identity.client) ?? []];
  }
}

/**
 * Users of the clients: each says a word now and then, and waits until it comes back.
 *
 * @module
 */
import type { Duplex } from "../../lib/net/duplex.ts";
import { duplexPair } from "../../lib/net/pipe.ts";
import type { Random } from "../../tests/support/random.ts";
import type { SimClient } from "./client.ts";
import type { Surroundings } from "./surroundings.ts";

/** A word that was said. */
export interface Word {
  readonly client: SimClient;
  readonly saidAtMs: number;
  /** Whether it is the first of its conversation. */
  readonly isFirst: boolean;
  /** Until it came back; `undefined` while it has not. */
  waitedMs?: number;
}

/** A conversation that was cut. */
export interface Cut {
  readonly client: SimClient;
  readonly atMs: number;
}

/** As many conversations as there are to be: behind each that ends another begins, at a client chosen at random. */
export class Users {
  /** Words that waited for longer than {@linkcode Users.noticedMs}, or still wait. */
  slow: Word[] = [];
  cuts: Cut[] = [];
  /** Words that came back. */
  words = 0;
  /** What comes back within this time is no news, in milliseconds. */
  readonly noticedMs = 100;
  readonly #waiting: Set<Word> = new Set();
  readonly #world: Surroundings;
  readonly #clients: readonly SimClient[];
  readonly #random: Random;

  constructor(world: Surroundings, clients: readonly SimClient[], random: Random) {
    this.#world = world;
    this.#clients = clients;
    this.#random = random;
  }

  /** Begins `count` conversations, not all in step. */
  start(count: number): void {
    const { clock, options: { staysMs } } = this.#world;
    for (let at = 0; at < count; at++) {
      clock.io.setTimer(() => void this.#talk(), staysMs * this.#random.next32() / 2 ** 32);
    }
  }

  /** Words that have not come back. */
  get waiting(): Word[] {
    return [...this.#waiting];
  }

  /** Forgets what was noticed so far. */
  forget(): void {
    this.slow = [];
    this.cuts = [];
    this.words = 0;
  }

  async #talk(): Promise<void> {
    const { clock, options: { staysMs } } = this.#world;
    const client = this.#clients[this.#random.between(0, this.#clients.length - 1)];
    const [user, far] = duplexPair();
    try {
      client.mux.open(far);
      await this.#converse(client, user, clock.now() + staysMs);
    } catch {
      this.cuts.push({ client, atMs: clock.now() });
      user.close();
      await this.#pause(this.#world.options.typesMs);
    }
    void this.#talk();
  }

  async #converse(client: SimClient, user: Duplex, untilMs: number): Promise<void> {
    const { clock, options: { typesMs } } = this.#world;
    const into = new Uint8Array(1);
    for (let isFirst = true; isFirst || clock.now() < untilMs; isFirst = false) {
      const word: Word = { client, saidAtMs: clock.now(), isFirst };
      this.#waiting.add(word);
      try {
        await user.write(new Uint8Array([65]));
        if (await user.read(into) === null) throw new Error("cut");
      } finally {
        this.#waiting.delete(word);
      }
      this.words++;
      word.waitedMs = clock.now() - word.saidAtMs;
      if (word.waitedMs > this.noticedMs) this.slow.push(word);
      await this.#pause(typesMs);
    }
    await user.closeWrite();
    if (await user.read(into) !== null) throw new Error("more than was said");
    user.close();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#world.clock.io.setTimer(resolve, ms));
  }
}

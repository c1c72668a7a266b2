/**
 * A network that breaks at random, for the soak.
 *
 * @module
 */
import type { Breaker } from "../../tests/support/breaker.ts";
import type { Random } from "../../tests/support/random.ts";
import { pause } from "../../tests/support/wait.ts";

/** The shortest quiet time between two outages, in milliseconds. */
const LEAST_CALM_MS = 500;

/** How a network breaks, and heals. */
const OUTAGES: Record<string, (network: Breaker, random: Random) => Promise<void>> = {
  async reset(network) {
    await Promise.resolve(network.reset());
  },
  async close(network) {
    await Promise.resolve(network.close());
  },
  /** Nothing moves, then everything does, late. Short ones are not even noticed. */
  async "black hole"(network, random) {
    network.blackHole(true);
    await pause(random.between(500, 9_000));
    network.blackHole(false);
  },
  /** The carriers there never work again, and never say so. */
  async strand(network) {
    await Promise.resolve(network.strand());
  },
  async refuse(network, random) {
    await network.refuse(true);
    network.reset();
    await pause(random.between(100, 6_000));
    await network.refuse(false);
  },
  /** Bytes each way after which a carrier is cut. */
  async cut(network, random) {
    network.cutAfter(random.between(4, 2_000) * 1024, random.chance(0.5) ? "reset" : "close");
    await pause(random.between(500, 5_000));
    network.cutAfter(Infinity);
  },
};

/** Names of the kinds of outages. */
export const OUTAGE_KINDS = Object.keys(OUTAGES);

/** Breaks a network again and again. */
export class RandomOutages {
  /** Outages so far, by kind. */
  readonly counts: Record<string, number> = Object.fromEntries(OUTAGE_KINDS.map((kind) => [kind, 0]));
  readonly #network: Breaker;
  readonly #random: Random;
  readonly #mostCalmMs: number;
  #stopped = false;

  /** @param mostCalmMs Longest quiet time between two outages. */
  constructor(network: Breaker, random: Random, mostCalmMs: number) {
    this.#network = network;
    this.#random = random;
    this.#mostCalmMs = mostCalmMs;
  }

  /** All outages so far. */
  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** Breaks and heals until {@linkcode RandomOutages.stop}; the network works when it settles. */
  async run(): Promise<void> {
    while (true) {
      await this.#calm(this.#random.between(LEAST_CALM_MS, this.#mostCalmMs));
      if (this.#stopped) return;
      const kind = OUTAGE_KINDS[this.#random.between(0, OUTAGE_KINDS.length - 1)];
      this.counts[kind]++;
      await OUTAGES[kind](this.#network, this.#random);
    }
  }

  /** No outage begins after this. */
  stop(): void {
    this.#stopped = true;
  }

  async #calm(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (!this.#stopped && performance.now() < end) await pause(Math.min(100, end - performance.now()));
  }
}

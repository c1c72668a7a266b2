/**
 * What stands in front of the servers, and deals connections at random.
 *
 * @module
 */
import type { Duplex } from "../../lib/net/duplex.ts";
import type { Random } from "../../tests/support/random.ts";
import type { SimServer } from "./server.ts";
import type { Surroundings } from "./surroundings.ts";
import { Machine, wire } from "./wire.ts";

/** From a client to a server, and back, in milliseconds. */
export const ROUND_TRIP_MS = 20;

/** The balancer gives up a server that does not answer its connection, in milliseconds (HAProxy's `timeout connect`). */
const CONNECT_MS = 5_000;

/** Deals each connection to one of the servers that it takes for alive. */
export class Balancer {
  /** Those that it deals to. */
  readonly rotation: Set<SimServer> = new Set();
  /** New connections in each second of the run so far. */
  readonly bySecond: Map<number, number> = new Map();
  /** New connections in each 20 ms, as bursts show. */
  readonly byRoundTrip: Map<number, number> = new Map();
  /** Connections that it made. */
  count = 0;
  /** From it to a client, in milliseconds. */
  readonly delayMs: number = ROUND_TRIP_MS / 2;
  readonly #world: Surroundings;
  readonly #random: Random;
  /** All clients are on one machine here: only servers get lost. */
  #clients: Machine = new Machine();
  #port = 1_024;

  constructor(world: Surroundings, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Connections that it has now. */
  get open(): number {
    return this.#clients.open;
  }

  /** All connections break at once, as when it is started again. */
  reset(): void {
    this.#clients.reset();
  }

  /** No client is there any more, and no server is told. */
  forget(): void {
    this.#clients.isLost = true;
    this.#clients.forget();
    this.#clients = new Machine();
  }

  /** Connects a client. */
  connect(host: string, signal: AbortSignal): Promise<Duplex> {
    const { clock } = this.#world;
    return new Promise((resolve, reject) => {
      const timer = clock.io.setTimer(() => {
        signal.removeEventListener("abort", onAbort);
        const server = this.#choose();
        if (server === undefined) return reject(new Deno.errors.ConnectionRefused("connection refused"));
        resolve(this.#connect(host, server));
      }, ROUND_TRIP_MS);
      const onAbort = () => {
        timer.cancel();
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** One that refuses is passed over at once (`option redispatch`); one that is silent is not known to be. */
  #choose(): SimServer | undefined {
    const alive = [...this.rotation].filter(({ isUp, machine }) => isUp || machine.isLost);
    return alive.length === 0 ? undefined : alive[this.#random.between(0, alive.length - 1)];
  }

  #connect(host: string, server: SimServer): Duplex {
    const { clock, options, traffic } = this.#world;
    this.count++;
    increase(this.bySecond, Math.floor(clock.now() / 1_000));
    increase(this.byRoundTrip, Math.floor(clock.now() / ROUND_TRIP_MS));
    // The port tells connections apart, and no more.
    const port = this.#port = this.#port < 65_535 ? this.#port + 1 : 1_024;
    const peer = `${options.seenAs === "balancer" ? "10.254.0.1" : host}:${port}`;
    const [near, far] = wire({
      clock: clock.io,
      delayMs: ROUND_TRIP_MS / 2,
      traffic: traffic.carriers,
      near: this.#clients,
      far: server.machine,
      peer,
    });
    if (server.machine.isLost) clock.io.setTimer(() => near.giveUp(), CONNECT_MS);
    else server.accept(far);
    return near;
  }
}

function increase(counts: Map<number, number>, at: number): void {
  counts.set(at, (counts.get(at) ?? 0) + 1);
}

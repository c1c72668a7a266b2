/**
 * A fleet, its balancer, its clients and their users, with a clock that runs as fast as the machine can.
 *
 * @module
 */
import type { Duplex } from "../../lib/net/duplex.ts";
import { takeChance } from "../../tests/sim/chance.ts";
import { SimClock } from "../../tests/sim/clock.ts";
import { Random } from "../../tests/support/random.ts";
import { setImmediate } from "node:timers";
import { Balancer } from "./balancer.ts";
import { ClientClock } from "./client_clock.ts";
import { type OutageOver, SimClient } from "./client.ts";
import type { FleetRunOptions } from "./options.ts";
import { SimServer } from "./server.ts";
import type { Caller, Surroundings } from "./surroundings.ts";
import { Users } from "./users.ts";
import { type Traffic, wire } from "./wire.ts";

/** From a server to another one, and back, in milliseconds. */
export const NODE_ROUND_TRIP_MS = 0.5;

/** How long the clock runs before others have a turn, such as a signal, in milliseconds of real time. */
const TURN_MS = 50;

/** A client had no carrier. */
export interface ClientOutage {
  readonly client: SimClient;
  readonly fromMs: number;
  readonly lastedMs: number;
}

/** All of it. */
export class World implements Surroundings {
  readonly clock: SimClock = new SimClock();
  readonly balancer: Balancer;
  readonly servers: SimServer[];
  readonly clients: SimClient[] = [];
  readonly users: Users;
  /** Of clients with the balancer, and of servers with each other. */
  readonly traffic: Record<"carriers" | "nodes", Traffic> = {
    carriers: { wires: 0, messages: 0, bytes: 0 },
    nodes: { wires: 0, messages: 0, bytes: 0 },
  };
  /** Outages that are over. */
  outages: ClientOutage[] = [];
  readonly secret: Uint8Array = new Uint8Array(32).fill(5);
  readonly token: Uint8Array = new Uint8Array(32).fill(6);
  /** What was said in logs, and how often; numbers are left out. */
  readonly lines: Map<string, number> = new Map();
  readonly clientClock: ClientClock = new ClientClock(this.clock);
  /** Memory that was in use before there was a client, where it is measured. */
  baseBytes = 0;
  readonly #giveBack: () => void;
  /** Of the next client. */
  #indices = 0;

  constructor(readonly options: FleetRunOptions) {
    const { seed, servers } = options;
    this.#giveBack = takeChance(seed, this.clock.io, () => 0);
    this.balancer = new Balancer(this, new Random(seed ^ 0xba1a));
    this.users = new Users(this, this.clients, new Random(seed ^ 0x05e5));
    this.servers = Array.from({ length: servers }, (_, index) => new SimServer(this, index));
  }

  /** Starts all servers. */
  async start(): Promise<void> {
    const started = Promise.all(this.servers.map((server) => server.start()));
    await this.run(10);
    await started;
    for (const server of this.servers) this.balancer.rotation.add(server);
  }

  /** A line of a log. */
  told(whose: string, message: string): void {
    const key = `${whose}: ${message.replaceAll(/session [\da-f]+|\d+(\.\d+)?/g, "N").slice(0, 160)}`;
    this.lines.set(key, (this.lines.get(key) ?? 0) + 1);
  }

  /** Another client comes. */
  async addClient(): Promise<void> {
    const index = this.#indices++;
    const onOutageOver: OutageOver = (client, fromMs, lastedMs) => void this.outages.push({ client, fromMs, lastedMs });
    this.clients.push(await SimClient.start(this, index, onOutageOver));
  }

  /** A client connects to the balancer. */
  connect(host: string, signal: AbortSignal): Promise<Duplex> {
    return this.balancer.connect(host, signal);
  }

  /** A server connects to another one's node. */
  dialNode(from: Caller, node: string, signal: AbortSignal): Promise<Duplex> {
    const to = this.servers.find((server) => server.node === node)!;
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      if (to.machine.isLost) return;
      this.clock.io.setTimer(() => {
        if (signal.aborted || to.machine.isLost) return;
        if (!to.isUp) return reject(new Deno.errors.ConnectionRefused("connection refused"));
        const delayMs = NODE_ROUND_TRIP_MS / 2;
        const ends = { near: from.machine, far: to.machine, peer: from.node };
        const [near, far] = wire({ clock: this.clock.io, delayMs, traffic: this.traffic.nodes, ...ends });
        void to.welcome(far);
        resolve(near);
      }, NODE_ROUND_TRIP_MS);
    });
  }

  /** Lets time pass: `ms`, or until `isDone`, which is looked at every 100 ms of the clock. */
  run(ms: number, isDone: () => boolean = () => false): Promise<void> {
    const untilMs = this.clock.now() + ms;
    let lookAtMs = this.clock.now() + 100;
    return new Promise((resolve, reject) => {
      const turn = () => {
        const turnEndMs = performance.now() + TURN_MS;
        try {
          while (performance.now() < turnEndMs) {
            for (let steps = 0; steps < 64; steps++) {
              if (!this.clock.step(untilMs, 0)) {
                this.clock.skipTo(untilMs);
                return resolve();
              }
            }
            if (this.clock.now() < lookAtMs) continue;
            if (isDone()) return resolve();
            lookAtMs = this.clock.now() + 100;
          }
          setImmediate(turn);
        } catch (error) {
          reject(error);
        }
      };
      // From within a task, since promise jobs are run there.
      setImmediate(turn);
    });
  }

  /** Who has which session, by its identifier. */
  owners(): Map<string, SimServer> {
    const owners = new Map<string, SimServer>();
    for (const server of this.servers) for (const session of server.sessions) owners.set(session.id.toHex(), server);
    return owners;
  }

  /** No more chance from a seed. */
  end(): void {
    this.#giveBack();
  }
}

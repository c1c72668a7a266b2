/**
 * Servers of a fleet, and clients that are dealt to them, over networks in memory, with a clock that the test moves.
 *
 * @module
 */
import { MuxClient, MuxServer } from "../../lib/mux/link.ts";
import type { MuxClientOptions, MuxServerOptions } from "../../lib/mux/link_options.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { duplexPair } from "../../lib/net/pipe.ts";
import { PrefixedDuplex } from "../../lib/net/prefixed_duplex.ts";
import { Fleet } from "../../lib/session/fleet/fleet.ts";
import type { PassedCarrier } from "../../lib/session/fleet/fleet_options.ts";
import { FleetKeys } from "../../lib/session/fleet/fleet_keys.ts";
import { LastTicket } from "../../lib/session/fleet/last_ticket.ts";
import { relay } from "../../lib/tunnel/rfd80/relay.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemoryNetwork } from "./memory_network.ts";
import { echo } from "./mux_world.ts";

/** A secret of fleets. */
export const SECRET = new Uint8Array(32).fill(5);

/** What a process is among others. */
export interface FleetPlace {
  /** Its server's node; `undefined` for one alone. */
  readonly node: string | undefined;
  /** Whether there are other workers of its server. */
  readonly isWorker: boolean;
}

/** One process: where clients reach it, and where the others do. */
export class FleetServer {
  /** Clients dial here. */
  readonly network: MemoryNetwork;
  /** Other servers dial here. */
  readonly nodeNetwork: MemoryNetwork;
  /** Other workers of its server dial here. */
  readonly workerNetwork: MemoryNetwork;
  /** Whether the process is there no more. */
  isOver = false;
  /** Carriers that others have passed on to it, by their clients' addresses. */
  readonly passedHere: string[] = [];
  /** What went wrong with who came to the node. */
  readonly refusedHere: string[] = [];
  readonly log: string[] = [];
  readonly keys: FleetKeys;
  fleet!: Fleet;
  server!: MuxServer;
  readonly #world: FleetWorld;

  constructor(world: FleetWorld, readonly place: FleetPlace, keys: FleetKeys) {
    this.#world = world;
    this.keys = keys;
    const { clock } = world;
    const accept = (carrier: Duplex) => void this.server.accept(world.fromNextPort(carrier));
    this.network = new MemoryNetwork({ clock, onConnection: accept });
    const welcome = (link: Duplex) => void this.#welcome(link, this.fleet.welcome(link));
    this.nodeNetwork = new MemoryNetwork({ clock, onConnection: welcome });
    const welcomeWorker = (link: Duplex) => void this.#welcome(link, this.fleet.welcomeWorker(link));
    this.workerNetwork = new MemoryNetwork({ clock, onConnection: welcomeWorker });
    this.start();
  }

  /** Its server's node. */
  get node(): string {
    return this.place.node!;
  }

  /** Another process, at the same address. */
  start(): void {
    const { clock } = this.#world;
    const log = (level: string, message: string) => void this.log.push(`${level} ${message}`);
    this.isOver = false;
    const { node, isWorker } = this.place;
    this.fleet = new Fleet({
      node,
      keys: this.keys,
      clock,
      log,
      dial: (node, signal) => this.#world.serverAt(node).nodeNetwork.dial(signal),
      dialWorker: isWorker ? (...asked) => this.#dialWorker(...asked) : undefined,
      siblings: isWorker && this.#world.isDealing ? () => Promise.resolve(this.#siblings()) : undefined,
      splice: (outer, inner) => void relay({ outer, inner, framing: undefined }, clock).catch(() => {}),
    });
    this.server = new MuxServer({
      clock,
      log,
      fleet: this.fleet,
      dial: () => {
        const [near, far] = duplexPair();
        echo(near);
        return Promise.resolve(far);
      },
      ...this.#world.serverOptions,
    });
  }

  /** The other workers of its server, also those that are over. */
  #siblings(): Uint8Array[] {
    const isBeside = (server: FleetServer) => server !== this && server.place.node === this.place.node;
    return this.#world.servers.filter(isBeside).map(({ fleet }) => fleet.instance);
  }

  /** The system knows which processes are over. */
  #dialWorker(instance: Uint8Array, signal: AbortSignal): Promise<Duplex | undefined> {
    const isThis = (server: FleetServer) => server.fleet.instance.every((byte, at) => byte === instance[at]);
    const found = this.#world.servers.find(isThis);
    if (found === undefined || found.isOver || found.node !== this.node) return Promise.resolve(undefined);
    return found.workerNetwork.dial(signal);
  }

  /** The process was killed: its connections are cut, and nobody answers at its addresses. */
  kill(): Promise<void> {
    this.isOver = true;
    for (const network of [this.network, this.nodeNetwork, this.workerNetwork]) {
      network.cut();
      network.state = "refusing";
    }
    return this.server.stop("killed");
  }

  /** Another process takes its place. */
  restart(): void {
    this.start();
    this.network.state = this.nodeNetwork.state = this.workerNetwork.state = "up";
  }

  async #welcome(link: Duplex, welcoming: Promise<PassedCarrier | undefined>): Promise<void> {
    try {
      const passed = await welcoming;
      if (passed === undefined) return;
      this.passedHere.push(passed.carrier.peer);
      await this.server.accept(passed.carrier);
    } catch (error) {
      this.refusedHere.push((error as Error).message);
      link.close();
    }
  }
}

/** What is in a {@linkcode FleetWorld}. */
export interface FleetWorldOptions {
  /** Of each. */
  servers?: Partial<MuxServerOptions>;
  /** How many. @default {3} */
  count?: number;
  /** How long a key that was taken away still opens, in milliseconds. @default {a week} */
  keptMs?: number;
}

/** Servers, and the balancer in front of them. */
export class FleetWorld implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly servers: FleetServer[] = [];
  readonly clients: MuxClient[] = [];
  readonly serverOptions: Partial<MuxServerOptions>;
  readonly #keptMs: number;
  /** The server to which the next carrier goes. */
  next = 0;
  #nextWorker = 0;
  #nextPort = 50_000;
  /** Whether workers that start give new sessions to each other. */
  isDealing = false;
  /** Whether each carrier goes to the next server. */
  isRoundRobin = true;

  private constructor(serverOptions: Partial<MuxServerOptions>, keptMs: number) {
    this.serverOptions = serverOptions;
    this.#keptMs = keptMs;
  }

  /** Servers with one key. */
  static async start({ servers = {}, count = 3, keptMs = 604_800_000 }: FleetWorldOptions = {}): Promise<FleetWorld> {
    const world = new FleetWorld(servers, keptMs);
    for (let at = 0; at < count; at++) await world.addServer(`10.0.0.${at + 1}:40301`, SECRET);
    return world;
  }

  /** One more server. */
  addServer(node: string, ...secrets: Uint8Array[]): Promise<FleetServer> {
    return this.#add({ node, isWorker: false }, secrets);
  }

  /** Workers of one more server. */
  async addWorkers(node: string | undefined, count: number, secret = SECRET): Promise<FleetServer[]> {
    const added: FleetServer[] = [];
    for (let at = 0; at < count; at++) added.push(await this.#add({ node, isWorker: true }, [secret]));
    return added;
  }

  async #add(place: FleetPlace, secrets: Uint8Array[]): Promise<FleetServer> {
    const keys = await FleetKeys.make(secrets, { clock: this.clock, keptMs: this.#keptMs });
    const server = new FleetServer(this, place, keys);
    this.servers.push(server);
    return server;
  }

  /** The server whose node this is: of workers each in turn, as the system deals connections. */
  serverAt(node: string): FleetServer {
    const found = this.servers.filter((server) =>
      server.place.node === node && server.nodeNetwork.state !== "refusing"
    );
    if (found.length === 0) throw new Deno.errors.ConnectionRefused(`nobody is at ${node}`);
    return found[this.#nextWorker++ % found.length]!;
  }

  /** A client that dials the balancer. */
  addClient(options: Partial<MuxClientOptions> = {}): MuxClient {
    const dial = (signal: AbortSignal) => {
      const { network } = this.servers[this.next % this.servers.length]!;
      if (this.isRoundRobin) this.next++;
      return network.dial(signal);
    };
    const client = new MuxClient({ clock: this.clock, dial, carriers: 1, tickets: new LastTicket(), ...options });
    this.clients.push(client);
    return client;
  }

  /** The same carrier as a server sees it: all clients are at one address, and each carrier has a port of its own. */
  fromNextPort(carrier: Duplex): Duplex {
    return new PrefixedDuplex(carrier, new Uint8Array(0), `192.0.2.9:${this.#nextPort++}`);
  }

  /** Cuts all carriers that clients have. */
  cut(): void {
    for (const { network } of this.servers) network.cut();
  }

  /** Waits until a client has a carrier. */
  attached(client: MuxClient): Promise<void> {
    return this.clock.advanceUntil(() => client.isAttached, 60_000, "a carrier");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { fleet } of this.servers) fleet.stop();
    const stops = [...this.clients, ...this.servers.map(({ server }) => server)].map((each) => each.stop("the end"));
    await this.clock.run(Promise.all(stops));
  }
}

/** A user of a client, whose server sends everything back. */
export class EchoUser {
  readonly #user: Duplex;
  readonly #world: FleetWorld;

  constructor(world: FleetWorld, client: MuxClient) {
    const [user, far] = duplexPair();
    this.#world = world;
    this.#user = user;
    client.open(far);
  }

  /** Says no more; settles when the other side has ended as well. */
  async end(): Promise<void> {
    const ended = async () => {
      await this.#user.closeWrite();
      while (await this.#user.read(new Uint8Array(64)) !== null);
    };
    await this.#world.clock.run(ended(), 120_000, "the end");
  }

  /** Says something; returns what comes back. */
  async say(words: string): Promise<string> {
    const bytes = new TextEncoder().encode(words);
    const into = new Uint8Array(bytes.length);
    const answered = async () => {
      await this.#user.write(bytes);
      for (let filled = 0; filled < into.length;) {
        const count = await this.#user.read(into.subarray(filled));
        if (count === null) throw new Error("the stream has ended");
        filled += count;
      }
      return new TextDecoder().decode(into);
    };
    return await this.#world.clock.run(answered(), 120_000, words);
  }
}

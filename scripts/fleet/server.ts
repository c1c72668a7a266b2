/**
 * One server of the fleet: the real one, but for its sockets.
 *
 * @module
 */
import { MuxServer } from "../../lib/mux/link.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { TeleError } from "../../lib/net/error.ts";
import { FrontDoor } from "../../lib/net/front_door.ts";
import type { Log } from "../../lib/net/log.ts";
import { Fleet } from "../../lib/session/fleet/fleet.ts";
import { FleetKeys } from "../../lib/session/fleet/fleet_keys.ts";
import type { Session } from "../../lib/session/session.ts";
import { Strangers } from "../../lib/session/strangers.ts";
import { readShare, relay } from "../../lib/tunnel/rfd80/relay.ts";
import { Process } from "../../tests/sim/process.ts";
import { EchoService } from "./echo_service.ts";
import type { Surroundings } from "./surroundings.ts";
import { Machine, type WireEnd } from "./wire.ts";

/** How long a key that is taken away still opens, in milliseconds; nobody takes one away. */
const KEPT_MS = 604_800_000;

/** What a server did. */
export interface Deeds {
  /** Carriers that came to it from the balancer. */
  dealt: number;
  /** Of these, those that it passed on. */
  passedOn: number;
  /** Carriers that others passed to it. */
  passedHere: number;
  /** Connections of others to its node. */
  asked: number;
  /** Carriers that went for want of room among strangers. */
  expelled: number;
}

/** A machine with a server, which may be another process from one moment to the next. */
export class SimServer {
  readonly machine: Machine = new Machine();
  readonly node: string;
  readonly deeds: Deeds = { dealt: 0, passedOn: 0, passedHere: 0, asked: 0, expelled: 0 };
  /** Sessions that it has. */
  sessions: Set<Session> = new Set();
  /** Most that it had at once. */
  mostSessions = 0;
  /** Carriers that it passes on now. */
  spliced = 0;
  /** Whether somebody listens there. */
  isUp = false;
  readonly #world: Surroundings;
  #process!: Process;
  #fleet!: Fleet;
  #door!: FrontDoor;
  #nodeStrangers!: Strangers;
  #mux!: MuxServer;

  constructor(world: Surroundings, readonly index: number) {
    this.#world = world;
    this.node = `10.0.${index >> 8}.${index & 255}:40301`;
  }

  /** A process starts here. */
  async start(): Promise<void> {
    const { clock, options, secret, token } = this.#world;
    this.#process = new Process(this.node, clock);
    const time = this.#process.clock;
    const log: Log = (level, message) => this.#told(level, message);
    const keys = await FleetKeys.make([secret], { clock: time, keptMs: KEPT_MS });
    this.#fleet = new Fleet({
      node: this.node,
      keys,
      clock: time,
      log,
      dial: (node, signal) => this.#world.dialNode(this, node, signal),
      splice: (carrier, owner) => void this.#splice(carrier, owner),
    });
    this.sessions = new Set();
    const sessions = this.sessions;
    this.#mux = new MuxServer({
      clock: time,
      log,
      token,
      fleet: this.#fleet,
      maxSessions: options.maxSessions,
      maxStreams: 1_000_000,
      dial: () => Promise.resolve(new EchoService()),
      observer: {
        sessionMade: (session) => void sessions.add(session),
        sessionEnded: (session) => void sessions.delete(session),
        carrierAttached: () => this.mostSessions = Math.max(this.mostSessions, sessions.size),
        carrierGone() {},
        attemptFailed() {},
      },
    });
    this.#nodeStrangers = new Strangers(time, log);
    this.#door = new FrontDoor({
      clock: time,
      onWebSocket: (carrier) => carrier.close(),
      onOther: (carrier) => void this.#mux.accept(carrier),
      onRefused: (_, reason) => this.#told("warn", reason),
      onLeft() {},
    });
    this.isUp = true;
  }

  #told(level: string, message: string): void {
    if (message.includes("too many handshakes")) this.deeds.expelled++;
    this.#world.told(`server ${level}`, message);
  }

  /** A carrier comes from the balancer. */
  accept(carrier: WireEnd): void {
    this.deeds.dealt++;
    void this.#door.welcome(carrier);
  }

  /** Another server has connected to its node. */
  async welcome(link: Duplex): Promise<void> {
    this.deeds.asked++;
    this.#nodeStrangers.enter(link);
    try {
      const passed = await this.#fleet.welcome(link);
      if (passed === undefined) return;
      this.deeds.passedHere++;
      void this.#door.welcome(passed.carrier);
    } catch (error) {
      if (this.#nodeStrangers.reasonFor(link) !== undefined) this.deeds.expelled++;
      if (error instanceof TeleError && error.code === "protocol") this.#told("warn", error.message);
      link.close();
    } finally {
      this.#nodeStrangers.leave(link);
    }
  }

  async #splice(outer: Duplex, inner: Duplex): Promise<void> {
    const process = this.#process;
    this.deeds.passedOn++;
    this.spliced++;
    await relay({ outer, inner, framing: undefined }, process.clock, undefined, () => readShare(this.spliced))
      .catch(() => {});
    // Behind a kill it counts for the next process.
    if (process === this.#process && process.isAlive) this.spliced--;
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#mux.streamCount;
  }

  /** Takes nobody new; settles when all sessions are over. */
  drain(): Promise<void> {
    return this.#mux.drain();
  }

  /** Ends what is left, with a goodbye, and then the process. */
  async stop(): Promise<void> {
    await this.#mux.stop("the tele server ended");
    this.kill();
  }

  /** The process is gone: nothing that it planned happens, and its connections are reset. */
  kill(): void {
    this.#process.kill();
    this.isUp = false;
    this.sessions = new Set();
    this.spliced = 0;
    this.machine.reset();
  }

  /** The machine is gone, and tells nobody. */
  lose(): void {
    this.#process.kill();
    this.spliced = 0;
    this.machine.isLost = true;
  }
}

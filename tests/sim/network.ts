/**
 * The unreliable network between the tele client and the tele server.
 *
 * @module
 */
import type { Duplex } from "../../lib/net/duplex.ts";
import type { MemoryPipe } from "../support/memory_pipe.ts";
import { Random } from "../support/random.ts";
import { CarrierEnd } from "./carrier_end.ts";
import type { SimClock } from "./clock.ts";
import { type Impostor, playImpostor } from "./impostor.ts";
import type { Process } from "./process.ts";
import { type Largest, type Lines, SimPath, swallowIn } from "./sim_path.ts";

/** What dialing meets. */
export type NetworkState = "up" | "refusing" | "unreachable";

/** What befalls a carrier by itself. */
export interface Fate {
  /** Seen from the client. */
  direction: "up" | "down";
  /** Bytes in that direction after which it happens. */
  atBytes: number;
  /** Milliseconds for which the direction is held; -1: for ever; 0: the carrier is cut instead. */
  holdMs: number;
}

/** More carriers in one run mean that none of them brings anything; the run then ends in waiting. */
const MOST_CARRIERS = 2_000;

/**
 * A write that was under way when its carrier ended may settle up to so much later, where writes are late: when others
 * have taken over. In milliseconds.
 */
export const MOST_SETTLE_MS = 400;

/** One carrier. */
export interface Pipe {
  readonly index: number;
  readonly pipe: MemoryPipe;
  readonly client: Process;
  readonly server: Process | undefined;
  readonly path: SimPath;
  /** It has less than 16 kbit/s, the slowest that anybody is patient with. */
  readonly isSlow: boolean;
  /** Something was done to it, so whoever calls it dead may be right. */
  isDisturbed: boolean;
}

/** What a {@linkcode SimNetwork} needs. */
export interface NetworkOptions {
  clock: SimClock;
  seed: number;
  /** Of the paths there are, in order. */
  lines: Lines[];
  /** Befalls the first carriers, in order. */
  fates: (Fate | null)[];
  /** Befalls all carriers behind those, until the network heals. */
  lastFate: Fate | null;
  /** The longest that what was read takes to reach its process, in milliseconds, even if that closes the carrier. */
  lateReadMs: number;
  /** The longest until a write leaves, in milliseconds, and until what is under way at a close settles. */
  lateWriteMs: number;
  trace(line: string): void;
  mayGoOn(): boolean;
}

/** All carriers there were, and how dialing goes now. */
export class SimNetwork {
  readonly pipes: Pipe[] = [];
  state: NetworkState = "up";
  impostor: Impostor | undefined;
  /** Answers dials, unless an impostor does; undefined while the server is down. */
  server: { process: Process; accept(carrier: Duplex): void } | undefined;
  /** There is one at least. */
  readonly paths: readonly SimPath[];
  readonly #options: NetworkOptions;
  readonly #random: Random;
  readonly #owners: WeakMap<Duplex, Pipe> = new WeakMap();
  readonly #ends: { process: Process; end: CarrierEnd }[] = [];
  readonly #overheard: Uint8Array[] = [];
  #healed = false;
  #waiting: Set<() => void> = new Set();

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.paths = options.lines.map((lines, index) => new SimPath(index, lines));
    this.#random = new Random(options.seed ^ 0x4e77);
  }

  /** The carrier that a process knows as `duplex`. */
  pipeOf(duplex: Duplex): Pipe | undefined {
    return this.#owners.get(duplex);
  }

  /** What the client first said on its first carrier. */
  get overheard(): Uint8Array {
    return Uint8Array.from(this.#overheard.flatMap((bytes) => [...bytes]));
  }

  /** Dials for `client`, on the path of this number. */
  dial(client: Process, signal: AbortSignal, number = 0): Promise<Duplex> {
    const path = this.paths[number];
    const { clock, trace } = this.#options;
    if (!this.#options.mayGoOn() || this.pipes.length > MOST_CARRIERS) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(attempt);
        reject(signal.reason);
      };
      const attempt = () => {
        if (!client.isAlive || signal.aborted) return;
        if (this.state === "unreachable" || path.isDead) return void this.#waiting.add(attempt);
        signal.removeEventListener("abort", onAbort);
        const isRefused = this.state === "refusing" || (this.impostor === undefined && this.server === undefined);
        if (!isRefused) return client.io(() => resolve(this.#connect(client, path)));
        trace("dial refused");
        client.io(() => reject(new Deno.errors.ConnectionRefused("connection refused")));
      };
      signal.addEventListener("abort", onAbort, { once: true });
      clock.io.setTimer(attempt, 2 * path.lines.delayMs);
    });
  }

  setState(state: NetworkState): void {
    this.state = state;
    if (state !== "unreachable") this.#tryAgain();
  }

  #tryAgain(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const attempt of waiting) attempt();
  }

  #connect(client: Process, path: SimPath): Duplex {
    const { clock, seed, fates, lastFate, lateReadMs, lateWriteMs, trace } = this.#options;
    const index = this.pipes.length;
    const pipe = path.connect(index, { clock: clock.io, seed: seed + index * 7919 });
    const impostor = this.impostor;
    const server = impostor === undefined ? this.server : undefined;
    const isSlow = path.isSlow(lateReadMs + lateWriteMs), isDisturbed = path.lines.largest !== undefined || isSlow;
    const record: Pipe = { index, pipe, client, server: server?.process, path, isSlow, isDisturbed };
    this.pipes.push(record);
    const fate = this.#healed ? null : index < fates.length ? fates[index] : lastFate;
    trace(
      `carrier ${index} opens${path.index > 0 ? ` on path ${path.index}` : ""}${
        impostor ? ` to an impostor that ${impostor}` : ""
      }${fate ? `, fate ${JSON.stringify(fate)}` : ""}`,
    );
    if (fate?.holdMs === 0) {
      record.isDisturbed = true;
      (fate.direction === "up" ? pipe.aToB : pipe.bToA).cutAfter(fate.atBytes);
    }
    let hasHappened = false;
    const watch = (direction: "up" | "down") => (bytes: Uint8Array, writtenBytes: number) => {
      if (direction === "up" && index === 0 && writtenBytes < 2000) this.#overheard.push(bytes.slice());
      if (fate === null || fate.holdMs === 0 || fate.direction !== direction || writtenBytes < fate.atBytes) return;
      if (hasHappened) return;
      hasHappened = true;
      this.hold(record, direction, fate.holdMs);
    };
    const late = (mostMs: number) => () => {
      if (this.#healed) return undefined;
      const delayMs = mostMs * this.#random.next32() / 2 ** 32;
      return new Promise<void>((resolve) => void clock.io.setTimer(resolve, delayMs));
    };
    // Never with tiny reads: that would be a path of a few bytes a second.
    const readsLate = lateReadMs > 0 && (path.lines.chunkBytes === 0 || path.lines.chunkBytes >= 300);
    const lateness = {
      read: readsLate ? late(lateReadMs) : undefined,
      write: lateWriteMs > 0 ? late(lateWriteMs) : undefined,
      settle: late(MOST_SETTLE_MS),
    };
    const near = new CarrierEnd(pipe.a, watch("up"), lateness);
    const far = new CarrierEnd(pipe.b, watch("down"), lateness);
    this.#ends.push({ process: client, end: near });
    if (server !== undefined) this.#ends.push({ process: server.process, end: far });
    this.#owners.set(near, record);
    this.#owners.set(far, record);
    if (client.isSuspended) pipe.bToA.hold();
    if (server?.process.isSuspended) pipe.aToB.hold();
    if (server !== undefined) server.process.io(() => server.accept(far));
    else void playImpostor(impostor!, far, this.#random).catch(() => {});
    return near;
  }

  /** Holds one direction of a carrier for a while, or for ever. */
  hold(record: Pipe, direction: "up" | "down", holdMs: number): void {
    if (record.pipe.isOver) return;
    const lane = direction === "up" ? record.pipe.aToB : record.pipe.bToA;
    record.isDisturbed = true;
    this.#options.trace(`carrier ${record.index} ${direction} held for ${holdMs} ms`);
    if (holdMs < 0) return lane.blackHole();
    lane.hold();
    this.#options.clock.io.setTimer(() => {
      const receiver = direction === "up" ? record.server : record.client;
      if (!receiver?.isSuspended) lane.release();
    }, holdMs);
  }

  /** A path dies in one direction or both, for a while, or for ever: no word of it reaches anybody. */
  killPath(path: SimPath, direction: "up" | "down" | "both", forMs: number): void {
    path.isDead = true;
    for (const record of this.open) {
      if (record.path !== path) continue;
      if (direction !== "down") this.hold(record, "up", forMs);
      if (direction !== "up") this.hold(record, "down", forMs);
    }
    if (forMs < 0) return;
    this.#options.clock.io.setTimer(() => {
      path.isDead = false;
      this.#tryAgain();
    }, forMs);
  }

  /** A path begins to swallow what is large, also of the carriers that it has. */
  swallow(path: SimPath, largest: Largest): void {
    path.lines = { ...path.lines, largest };
    for (const record of this.open.filter((each) => each.path === path)) {
      record.isDisturbed = true;
      swallowIn(record.pipe, largest);
    }
  }

  cutAll(): void {
    for (const record of this.open) {
      record.isDisturbed = true;
      record.pipe.cut();
    }
  }

  /** Carriers that `process` has not let go of. */
  heldBy(process: Process): number {
    return this.#ends.filter((held) => held.process === process && !held.end.isClosed).length;
  }

  /** Carriers that may still carry something. */
  get open(): Pipe[] {
    return this.pipes.filter(({ pipe }) => !pipe.isOver);
  }

  /** From now on nothing goes wrong; what is broken already stays so. */
  heal(): void {
    this.#healed = true;
    this.impostor = undefined;
    for (const path of this.paths) path.heal();
    for (const { pipe } of this.open) {
      for (const lane of [pipe.aToB, pipe.bToA]) {
        lane.bytesPerSecond = undefined;
        lane.largestBytes = Infinity;
        lane.delayMs = Math.min(lane.delayMs, 20);
        lane.release();
      }
    }
    this.setState("up");
  }
}

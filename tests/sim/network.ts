/**
 * The unreliable network between the tele client and the tele server, and those who answer in the server's place.
 *
 * @module
 */
import { readU32 } from "../../lib/net/bytes.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { HandshakeChannel } from "../../lib/session/handshake/channel.ts";
import { decodeHello, encodeAccept, encodeChallenge } from "../../lib/session/handshake/messages.ts";
import { encodeEnding } from "../../lib/session/ending.ts";
import { FieldType, guardedField, receiptsField } from "../../lib/session/handshake/fields.ts";
import { LentWrite } from "../support/lent_memory.ts";
import { type MemoryPipe, memoryPipe } from "../support/memory_pipe.ts";
import { Random } from "../support/random.ts";
import type { SimClock } from "./clock.ts";
import type { Process } from "./process.ts";

/** What dialing meets. */
export type NetworkState = "up" | "refusing" | "unreachable";

/** Who answers in the server's place. */
export type Impostor = "garbage" | "web" | "silent" | "closes" | "refuses" | "unknown" | "ready";

/** What befalls a carrier by itself. */
export interface Fate {
  /** Seen from the client. */
  direction: "up" | "down";
  /** After so many bytes in that direction. */
  atBytes: number;
  /** Milliseconds for which the direction is held; -1: for ever; 0: the carrier is cut instead. */
  holdMs: number;
}

/** How the lines are. */
export interface Lines {
  delayMs: number;
  /** 0: no limit. */
  bytesPerSecond: number;
  bufferBytes: number;
  /** A read gets at most this many bytes; 0: all there are. */
  chunkBytes: number;
  /** What is larger is swallowed, with all that is behind it; without it nothing is. */
  largest?: { up: number; down: number };
}

/** More carriers in one run mean that none of them brings anything; the run then ends in waiting. */
const MOST_CARRIERS = 2_000;

/** One carrier. */
export interface Pipe {
  readonly index: number;
  readonly pipe: MemoryPipe;
  readonly client: Process;
  readonly server: Process | undefined;
  readonly localAddress: string;
  /** Something was done to it, so whoever calls it dead may be right. */
  isDisturbed: boolean;
}

/** What a process has to wait for at its end of a carrier. */
interface Lateness {
  /** Before what was read reaches it; `undefined` if at once. */
  read: (() => Promise<void> | undefined) | undefined;
  /** Before what is written leaves, and before what was under way at the end settles. */
  write: (() => Promise<void> | undefined) | undefined;
}

/** The end of a carrier that a process holds; applies the carrier's fate to what is written. */
class CarrierEnd implements Duplex {
  /** Whether the process has let go of it. */
  isClosed = false;
  readonly peer: string;
  readonly localAddress?: string;
  readonly #end: Duplex;
  readonly #onWrite: (bytes: Uint8Array, written: number) => void;
  readonly #late: Lateness;
  #written = 0;

  constructor(end: Duplex, onWrite: (bytes: Uint8Array, writtenBytes: number) => void, late: Lateness) {
    this.#end = end;
    this.peer = end.peer;
    if (end.localAddress !== undefined) this.localAddress = end.localAddress;
    this.#onWrite = onWrite;
    this.#late = late;
  }

  read(into: Uint8Array): Promise<number | null> {
    const reading = this.#end.read(into);
    return this.#late.read === undefined ? reading : this.#readLate(reading);
  }

  async #readLate(reading: Promise<number | null>): Promise<number | null> {
    const count = await reading;
    await this.#late.read!();
    return count;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#written += bytes.length;
    this.#onWrite(bytes, this.#written);
    return this.#late.write === undefined ? this.#end.write(bytes) : this.#writeLate(bytes);
  }

  async #writeLate(bytes: Uint8Array): Promise<void> {
    const lent = new LentWrite(bytes);
    let taken = 0;
    try {
      await this.#late.write!();
      await this.#end.write(bytes);
      taken = bytes.length;
    } catch (error) {
      await this.#late.write!();
      throw error;
    } finally {
      lent.giveBack(taken);
    }
  }

  closeWrite(): Promise<void> {
    return this.#end.closeWrite();
  }

  abort(reason?: unknown): void {
    this.isClosed = true;
    this.#end.abort(reason);
  }

  close(): void {
    this.isClosed = true;
    this.#end.close();
  }
}

/** What a {@linkcode SimNetwork} needs. */
export interface NetworkOptions {
  clock: SimClock;
  seed: number;
  lines: Lines;
  /** Befalls the first carriers, in order. */
  fates: (Fate | null)[];
  /** Befalls all carriers behind those, until the network heals. */
  lastFate: Fate | null;
  /** What a process has read reaches it after up to so long, even if it closes the carrier meanwhile. */
  lateReadMs: number;
  /** What a process writes leaves after up to so long; what is under way when it closes the carrier settles as late. */
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
  localAddress = "10.0.0.1";
  lines: Lines;
  readonly #options: NetworkOptions;
  readonly #random: Random;
  readonly #owners: WeakMap<Duplex, Pipe> = new WeakMap();
  readonly #ends: { process: Process; end: CarrierEnd }[] = [];
  readonly #overheard: Uint8Array[] = [];
  #healed = false;
  #waiting: Set<() => void> = new Set();

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.lines = options.lines;
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

  /** Dials for `client`. */
  dial(client: Process, signal: AbortSignal): Promise<Duplex> {
    const { clock, trace } = this.#options;
    if (!this.#options.mayGoOn() || this.pipes.length > MOST_CARRIERS) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(attempt);
        reject(signal.reason);
      };
      const attempt = () => {
        if (!client.isAlive || signal.aborted) return;
        if (this.state === "unreachable") return void this.#waiting.add(attempt);
        signal.removeEventListener("abort", onAbort);
        const isRefused = this.state === "refusing" || (this.impostor === undefined && this.server === undefined);
        if (!isRefused) return client.io(() => resolve(this.#connect(client)));
        trace("dial refused");
        client.io(() => reject(new Deno.errors.ConnectionRefused("connection refused")));
      };
      signal.addEventListener("abort", onAbort, { once: true });
      clock.io.setTimer(attempt, 2 * this.lines.delayMs);
    });
  }

  setState(state: NetworkState): void {
    this.state = state;
    if (state === "unreachable") return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const attempt of waiting) attempt();
  }

  #connect(client: Process): Duplex {
    const { clock, seed, fates, lastFate, lateReadMs, lateWriteMs, trace } = this.#options;
    const index = this.pipes.length;
    const { delayMs, bytesPerSecond, bufferBytes, chunkBytes, largest } = this.lines;
    const pipe = memoryPipe({
      clock: clock.io,
      seed: seed + index * 7919,
      bufferBytes,
      delayMs,
      bytesPerSecond: bytesPerSecond || undefined,
      maxChunk: chunkBytes || undefined,
      names: [`client:${index}`, `server:${index}`],
      localAddress: this.localAddress,
    });
    const impostor = this.impostor;
    const server = impostor === undefined ? this.server : undefined;
    const { localAddress } = this;
    const record: Pipe = {
      index,
      pipe,
      client,
      server: server?.process,
      localAddress,
      // A path that carries less than 16 kbit/s may be taken for dead.
      isDisturbed: Math.min(bufferBytes, chunkBytes || bufferBytes) < 2 * (2 * delayMs + 20 + lateReadMs + lateWriteMs),
    };
    this.pipes.push(record);
    if (largest !== undefined) {
      record.isDisturbed = true;
      [pipe.aToB.largestBytes, pipe.bToA.largestBytes] = [largest.up, largest.down];
    }
    const fate = this.#healed ? null : index < fates.length ? fates[index] : lastFate;
    trace(
      `carrier ${index} opens${impostor ? ` to an impostor that ${impostor}` : ""}${
        fate ? `, fate ${JSON.stringify(fate)}` : ""
      }`,
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
    const readsLate = lateReadMs > 0 && (chunkBytes === 0 || chunkBytes >= 300);
    const lateness = {
      read: readsLate ? late(lateReadMs) : undefined,
      write: lateWriteMs > 0 ? late(lateWriteMs) : undefined,
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
    else void play(impostor!, far, this.#random).catch(() => {});
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
    this.lines = { delayMs: Math.min(this.lines.delayMs, 20), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
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

/** Plays an impostor on the server's end of a carrier. */
async function play(impostor: Impostor, end: Duplex, random: Random): Promise<void> {
  const noise = (bytes: number) => Uint8Array.from({ length: bytes }, () => random.next32() >>> 24);
  const channel = new HandshakeChannel(end);
  switch (impostor) {
    case "closes":
      return end.close();
    case "silent":
      return;
    case "garbage":
      await end.write(noise(random.between(1, 3000)));
      if (random.chance(0.5)) end.close();
      return;
    case "web":
      await end.read(new Uint8Array(1024));
      await end.write(new TextEncoder().encode("HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n"));
      return end.close();
    case "refuses":
      await channel.receive();
      await channel.send(encodeEnding("refuse", { code: random.between(1, 9), message: "an impostor refuses" }));
      return end.close();
    case "unknown":
    case "ready": {
      const hello = decodeHello(await channel.receive());
      const status = impostor;
      // Where clients have a token, an impostor may say that it has it too.
      const guarded = guardedField(hello.fields.has(FieldType.guarded) && random.chance(0.7));
      await channel.send(encodeChallenge({ status, nonce: noise(32), publicKey: noise(32), fields: guarded }));
      const number = readU32(await channel.receive(), 2);
      // All of it may be as expected: then only the proof is wrong.
      const sessionId = status === "ready" && hello.sessionId !== undefined ? hello.sessionId : noise(16);
      const told = random.chance(0.5) ? number : random.between(0, 5);
      const fields = status === "ready" && random.chance(0.3) ? receiptsField([{ number: 0, taken: 70 }]) : new Map();
      const accept = encodeAccept({ sessionId, number: told, fields });
      const whole = new Uint8Array(accept.length + 32);
      whole.set(accept);
      whole.set(noise(32), accept.length);
      await channel.send(whole);
      return;
    }
  }
}

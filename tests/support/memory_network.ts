/**
 * A network in memory that misbehaves on demand, the same way for the same seed.
 *
 * It borrows as an operating system does: bytes are taken out of the writer's memory when there is room for them, and a read
 * has its buffer until it settles. Whoever touches either meanwhile fails the test; see `lent_memory.ts`.
 *
 * @module
 */
import type { Clock, Timer } from "../../lib/net/clock.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { LentRead, LentWrite } from "./lent_memory.ts";
import { Random } from "./random.ts";

/** How a pipe behaves. */
export interface MemoryPipeOptions {
  /** Needed for a delay or a rate. */
  clock?: Clock;
  /** Seed of all random choices. @default {1} */
  seed?: number;
  /** Bytes that one direction takes before a write waits. @default {65536} */
  bufferBytes?: number;
  /** How long bytes, FIN and RST are on their way. @default {0} */
  delayMs?: number;
  /** Rate of each direction; no limit by default. */
  bytesPerSecond?: number;
  /** At that rate bytes come in pieces of this length, in milliseconds; longer ones make a test quick. @default {5} */
  pieceMs?: number;
  /** A read gets between 1 and this many bytes, at random; by default all there are. */
  maxChunk?: number;
  /** Names of the ends `a` and `b`, for {@linkcode Duplex.peer}. @default {["memory:a", "memory:b"]} */
  names?: [string, string];
  /** {@linkcode Duplex.localAddress} of end `a`. */
  localAddress?: string;
}

/** Bytes on their way, or the end of a direction. */
interface Segment {
  bytes: Uint8Array;
  atMs: number;
  /** FIN, behind all bytes. */
  fin?: boolean;
  /** The sender of the FIN has closed the other direction too. */
  deaf?: boolean;
}

interface PendingRead {
  lent: LentRead;
  resolve(bytes: number | null): void;
  reject(reason: unknown): void;
}

interface PendingWrite {
  lent: LentWrite;
  /** How many of its bytes have left. */
  taken: number;
  resolve(): void;
  reject(reason: unknown): void;
}

/**
 * What was under way when a connection ended settles some turns of the promise queue later, as in Deno, where it is a turn
 * of the event loop: until then its memory is lent.
 */
const TURNS_TO_SETTLE = 8;

async function settleLate(settle: () => void): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_SETTLE; turn++) await null;
  settle();
}

const NOTHING = new Uint8Array(0);

/** One direction of a {@linkcode MemoryPipe}, with the levers to disturb it. */
export class Direction {
  /** Bytes that the reader has got. */
  deliveredBytes = 0;
  /** Bytes that the network has taken from the writer. */
  acceptedBytes = 0;
  /** See {@linkcode MemoryPipeOptions.delayMs}; may be changed at any time, order is kept. */
  delayMs: number;
  /** See {@linkcode MemoryPipeOptions.maxChunk}; may be changed at any time. */
  maxChunk: number | undefined;
  /** See {@linkcode MemoryPipeOptions.bytesPerSecond}; may be changed at any time. */
  bytesPerSecond: number | undefined;

  readonly #clock: Clock | undefined;
  readonly #random: Random;
  readonly #bufferBytes: number;
  readonly #pieceMs: number;
  readonly #cut: (reason: unknown) => void;
  /** Called when a FIN arrives whose sender does not listen any more. */
  readonly #onDeaf: () => void;
  /** Called when an RST arrives. */
  readonly #onReset: () => void;
  /** Called when bytes arrive at an end that was closed. */
  readonly #onStray: () => void;

  #queue: Segment[] = [];
  #queuedBytes = 0;
  #reader: PendingRead | undefined;
  #writer: PendingWrite | undefined;
  #closing: (() => void) | undefined;
  #readError: unknown;
  #writeError: unknown;
  #finSent = false;
  #finRead = false;
  #resetAtMs: number | undefined;
  #held = false;
  #dead = false;
  /** The reader's end was closed: bytes that arrive are answered with RST. */
  #isDeaf = false;
  #lineFreeMs = 0;
  #lastAtMs = 0;
  #cutAtBytes = Infinity;
  #timer: { timer: Timer; dueMs: number } | undefined;

  /** @internal */
  constructor(
    options: MemoryPipeOptions,
    random: Random,
    acts: { cut(reason: unknown): void; onDeaf(): void; onReset(): void; onStray(): void },
  ) {
    this.#clock = options.clock;
    this.#random = random;
    this.#bufferBytes = options.bufferBytes ?? 64 * 1024;
    this.#pieceMs = options.pieceMs ?? 5;
    this.delayMs = options.delayMs ?? 0;
    this.maxChunk = options.maxChunk;
    this.bytesPerSecond = options.bytesPerSecond;
    this.#cut = acts.cut;
    this.#onDeaf = acts.onDeaf;
    this.#onReset = acts.onReset;
    this.#onStray = acts.onStray;
    if (!this.#clock && (this.delayMs || this.bytesPerSecond)) throw new TypeError("a delay or a rate needs a clock");
  }

  /** Bytes taken from the writer and not yet given to the reader. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Whether a read waits at the end of this direction. */
  get isRead(): boolean {
    return this.#reader !== undefined;
  }

  /** Cuts the whole pipe, both sides with an error, once the reader has got exactly `bytes` bytes since the beginning. */
  cutAfter(bytes: number): void {
    this.#cutAtBytes = bytes;
    if (this.deliveredBytes >= bytes) this.#cut(resetError());
  }

  /** Stops delivery, of FIN and RST too, until {@linkcode Direction.release}; writes go on until the buffer is full. */
  hold(): void {
    this.#held = true;
  }

  /** Delivers what was held. */
  release(): void {
    this.#held = false;
    this.#pump();
  }

  /** Delivers nothing more, ever, and tells nobody. Writes go on until the buffer is full. */
  blackHole(): void {
    this.#dead = true;
  }

  /** @internal */
  read(into: Uint8Array): Promise<number | null> {
    if (into.byteLength === 0) return Promise.reject(new TypeError("contract broken: read into an empty buffer"));
    if (this.#reader) return Promise.reject(new Error("contract broken: a second read while one is pending"));
    if (this.#readError !== undefined) return Promise.reject(this.#readError);
    if (this.#finRead) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#reader = { lent: new LentRead(into), resolve, reject };
      this.#pump();
    });
  }

  /** @internal */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#writer) return Promise.reject(new Error("contract broken: a second write while one is pending"));
    if (this.#writeError !== undefined) return Promise.reject(this.#writeError);
    if (this.#finSent || this.#closing) return Promise.reject(new Error("contract broken: a write after closeWrite"));
    return new Promise((resolve, reject) => {
      this.#writer = { lent: new LentWrite(bytes), taken: 0, resolve, reject };
      // One step later: what finds no room stays lent for longer.
      queueMicrotask(() => this.#accept());
    });
  }

  /** @internal */
  closeWrite(): Promise<void> {
    if (this.#writeError !== undefined) return Promise.reject(this.#writeError);
    if (this.#finSent || this.#closing) return Promise.resolve();
    if (!this.#writer) {
      this.#sendFin(false);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const writer = this.#writer!;
      this.#closing = resolve;
      const rejectWrite = writer.reject;
      writer.reject = (reason) => {
        rejectWrite(reason);
        reject(reason);
      };
    });
  }

  /** The writer's end was closed without an error. @internal */
  sendClose(): void {
    if (this.#finSent) {
      const fin = this.#queue.at(-1);
      if (fin?.fin) fin.deaf = true;
      else this.#onDeaf();
    } else {
      this.#sendFin(true);
    }
    this.#pump();
  }

  /** The writer's end was aborted: overtakes the bytes, not the delay. @internal */
  sendReset(): void {
    this.#resetAtMs ??= this.#nowMs() + this.delayMs;
    this.#pump();
  }

  /** The reader's end was closed here: from now on bytes that are unread, or that arrive, are strays. @internal */
  stopReading(reason: unknown): void {
    this.#isDeaf = true;
    this.#rejectRead(reason);
    this.#pump();
  }

  /** @internal */
  failRead(reason: unknown): void {
    this.#queue = this.#queue.filter((segment) => segment.fin);
    this.#queuedBytes = 0;
    this.#rejectRead(reason);
  }

  #rejectRead(reason: unknown): void {
    this.#readError ??= reason;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) return;
    settleLate(() => {
      reader.lent.giveBack();
      reader.reject(this.#readError);
    });
  }

  /** @internal */
  failWrite(reason: unknown): void {
    this.#writeError ??= reason;
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer === undefined) return;
    settleLate(() => {
      writer.lent.giveBack(writer.taken);
      writer.reject(this.#writeError);
    });
  }

  /** @internal */
  dispose(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    this.#queue = [];
    this.#dead = true;
  }

  #nowMs(): number {
    return this.#clock?.now() ?? 0;
  }

  /** Takes bytes of the pending write while there is room. */
  #accept(): void {
    const writer = this.#writer;
    if (!writer) return;
    const { lent } = writer;
    const before = writer.taken;
    while (writer.taken < lent.length) {
      let take = lent.length - writer.taken;
      take = Math.min(take, this.#bufferBytes - this.#queuedBytes);
      // A paced line delivers bit by bit, not a whole buffer at its end.
      if (this.bytesPerSecond) {
        take = Math.min(take, Math.max(1, Math.ceil(this.bytesPerSecond * this.#pieceMs / 1000)));
      }
      if (take === 0) break;
      const bytes = lent.take(writer.taken, take);
      this.#queue.push({ bytes, atMs: this.#arrivalMs(take) });
      this.#queuedBytes += take;
      this.acceptedBytes += take;
      writer.taken += take;
    }
    if (writer.taken === lent.length) {
      this.#writer = undefined;
      writer.resolve();
      if (this.#closing) {
        this.#sendFin(false);
        this.#closing();
        this.#closing = undefined;
      }
    }
    if (writer.taken > before) this.#pump();
  }

  #arrivalMs(bytes: number): number {
    const startMs = Math.max(this.#nowMs(), this.#lineFreeMs);
    this.#lineFreeMs = this.bytesPerSecond ? startMs + bytes * 1000 / this.bytesPerSecond : startMs;
    this.#lastAtMs = Math.max(this.#lastAtMs, this.#lineFreeMs + this.delayMs);
    return this.#lastAtMs;
  }

  #sendFin(deaf: boolean): void {
    this.#finSent = true;
    this.#queue.push({ bytes: NOTHING, atMs: this.#arrivalMs(0), fin: true, deaf });
    this.#pump();
  }

  /** Delivers what has arrived, and sets the timer for what has not. */
  #pump(): void {
    if (this.#held || this.#dead) return;
    const nowMs = this.#nowMs();
    if (this.#resetAtMs !== undefined && this.#resetAtMs <= nowMs) {
      this.#resetAtMs = undefined;
      this.#queue = [];
      this.#onReset();
      return;
    }
    if (this.#isDeaf) this.#answerStrays(nowMs);
    const last = this.#queue.at(-1);
    if (last?.fin && last.deaf && last.atMs <= nowMs) {
      last.deaf = false;
      this.#onDeaf();
    }
    if (this.#reader) this.#deliver(this.#reader, nowMs);
    this.#wakeAtNextArrival(nowMs);
  }

  /** As TCP does: who closes with bytes unread, or gets some when it is closed, resets (RFC 2525, 2.17). */
  #answerStrays(nowMs: number): void {
    const strays = this.#queue.filter((segment) => !segment.fin && segment.atMs <= nowMs);
    if (strays.length === 0) return;
    this.#queue = this.#queue.filter((segment) => !strays.includes(segment));
    for (const { bytes } of strays) this.#queuedBytes -= bytes.byteLength;
    this.#onStray();
    this.#accept();
  }

  #deliver(reader: PendingRead, nowMs: number): void {
    const limit = Math.min(
      reader.lent.length,
      this.maxChunk === undefined ? Infinity : this.#random.between(1, this.maxChunk),
      this.#cutAtBytes - this.deliveredBytes,
    );
    let filled = 0;
    while (filled < limit && this.#queue.length > 0) {
      const head = this.#queue[0];
      if (head.atMs > nowMs || head.fin) break;
      const take = Math.min(head.bytes.byteLength, limit - filled);
      reader.lent.fill(head.bytes.subarray(0, take), filled);
      filled += take;
      if (take === head.bytes.byteLength) this.#queue.shift();
      else head.bytes = head.bytes.subarray(take);
    }
    if (filled > 0) {
      this.#reader = undefined;
      this.#queuedBytes -= filled;
      reader.lent.giveBack();
      this.deliveredBytes += filled;
      reader.resolve(filled);
      if (this.deliveredBytes >= this.#cutAtBytes) this.#cut(resetError());
      else this.#accept();
    } else if (this.#queue[0]?.fin && this.#queue[0].atMs <= nowMs) {
      this.#queue.shift();
      this.#finRead = true;
      this.#reader = undefined;
      reader.lent.giveBack();
      reader.resolve(null);
    }
  }

  #wakeAtNextArrival(nowMs: number): void {
    let dueMs = this.#resetAtMs ?? Infinity;
    const next = this.#queue[this.#countArrived(nowMs)];
    if (next !== undefined) dueMs = Math.min(dueMs, next.atMs);
    if (dueMs === Infinity || !this.#clock) return;
    if (this.#timer && this.#timer.dueMs <= dueMs) return;
    this.#timer?.timer.cancel();
    const timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      this.#pump();
    }, dueMs - nowMs);
    this.#timer = { timer, dueMs };
  }

  /** Segments at the front of the queue that have arrived: they arrive in order, so half of what is left is looked at once. */
  #countArrived(nowMs: number): number {
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#queue[middle].atMs <= nowMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Two connected ends and the levers to disturb what is between them. */
export interface MemoryPipe {
  /** The end that dialed, by convention. */
  readonly a: Duplex;
  /** The end that was dialed, by convention. */
  readonly b: Duplex;
  readonly aToB: Direction;
  readonly bToA: Direction;
  /** Whether the pipe was cut, or an end was closed or aborted. */
  readonly isOver: boolean;
  /** Breaks the connection: pending and later calls fail at both ends, bytes under way are lost. */
  cut(reason?: unknown): void;
  /** {@linkcode Direction.hold} both ways. */
  hold(): void;
  /** {@linkcode Direction.release} both ways. */
  release(): void;
  /** {@linkcode Direction.blackHole} both ways. */
  blackHole(): void;
}

/** One end. */
class End implements Duplex {
  readonly peer: string;
  readonly localAddress?: string;
  readonly #inbound: Direction;
  readonly #outbound: Direction;
  readonly #onOver: () => void;
  #closed = false;

  constructor(ends: { inbound: Direction; outbound: Direction; peer: string; local?: string; onOver(): void }) {
    this.#inbound = ends.inbound;
    this.#outbound = ends.outbound;
    this.peer = ends.peer;
    if (ends.local !== undefined) this.localAddress = ends.local;
    this.#onOver = ends.onOver;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#inbound.read(into);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#outbound.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#outbound.closeWrite();
  }

  abort(reason?: unknown): void {
    if (this.#endHere(reason)) this.#outbound.sendReset();
  }

  close(): void {
    if (this.#closed) return;
    // In this order: with bytes unread it is an RST, which throws away what waits to be sent, and its FIN.
    this.#outbound.sendClose();
    this.#endHere();
  }

  #endHere(reason?: unknown): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    const error = new Deno.errors.Interrupted(
      `closed here${reason === undefined ? "" : `: ${reason instanceof Error ? reason.message : reason}`}`,
    );
    this.#outbound.failWrite(error);
    this.#inbound.stopReading(error);
    this.#onOver();
    return true;
  }
}

/** Makes two connected ends. */
export function memoryPipe(options: MemoryPipeOptions = {}): MemoryPipe {
  const random = new Random(options.seed ?? 1);
  let over = false;
  const cut = (reason: unknown = resetError()) => {
    over = true;
    for (const direction of [aToB, bToA]) {
      direction.failRead(reason);
      direction.failWrite(reason);
      direction.dispose();
    }
  };
  const acts = (other: () => Direction, self: () => Direction) => ({
    cut,
    // The peer of an end that closed can still read what was under way, but not write.
    onDeaf: () => other().failWrite(new Deno.errors.BrokenPipe("broken pipe")),
    onReset: () => {
      self().failRead(resetError());
      other().failWrite(resetError());
    },
    onStray: () => other().sendReset(),
  });
  const aToB: Direction = new Direction(options, random, acts(() => bToA, () => aToB));
  const bToA: Direction = new Direction(options, random, acts(() => aToB, () => bToA));
  const [nameA, nameB] = options.names ?? ["memory:a", "memory:b"];
  const onOver = () => void (over = true);
  const both = [aToB, bToA];
  return {
    a: new End({ inbound: bToA, outbound: aToB, peer: nameB, local: options.localAddress, onOver }),
    b: new End({ inbound: aToB, outbound: bToA, peer: nameA, onOver }),
    aToB,
    bToA,
    get isOver() {
      return over;
    },
    cut,
    hold: () => both.forEach((direction) => direction.hold()),
    release: () => both.forEach((direction) => direction.release()),
    blackHole: () => both.forEach((direction) => direction.blackHole()),
  };
}

/** What dialing meets: an answer, an RST, or nothing at all. */
export type NetworkState = "up" | "refusing" | "unreachable";

/**
 * A listener and the way to it.
 *
 * @example
 * ```ts
 * const network = new MemoryNetwork({ clock, onConnection: (duplex) => server.accept(duplex) });
 * const session = connect({ dial: network.dial, clock });
 * network.state = "unreachable";
 * network.blackHole();
 * ```
 */
export class MemoryNetwork {
  /** All pipes ever made, oldest first. */
  readonly pipes: MemoryPipe[] = [];
  /** Calls of {@linkcode MemoryNetwork.dial}, answered or not. */
  dials = 0;
  /** Called with each new pipe before either end is used, to plan its fate. */
  onPipe: (pipe: MemoryPipe, index: number) => void = () => {};
  readonly #options: MemoryPipeOptions;
  readonly #onConnection: (duplex: Duplex) => void;
  #state: NetworkState = "up";
  #waiting = new Set<() => void>();

  constructor({ onConnection, ...options }: MemoryPipeOptions & { onConnection(duplex: Duplex): void }) {
    this.#options = options;
    this.#onConnection = onConnection;
  }

  get state(): NetworkState {
    return this.#state;
  }

  /** Changes what dialing meets. Dials that wait for an answer get it when the network is no longer unreachable. */
  set state(state: NetworkState) {
    this.#state = state;
    if (state === "unreachable") return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const retry of waiting) retry();
  }

  /** The newest pipe. */
  get last(): MemoryPipe | undefined {
    return this.pipes.at(-1);
  }

  /** Connects; bound, so that it can be handed over. */
  readonly dial = (signal?: AbortSignal): Promise<Duplex> => {
    this.dials++;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(attempt);
        reject(signal!.reason);
      };
      const attempt = () => {
        if (signal?.aborted) return onAbort();
        if (this.#state === "unreachable") return void this.#waiting.add(attempt);
        signal?.removeEventListener("abort", onAbort);
        if (this.#state === "refusing") return reject(new Deno.errors.ConnectionRefused("connection refused"));
        resolve(this.#connect());
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const delayMs = (this.#options.delayMs ?? 0) * 2;
      if (delayMs > 0) this.#options.clock!.setTimer(attempt, delayMs);
      else attempt();
    });
  };

  /** Cuts all pipes. */
  cut(): void {
    for (const pipe of this.pipes) {
      if (!pipe.isOver) pipe.cut();
    }
  }

  /** Turns all pipes there are into black holes. New ones depend on {@linkcode MemoryNetwork.state}. */
  blackHole(): void {
    for (const pipe of this.pipes) pipe.blackHole();
  }

  #connect(): Duplex {
    const index = this.pipes.length;
    const pipe = memoryPipe({ ...this.#options, seed: (this.#options.seed ?? 1) + index * 7919 });
    this.pipes.push(pipe);
    this.onPipe(pipe, index);
    this.#onConnection(pipe.b);
    return pipe.a;
  }
}

function resetError(): Error {
  return new Deno.errors.ConnectionReset("connection reset");
}

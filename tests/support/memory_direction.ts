/**
 * One direction of a connection in memory, with the levers to disturb it.
 *
 * It borrows as an operating system does: bytes are taken out of the writer's memory when there is room for them, and a
 * read has its buffer until it settles. Whoever touches either meanwhile fails the test; see `lent_memory.ts`.
 *
 * @module
 */
import type { Clock, Timer } from "../../lib/net/clock.ts";
import { PendingRead, PendingWrite } from "./pending_calls.ts";
import type { Random } from "./random.ts";
import { SegmentQueue } from "./segment_queue.ts";

/** How one direction behaves. */
export interface DirectionOptions {
  /** Needed for a delay or a rate. */
  clock?: Clock;
  /** Bytes that it takes before a write waits. @default {65536} */
  bufferBytes?: number;
  /** How long bytes, FIN and RST are on their way. @default {0} */
  delayMs?: number;
  /** Its rate; no limit by default. */
  bytesPerSecond?: number;
  /** At that rate bytes come in pieces of this length, in milliseconds; longer ones make a test quick. @default {5} */
  pieceMs?: number;
  /** A read gets between 1 and this many bytes, at random; by default all there are. */
  maxChunk?: number;
  /** A write of more bytes never arrives, nor what is behind it, as where large packets vanish; by default all do. */
  largestBytes?: number;
}

const NOTHING = new Uint8Array(0);
/** Bytes go in at the writer's end and, when it is their time, come out at the reader's. */
export class Direction {
  /** Bytes that the reader has got. */
  deliveredBytes = 0;
  /** Bytes that the network has taken from the writer. */
  acceptedBytes = 0;
  /** See {@linkcode DirectionOptions.delayMs}; may be changed at any time, order is kept. */
  delayMs: number;
  /** See {@linkcode DirectionOptions.maxChunk}; may be changed at any time. */
  maxChunk: number | undefined;
  /** See {@linkcode DirectionOptions.bytesPerSecond}; may be changed at any time. */
  bytesPerSecond: number | undefined;
  /** See {@linkcode DirectionOptions.largestBytes}; may be changed at any time, what was swallowed stays so. */
  largestBytes: number;

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

  readonly #queue = new SegmentQueue();
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
    options: DirectionOptions,
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
    this.largestBytes = options.largestBytes ?? Infinity;
    this.#cut = acts.cut;
    this.#onDeaf = acts.onDeaf;
    this.#onReset = acts.onReset;
    this.#onStray = acts.onStray;
    if (!this.#clock && (this.delayMs || this.bytesPerSecond)) throw new TypeError("a delay or a rate needs a clock");
  }

  /** Bytes taken from the writer and not yet given to the reader. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Whether a read waits at the end of this direction. */
  get isRead(): boolean {
    return this.#reader !== undefined;
  }

  /**
   * Cuts the whole pipe, both sides with an error, once the reader has got exactly `bytes` bytes since the beginning.
   */
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
      this.#reader = new PendingRead(into, resolve, reject);
      this.#pump();
    });
  }

  /** @internal */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#writer) return Promise.reject(new Error("contract broken: a second write while one is pending"));
    if (this.#writeError !== undefined) return Promise.reject(this.#writeError);
    if (this.#finSent || this.#closing) return Promise.reject(new Error("contract broken: a write after closeWrite"));
    if (bytes.length > this.largestBytes) this.#lastAtMs = Infinity;
    return new Promise((resolve, reject) => {
      this.#writer = new PendingWrite(bytes, resolve, reject);
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
      const { last } = this.#queue;
      if (last?.fin) last.deaf = true;
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
    this.#queue.dropBytes();
    this.#rejectRead(reason);
  }

  #rejectRead(reason: unknown): void {
    this.#readError ??= reason;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.fail(this.#readError);
  }

  /** @internal */
  failWrite(reason: unknown): void {
    this.#writeError ??= reason;
    const writer = this.#writer;
    this.#writer = undefined;
    writer?.fail(this.#writeError);
  }

  /** @internal */
  dispose(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    this.#queue.clear();
    this.#dead = true;
  }

  #nowMs(): number {
    return this.#clock?.now() ?? 0;
  }

  /** Takes bytes of the pending write while there is room. */
  #accept(): void {
    const writer = this.#writer;
    if (!writer) return;
    const before = writer.left;
    while (writer.left > 0) {
      let take = Math.min(writer.left, this.#bufferBytes - this.#queue.bytes);
      // A paced line delivers bit by bit, not a whole buffer at its end.
      if (this.bytesPerSecond) {
        take = Math.min(take, Math.max(1, Math.ceil(this.bytesPerSecond * this.#pieceMs / 1000)));
      }
      if (take === 0) break;
      const bytes = writer.take(take);
      this.#queue.push({ bytes, atMs: this.#arrivalMs(take) });
      this.acceptedBytes += take;
    }
    if (writer.left === 0) {
      this.#writer = undefined;
      writer.resolve();
      if (this.#closing) {
        this.#sendFin(false);
        this.#closing();
        this.#closing = undefined;
      }
    }
    if (writer.left < before) this.#pump();
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
      this.#queue.clear();
      this.#onReset();
      return;
    }
    if (this.#isDeaf) this.#answerStrays(nowMs);
    const { last } = this.#queue;
    if (last?.fin && last.deaf && last.atMs <= nowMs) {
      last.deaf = false;
      this.#onDeaf();
    }
    if (this.#reader) this.#deliver(this.#reader, nowMs);
    this.#wakeAtNextArrival(nowMs);
  }

  /** As TCP does: who closes with bytes unread, or gets some when it is closed, resets (RFC 2525, 2.17). */
  #answerStrays(nowMs: number): void {
    if (!this.#queue.dropArrived(nowMs)) return;
    this.#onStray();
    this.#accept();
  }

  #deliver(reader: PendingRead, nowMs: number): void {
    const limit = Math.min(
      reader.length,
      this.maxChunk === undefined ? Infinity : this.#random.between(1, this.maxChunk),
      this.#cutAtBytes - this.deliveredBytes,
    );
    const filled = this.#queue.take(limit, nowMs, (piece, at) => reader.fill(piece, at));
    if (filled > 0) {
      this.#reader = undefined;
      this.deliveredBytes += filled;
      reader.settle(filled);
      if (this.deliveredBytes >= this.#cutAtBytes) this.#cut(resetError());
      else this.#accept();
    } else if (this.#queue.takeFin(nowMs)) {
      this.#finRead = true;
      this.#reader = undefined;
      reader.settle(null);
    }
  }

  #wakeAtNextArrival(nowMs: number): void {
    const dueMs = Math.min(this.#resetAtMs ?? Infinity, this.#queue.nextAfter(nowMs) ?? Infinity);
    if (dueMs === Infinity || !this.#clock) return;
    if (this.#timer && this.#timer.dueMs <= dueMs) return;
    this.#timer?.timer.cancel();
    const timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      this.#pump();
    }, dueMs - nowMs);
    this.#timer = { timer, dueMs };
  }
}

/** The error of a connection that the other end, or the network, has broken. */
export function resetError(): Error {
  return new Deno.errors.ConnectionReset("connection reset");
}

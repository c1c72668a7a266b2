/**
 * An end of a TCP connection of the model.
 *
 * @module
 */
import type { Duplex } from "../../../lib/net/duplex.ts";
import { resetError } from "../memory_direction.ts";
import { PendingRead, PendingWrite } from "../pending_calls.ts";
import type { TcpDirection } from "./tcp_direction.ts";

/** Reads what arrived, and writes what the system takes. */
export class ModelEnd implements Duplex {
  /** Told when it is reset by {@linkcode ModelEnd.abort}, or what comes finds it closed. */
  onReset: () => void = () => {};
  readonly #outbound: TcpDirection;
  #reader: PendingRead | undefined;
  #writer: PendingWrite | undefined;
  #waiting: Uint8Array[] = [];
  #hasEnded = false;
  #isClosed = false;
  #error: unknown;

  /**
   * @param outbound Where its bytes go; what comes is told by {@linkcode ModelEnd.arrived}.
   * @param sendBufferBytes What the sender's system holds before a write waits.
   */
  constructor(
    outbound: TcpDirection,
    readonly sendBufferBytes: number,
    readonly peer: string,
    readonly localAddress?: string,
  ) {
    this.#outbound = outbound;
  }

  /** Whether it was closed, aborted or reset. */
  get isOver(): boolean {
    return this.#isClosed || this.#error !== undefined;
  }

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      const reader = new PendingRead(into, resolve, reject);
      if (this.#error !== undefined) return reader.fail(this.#error);
      this.#reader = reader;
      this.#deliver();
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const writer = new PendingWrite(bytes, resolve, reject);
      if (this.#error !== undefined) return writer.fail(this.#error);
      this.#writer = writer;
      queueMicrotask(() => this.room());
    });
  }

  /** A write that waits may have room. */
  room(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    const free = this.sendBufferBytes - this.#outbound.heldBytes;
    if (free > 0) this.#outbound.write(writer.take(Math.min(free, writer.left)));
    if (writer.left > 0) return;
    this.#writer = undefined;
    writer.resolve();
  }

  closeWrite(): Promise<void> {
    if (this.#error === undefined) this.#outbound.end();
    return Promise.resolve();
  }

  abort(reason?: unknown): void {
    if (this.isOver) return;
    this.#outbound.stop();
    this.#close(reason);
    this.onReset();
  }

  close(): void {
    if (this.isOver) return;
    this.#close();
    if (this.#waiting.length > 0) this.abort();
    // What the system has goes on its way still.
    else this.#outbound.end();
  }

  #close(reason: unknown = "closed here"): void {
    this.#isClosed = true;
    this.#fail(new Deno.errors.Interrupted(String(reason)));
  }

  /** The network broke it, or the peer did. */
  reset(): void {
    this.#outbound.stop();
    this.#fail(resetError());
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#reader?.fail(this.#error);
    this.#writer?.fail(this.#error);
    this.#reader = this.#writer = undefined;
  }

  /** These came. */
  arrived(bytes: Uint8Array): void {
    if (this.#isClosed) return this.onReset();
    this.#waiting.push(bytes);
    this.#deliver();
  }

  /** Nothing more comes. */
  ended(): void {
    this.#hasEnded = true;
    this.#deliver();
  }

  #deliver(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    let filled = 0;
    while (this.#waiting.length > 0 && filled < reader.length) {
      const [first] = this.#waiting;
      const piece = first.subarray(0, reader.length - filled);
      reader.fill(piece, filled);
      filled += piece.length;
      if (piece.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(piece.length);
    }
    if (filled === 0 && !this.#hasEnded) return;
    this.#reader = undefined;
    reader.settle(filled > 0 ? filled : null);
  }
}

/**
 * Two duplexes tied together in memory.
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";

/**
 * Makes a connection inside the process: what is written to one end is read from the other, without a buffer between.
 *
 * A write settles when all of its bytes were read, so memory stays bounded by what the two sides hold. Until then it
 * reads them where they are. Closing or aborting either end lets go of that memory before anyone is told.
 *
 * @example
 * ```ts
 * import { duplexPair } from "./pipe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, far] = duplexPair();
 * const into = new Uint8Array(4);
 * const reading = far.read(into);
 * await near.write(new Uint8Array([1, 2]));
 * assertEquals(await reading, 2);
 * await near.closeWrite();
 * assertEquals(await far.read(into), null);
 * ```
 */
export function duplexPair(): [Duplex, Duplex] {
  const there = new Lane();
  const back = new Lane();
  return [new PipeEnd(back, there), new PipeEnd(there, back)];
}

interface Pending<Value> {
  bytes: Uint8Array;
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

/** One direction: at most one read and one write wait in it. */
class Lane {
  #reading: Pending<number | null> | undefined;
  #writing: Pending<void> | undefined;
  #ended = false;
  #error: unknown;

  read(into: Uint8Array): Promise<number | null> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#reading = { bytes: into, resolve, reject };
      this.#move();
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#writing = { bytes, resolve, reject };
      this.#move();
    });
  }

  end(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    this.#ended = true;
    this.#move();
    return Promise.resolve();
  }

  /** Fails it unless its end was told: the reader still gets that, whoever closes afterwards. */
  close(error: unknown): void {
    if (!this.#ended || this.#writing !== undefined) this.fail(error);
  }

  fail(error: unknown): void {
    this.#error ??= error;
    this.#reading?.reject(error);
    this.#writing?.reject(error);
    this.#reading = this.#writing = undefined;
  }

  #move(): void {
    const { reading, writing } = { reading: this.#reading, writing: this.#writing };
    if (reading !== undefined && writing !== undefined) {
      const count = Math.min(reading.bytes.length, writing.bytes.length);
      reading.bytes.set(writing.bytes.subarray(0, count));
      this.#reading = undefined;
      reading.resolve(count);
      writing.bytes = writing.bytes.subarray(count);
    }
    if (writing !== undefined && writing.bytes.length === 0) {
      this.#writing = undefined;
      writing.resolve();
    }
    if (this.#ended && this.#reading !== undefined && this.#writing === undefined) {
      const ended = this.#reading;
      this.#reading = undefined;
      ended.resolve(null);
    }
  }
}

class PipeEnd implements Duplex {
  readonly peer = "in memory";
  readonly #inward: Lane;
  readonly #outward: Lane;

  constructor(inward: Lane, outward: Lane) {
    this.#inward = inward;
    this.#outward = outward;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#inward.read(into);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#outward.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#outward.end();
  }

  abort(reason?: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason ?? "the connection was aborted"));
    this.#inward.fail(error);
    this.#outward.fail(error);
  }

  close(): void {
    const error = new Error("the connection was closed");
    this.#inward.fail(error);
    this.#outward.close(error);
  }
}

/**
 * Reads and writes that wait at the ends of a connection in memory, and the memory that is lent to them meanwhile.
 *
 * @module
 */
import { LentRead, LentWrite } from "./lent_memory.ts";

/**
 * What was under way when a connection ended settles some turns of the promise queue later, as in Deno, where it is a
 * turn of the event loop: until then its memory is lent.
 */
const TURNS_TO_SETTLE = 8;

async function settleLate(settle: () => void): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_SETTLE; turn++) await null;
  settle();
}

/** A read that waits for bytes. */
export class PendingRead {
  readonly #lent: LentRead;
  readonly #resolve: (bytes: number | null) => void;
  readonly #reject: (reason: unknown) => void;

  constructor(into: Uint8Array, resolve: (bytes: number | null) => void, reject: (reason: unknown) => void) {
    this.#lent = new LentRead(into);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Bytes that it takes. */
  get length(): number {
    return this.#lent.length;
  }

  /** Puts `piece` at `at` of its memory. */
  fill(piece: Uint8Array, at: number): void {
    this.#lent.fill(piece, at);
  }

  /** Ends it with what it got. */
  settle(bytes: number | null): void {
    this.#lent.giveBack();
    this.#resolve(bytes);
  }

  /** Ends it with an error, late. */
  fail(reason: unknown): void {
    settleLate(() => {
      this.#lent.giveBack();
      this.#reject(reason);
    });
  }
}

/** A write that waits for room. */
export class PendingWrite {
  readonly resolve: () => void;
  /** Whoever waits for what comes behind the write is told of its failure here too. */
  reject: (reason: unknown) => void;
  readonly #lent: LentWrite;
  #taken = 0;

  constructor(bytes: Uint8Array, resolve: () => void, reject: (reason: unknown) => void) {
    this.#lent = new LentWrite(bytes);
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Bytes that have not left yet. */
  get left(): number {
    return this.#lent.length - this.#taken;
  }

  /** The next `count` bytes leave. */
  take(count: number): Uint8Array {
    const bytes = this.#lent.take(this.#taken, count);
    this.#taken += count;
    return bytes;
  }

  /** Ends it with an error, late. */
  fail(reason: unknown): void {
    settleLate(() => {
      this.#lent.giveBack(this.#taken);
      this.reject(reason);
    });
  }
}

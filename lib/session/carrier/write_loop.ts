/**
 * When a carrier writes: one write at a time, and all that one step brings in one.
 *
 * @module
 */
import type { Duplex } from "../../net/duplex.ts";

/** A microtask. */
const SOON = Promise.resolve();

/** Where the bytes of writes come from. */
export interface WriteSource {
  /** What is to be written next, at once; nothing if nothing waits. What it throws is a fault of this process. */
  next(): Uint8Array | undefined;
  /** The write is done. Says whether more may wait than what a {@linkcode WriteLoop.wake} tells of. */
  written(): boolean;
  /** The write has failed, or the source did while it made it up. */
  failed(): void;
}

/** Options of {@linkcode WriteLoop}. */
export interface WriteLoopOptions {
  /** Where to write. */
  duplex: Duplex;
  /** What to write. */
  source: WriteSource;
  /** A write has failed: nothing more is written. */
  onFailed(error: unknown): void;
  /** The source threw. */
  onBroken(error: unknown): void;
}

/**
 * Writes what its source has, from one {@linkcode WriteLoop.wake} on until there is nothing. Behind a write that had
 * everything the source is asked again only if there was a wake meanwhile: most small messages leave alone, and to find
 * nothing costs half of what they do.
 *
 * Without an async function: each small message would cost two promises.
 *
 * @example
 * ```ts
 * import { WriteLoop } from "./write_loop.ts";
 * import { duplexPair } from "../../net/pipe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [here, there] = duplexPair();
 * const waiting = [new Uint8Array([1, 2]), new Uint8Array([3])];
 * const loop = new WriteLoop({
 *   duplex: here,
 *   source: { next: () => waiting.shift(), written: () => waiting.length > 0, failed() {} },
 *   onFailed() {},
 *   onBroken() {},
 * });
 * loop.start();
 * assertEquals(await there.read(new Uint8Array(8)), 2);
 * assertEquals(await there.read(new Uint8Array(8)), 1);
 * loop.stop();
 * here.close();
 * there.close();
 * ```
 */
export class WriteLoop {
  readonly #duplex: Duplex;
  readonly #source: WriteSource;
  readonly #onFailed: (error: unknown) => void;
  readonly #onBroken: (error: unknown) => void;
  /** Whether a write is under way or due. */
  #isWriting = true;
  /** Whether one is to begin when this step is over. */
  #isDue = false;
  /** Whether there was a wake since the source was asked. */
  #isWoken = false;
  #isStopped = false;
  #lastWords: (() => Uint8Array) | undefined;
  #onFinished: (() => void) | undefined;

  /** Writes nothing before {@linkcode WriteLoop.start}. */
  constructor(options: WriteLoopOptions) {
    this.#duplex = options.duplex;
    this.#source = options.source;
    this.#onFailed = options.onFailed;
    this.#onBroken = options.onBroken;
  }

  /** Begins, with `opening` in front if there is one. */
  start(opening?: Uint8Array): void {
    if (opening === undefined) this.#writeSoon();
    else this.#write(opening);
  }

  /** There may be something to write. It leaves when this step is over, together with what else comes in it. */
  wake(): void {
    this.#isWoken = true;
    if (!this.#isWriting) this.#writeSoon();
  }

  /** There is enough for a write of its own, which begins at once if none is under way: the source must be ready. */
  wakeNow(): void {
    this.wake();
    if (this.#isDue) this.#writeDue();
  }

  /**
   * Behind the write under way, if there is one, `lastWords` are written and nothing else; then its direction ends.
   *
   * @param onFinished Told then.
   */
  finish(lastWords: () => Uint8Array, onFinished?: () => void): void {
    this.#lastWords = lastWords;
    this.#onFinished = onFinished;
    this.wake();
  }

  /** Begins no write any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #writeSoon(): void {
    this.#isWriting = this.#isDue = true;
    SOON.then(this.#writeDue);
  }

  readonly #writeDue = (): void => {
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#writeNext();
  };

  #writeNext(): void {
    if (this.#isStopped) return;
    if (this.#lastWords !== undefined) return void this.#writeLast(this.#lastWords()).catch(this.#onWriteFailed);
    this.#isWoken = false;
    let bytes;
    try {
      bytes = this.#source.next();
    } catch (error) {
      // The network has no part in it, so another carrier would not mend it.
      this.#source.failed();
      this.#isWriting = false;
      return this.#onBroken(error);
    }
    if (bytes !== undefined) this.#write(bytes);
    else this.#isWriting = false;
  }

  #write(bytes: Uint8Array): void {
    this.#duplex.write(bytes).then(this.#onWritten, this.#onWriteFailed);
  }

  readonly #onWritten = (): void => {
    const mayBeMore = this.#source.written();
    if (mayBeMore || this.#isWoken) this.#writeNext();
    else this.#isWriting = false;
  };

  readonly #onWriteFailed = (error: unknown): void => {
    this.#source.failed();
    if (!this.#isStopped) this.#onFailed(error);
  };

  async #writeLast(bytes: Uint8Array): Promise<void> {
    await this.#duplex.write(bytes);
    await this.#duplex.closeWrite();
    this.#onFinished?.();
  }
}

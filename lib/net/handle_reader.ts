/**
 * Reading from a handle of the runtime.
 *
 * @module
 */
import { END_OF_FILE, type StreamBinding, type StreamHandle, systemError } from "./runtime.ts";

/**
 * While little comes, reading never stops and goes into a buffer of this size: to hand over another one and to stop and
 * start again for each message costs more than the copy out of it.
 */
const SMALL_BYTES = 2 * 1024;

/**
 * Consecutive small reads before going to the small buffer; one between large ones must not make the next one small.
 */
const SMALL_READS = 4;

/** Up to here bytes are copied one by one, which is quicker than to make a view of them. */
const FEW_BYTES = 64;

/** Who is told what comes besides bytes: the connection. */
export interface ReadEvents {
  /** The peer has ended its direction. */
  readEnded(): void;
  /** The connection has failed. */
  readFailed(error: unknown): void;
}

/**
 * The reading half of a connection: into the reader's own memory, or through a small buffer that stays with the handle.
 *
 * It reads only when it is asked to, but for what the small buffer takes.
 */
export class HandleReader {
  readonly #handle: StreamHandle;
  readonly #streams: StreamBinding;
  readonly #events: ReadEvents;
  /** Where the read that waits puts its bytes; `undefined` while none does. */
  #into: Uint8Array | undefined;
  #onRead: ((count: number | null) => void) | undefined;
  #onFailed: ((error: unknown) => void) | undefined;
  #isReading = false;
  #small: Uint8Array | undefined;
  /** What part of the small buffer nobody has taken yet. */
  #smallStart = 0;
  #smallEnd = 0;
  /** Whether the runtime reads into the small buffer. */
  #isSmall = false;
  #smallReads = 0;
  #isClosed = false;
  #heardAnything = false;
  #sawEnd = false;

  /** Reads from `handle` when asked to. */
  constructor(handle: StreamHandle, streams: StreamBinding, events: ReadEvents) {
    this.#handle = handle;
    this.#streams = streams;
    this.#events = events;
    handle.onread = () => this.#onArrival();
  }

  /** Whether a byte has ever come. */
  get heardAnything(): boolean {
    return this.#heardAnything;
  }

  /** Whether the peer has ended its direction, whether or not a read was told. */
  get sawEnd(): boolean {
    return this.#sawEnd;
  }

  /** Whether bytes are there that {@linkcode HandleReader.take} gives at once. */
  get hasBytes(): boolean {
    return this.#smallStart < this.#smallEnd;
  }

  /** Takes what is there already; returns its bytes. */
  take(into: Uint8Array): number {
    const small = this.#small!, start = this.#smallStart;
    const count = Math.min(this.#smallEnd - start, into.length);
    if (count > FEW_BYTES) into.set(small.subarray(start, start + count));
    else for (let index = 0; index < count; index++) into[index] = small[start + index];
    this.#smallStart += count;
    return count;
  }

  /** Waits for bytes; one read at a time. `into` is borrowed until one of both was called. */
  wait(into: Uint8Array, onRead: (count: number | null) => void, onFailed: (error: unknown) => void): void {
    this.#into = into;
    this.#onRead = onRead;
    this.#onFailed = onFailed;
    if (!this.#isSmall) this.#handle.useUserBuffer(into);
    if (this.#isReading) return;
    this.#isReading = true;
    const status = this.#handle.readStart();
    if (status !== 0) this.#events.readFailed(systemError("read", status));
  }

  /** Tells the read that waits that the peer has ended. */
  end(): void {
    if (this.#into === undefined) return;
    this.#into = undefined;
    this.#onRead!(null);
  }

  /** The handle is closed: nothing comes any more, and the read that waits fails, if there is one, for this `reason`. */
  close(reason: () => unknown): void {
    this.#isClosed = true;
    if (this.#into === undefined) return;
    this.#into = undefined;
    this.#onFailed!(reason());
  }

  #onArrival(): void {
    const count = this.#streams.streamBaseState[this.#streams.kReadBytesOrError];
    if (this.#isClosed) return;
    if (count === END_OF_FILE) {
      this.#sawEnd = true;
      this.#stop();
      return this.#events.readEnded();
    }
    if (count < 0) return this.#events.readFailed(systemError("read", count));
    this.#heardAnything = true;
    if (this.#isSmall) this.#smallFilled(count);
    else this.#filled(count);
  }

  /** The reader's own memory has `count` bytes. */
  #filled(count: number): void {
    this.#into = undefined;
    this.#smallReads = count < SMALL_BYTES ? this.#smallReads + 1 : 0;
    if (this.#smallReads === SMALL_READS) {
      this.#isSmall = true;
      this.#smallReads = 0;
      this.#handle.useUserBuffer(this.#small ??= new Uint8Array(SMALL_BYTES));
    } else {
      this.#stop();
    }
    this.#onRead!(count);
  }

  #smallFilled(count: number): void {
    const into = this.#into;
    this.#into = undefined;
    this.#smallStart = 0;
    this.#smallEnd = count;
    const taken = into === undefined ? 0 : this.take(into);
    if (count === SMALL_BYTES) this.#isSmall = false;
    if (!this.#isSmall || taken < count) this.#stop();
    if (into !== undefined) this.#onRead!(taken);
  }

  #stop(): void {
    this.#isReading = false;
    this.#handle.readStop();
  }
}

/**
 * Connections on the handles beneath `node:net`.
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";
import { HandleReader, type ReadEvents } from "./handle_reader.ts";
import { type Request, type StreamBinding, type StreamHandle, systemError } from "./runtime.ts";

const DONE = Promise.resolve();

/**
 * What a {@linkcode Duplex} over a handle of the runtime does, whatever it is a handle of. Why not `net.Socket`: the
 * machinery of its streams takes a tenth of the processor time of an echo.
 *
 * Reads and writes borrow their memory: the handle sends what stands there when there is room for it. Closing the
 * handle ends both before it returns, a write by ECANCELED, so pending reads and writes are rejected behind that (Deno
 * 2.9.6).
 */
export abstract class HandleDuplex implements Duplex, ReadEvents {
  /** See {@linkcode Duplex.peer}. */
  abstract readonly peer: string;
  /** See {@linkcode Duplex.readsAfterFailedWrite}. */
  readonly readsAfterFailedWrite = true;
  /** See {@linkcode Duplex.fillsAtOnce}. */
  readonly fillsAtOnce = true;
  readonly #handle: StreamHandle;
  readonly #streams: StreamBinding;
  readonly #reader: HandleReader;
  /** Kept after a write that did not have to wait: it serves the next one as well. */
  #request: Request | undefined;
  /** The peer has ended, and what became of a write that waited then is known. */
  #ended = false;
  #error: unknown;
  /** Why nothing can be written any more; what the peer sent before can still be read. */
  #writeError: unknown;
  #isClosed = false;
  /** Rejects the write or the shutdown that waits. */
  #failWaiting: ((reason: unknown) => void) | undefined;

  /** Takes a connection over. */
  constructor(handle: StreamHandle, streams: StreamBinding) {
    this.#handle = handle;
    this.#streams = streams;
    this.#reader = new HandleReader(handle, streams, this);
  }

  /** Why it is over, for who asks, which is seldom: the stack of an error takes longer to make than the whole close. */
  get #reason(): unknown {
    return this.#error ??= new Error("the connection is closed");
  }

  /** Why nothing can be written any more, if that is so. */
  protected get writeReason(): unknown {
    return this.#isClosed ? this.#reason : this.#writeError;
  }

  /** Whether it has ended here. */
  protected get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The peer has ended its direction before it sent a byte, and no write waits. */
  protected endedUnheard(): void {}

  /** Ends both directions without a word. */
  protected closeHandle(): void {
    this.#handle.close();
  }

  /** Ends both directions, and tells the peer that this is no clean end, where there is a way to. */
  protected abstract resetHandle(): void;

  /** See {@linkcode Duplex.read}. */
  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => this.readWith(into, resolve, reject));
  }

  /** See {@linkcode Duplex.readWith}. */
  readWith(into: Uint8Array, onRead: (count: number | null) => void, onFailed: (error: unknown) => void): void {
    if (this.#reader.hasBytes) return onRead(this.#reader.take(into));
    if (this.#ended) return onRead(null);
    if (this.#isClosed) return onFailed(this.#reason);
    this.#reader.wait(into, onRead, onFailed);
  }

  /**
   * A reset that was told to a write first reads as an end: while one waits, what becomes of it must be known before.
   *
   * @ignore
   */
  readEnded(): void {
    if (this.#failWaiting === undefined) this.#ends();
    else setTimeout(() => this.#ends());
  }

  #ends(): void {
    if (this.#isClosed || this.#ended) return;
    if (this.#writeError !== undefined) return this.readFailed(this.#writeError);
    this.#ended = true;
    if (!this.#reader.heardAnything && this.#failWaiting === undefined) this.endedUnheard();
    this.#reader.end();
  }

  /** @ignore */
  readFailed(error: unknown): void {
    this.#error ??= error;
    this.#destroy(() => this.resetHandle());
  }

  /** See {@linkcode Duplex.write}. */
  write(bytes: Uint8Array): Promise<void> {
    return this.writeNow(bytes) ?? DONE;
  }

  /** See {@linkcode Duplex.writeNow}. */
  writeNow(bytes: Uint8Array): Promise<void> | undefined {
    const reason = this.writeReason;
    return reason === undefined ? this.send(bytes) : Promise.reject(reason);
  }

  /**
   * Gives `bytes` to the handle.
   *
   * @param again Does it in another way, should the runtime fail it at a peer that has only ended its own direction.
   */
  protected send(bytes: Uint8Array, again?: () => Promise<void>): Promise<void> | undefined {
    const streams = this.#streams, request = this.#request ??= new streams.WriteWrap();
    const status = this.#handle.writeBuffer(request, bytes);
    if (status === 0 && streams.streamBaseState[streams.kLastWriteWasAsync] === 0) return undefined;
    this.#request = undefined;
    return this.#completion("write", lending(request, bytes), status, again);
  }

  /** See {@linkcode Duplex.closeWrite}. */
  closeWrite(isLast: boolean = false): Promise<void> {
    const reason = this.writeReason;
    if (reason !== undefined) return Promise.reject(reason);
    if (isLast) return Promise.resolve(this.close());
    const request = new this.#streams.ShutdownWrap();
    return this.#completion("shutdown", request, this.#handle.shutdown(request));
  }

  /**
   * Settles when the runtime has done what was asked. A peer that takes nothing more may have sent something before,
   * such as why it refuses: that can still be read.
   */
  #completion(call: string, request: Request, status: number, again?: () => Promise<void>): Promise<void> {
    if (status !== 0) return Promise.reject(this.#writeFailed(systemError(call, status)));
    return new Promise((resolve, reject) => {
      this.#failWaiting = reject;
      request.oncomplete = (status) => {
        this.#failWaiting = undefined;
        if (status === 0) return resolve();
        if (again && this.#reader.sawEnd && !this.#reader.heardAnything && !this.#isClosed) return resolve(again());
        reject(this.#writeFailed(systemError(call, status)));
      };
    });
  }

  #writeFailed(error: Error): unknown {
    this.#writeError ??= error;
    if (this.#ended) this.readFailed(this.#writeError);
    return this.#writeError;
  }

  /** See {@linkcode Duplex.abort}. */
  abort(): void {
    this.#error ??= new Error("the connection was reset here");
    this.#destroy(() => this.resetHandle());
  }

  /** See {@linkcode Duplex.close}. */
  close(): void {
    // A failed write has lost bytes, so that the peer must see a reset and no clean end (invariant 8).
    this.#destroy(() => this.#writeError === undefined ? this.closeHandle() : this.resetHandle());
  }

  #destroy(end: () => void): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // First: until the handle is closed, memory of a read and a write that wait is the runtime's.
    end();
    this.#reader.close(() => this.#reason);
    this.#failWaiting?.(this.#reason);
    this.#failWaiting = undefined;
  }
}

/** The runtime keeps the request until it is done, and not the memory that it sends: that would be freed meanwhile. */
function lending(request: Request, bytes: Uint8Array): Request {
  request.buffer = bytes;
  return request;
}

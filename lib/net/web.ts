/**
 * Web Streams and duplexes, one from the other.
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";

/** A byte connection as Web Streams: what `Deno.Conn`, a `WebSocketStream` or a pair of pipes look like. */
export interface StreamPair {
  /** What the peer sends. */
  readable: ReadableStream<Uint8Array>;
  /** What is sent to the peer; closing it is a half-close. */
  writable: WritableStream<Uint8Array>;
}

/** Most bytes that the readable side of {@linkcode streamsFromDuplex} reads at once. */
const READ_BYTES = 64 * 1024;

/**
 * Makes a {@linkcode Duplex} of two Web Streams.
 *
 * @param pair The streams; both get locked.
 * @param peer Its name for logs.
 *
 * @example
 * ```ts
 * import { duplexFromStreams } from "./web.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const duplex = duplexFromStreams(new TransformStream<Uint8Array, Uint8Array>(), "loop");
 * const into = new Uint8Array(2);
 * const writing = duplex.write(new Uint8Array([1, 2, 3]));
 * assertEquals([await duplex.read(into), ...into], [2, 1, 2]);
 * assertEquals([await duplex.read(into), into[0]], [1, 3]);
 * await writing;
 * duplex.close();
 * ```
 */
export function duplexFromStreams(pair: StreamPair, peer: string = "web streams"): Duplex {
  return new WebDuplex(pair, peer);
}

class WebDuplex implements Duplex {
  readonly peer: string;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #error: Error | undefined;
  #failWrite: ((error: Error) => void) | undefined;

  constructor({ readable, writable }: StreamPair, peer: string) {
    this.peer = peer;
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    // A failure shows in the next read or write; nobody else waits for these.
    this.#reader.closed.catch(() => {});
    this.#writer.closed.catch(() => {});
    this.#writer.ready.catch(() => {});
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#error !== undefined) throw this.#error;
    while (this.#rest.length === 0) {
      const { value, done } = await this.#reader.read();
      // Cancelling a stream looks like its end.
      if (this.#error !== undefined) throw this.#error;
      if (done) return null;
      this.#rest = value;
    }
    const count = Math.min(into.length, this.#rest.length);
    into.set(this.#rest.subarray(0, count));
    this.#rest = this.#rest.subarray(count);
    return count;
  }

  write(bytes: Uint8Array): Promise<void> {
    // The stream may keep the chunk for as long as it likes, and this write may fail before it is done: the caller's
    // memory is not touched any more from here on.
    const chunk = bytes.slice();
    return this.#failing(async () => {
      await this.#writer.ready;
      await this.#writer.write(chunk);
    });
  }

  closeWrite(): Promise<void> {
    return this.#failing(() => this.#writer.close());
  }

  /** A stream's reads and writes end only when its source or sink says so; those of a duplex end with it, at once. */
  #failing(action: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      this.#failWrite = reject;
      action().then(resolve, reject);
    });
  }

  abort(reason?: unknown): void {
    if (this.#error !== undefined) return;
    const error = reason instanceof Error ? reason : new Error(String(reason ?? "the connection was aborted"));
    this.#error = error;
    this.#failWrite?.(error);
    this.#reader.cancel(error).catch(() => {});
    this.#writer.abort(error).catch(() => {});
  }

  close(): void {
    this.abort("the connection was closed");
  }
}

/**
 * Makes two Web Streams of a {@linkcode Duplex}: a byte stream, read as its consumer asks, and a writable whose close
 * is a half-close. Chunks are the stream's own memory, a new one for each read, and a chunk that is written is the
 * duplex's until its write has settled. Cancelling the one or aborting the other aborts the connection; cancelling
 * behind the close closes it.
 *
 * @example
 * ```ts
 * import { duplexPair } from "./pipe.ts";
 * import { streamsFromDuplex } from "./web.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, far] = duplexPair();
 * const streams = streamsFromDuplex(near);
 * far.write(new Uint8Array([1, 2])).then(() => far.closeWrite());
 * assertEquals(await Array.fromAsync(streams.readable), [new Uint8Array([1, 2])]);
 * near.close();
 * ```
 */
export function streamsFromDuplex(duplex: Duplex): StreamPair {
  let hasEnded = false;
  const readable = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: READ_BYTES,
    async pull(controller) {
      const request = controller.byobRequest!;
      const view = request.view!;
      const count = await duplex.read(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      if (count === null) {
        controller.close();
        request.respond(0);
      } else {
        request.respond(count);
      }
    },
    // Behind its own end a side that wants to hear no more closes. Before that a close would look like a clean end.
    cancel: (reason) => hasEnded ? duplex.close() : duplex.abort(reason),
  });
  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      // At once: the stream's own `abort` waits for the write under way, which a peer may hold up for ever.
      const { signal } = controller;
      signal.addEventListener("abort", () => duplex.abort(signal.reason), { once: true });
    },
    write: (bytes) => bytes.length > 0 ? duplex.write(bytes) : undefined,
    close: () => duplex.closeWrite().then(() => void (hasEnded = true)),
  });
  return { readable, writable };
}

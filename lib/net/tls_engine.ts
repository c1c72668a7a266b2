/**
 * The runtime's TLS engine, beneath the streams of a `TLSSocket`: it only turns bytes into bytes, at once.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { TLSSocket } from "node:tls";
import { END_OF_FILE, type Request, streamBinding } from "./runtime.ts";

/** Pieces from this size on are given back at once, see {@linkcode giveBack}, in bytes. */
const LARGE_BYTES = 4 * 1024;

/** Most plain bytes that the engine takes at once: it keeps three records, and would lose track of the rest. */
export const PIECE_BYTES: number = 48 * 1024;

/** What is needed of the engine. */
interface NativeEngine {
  /** Takes plain bytes, up to {@linkcode PIECE_BYTES}; returns 0 or an error number. */
  writeBuffer(request: Request, plain: Uint8Array): number;
  /** Takes the end of the plain bytes. */
  shutdown(request: Request): number;
  /** Takes encrypted bytes; the plain ones go to the function given to `setOnread` before this returns. */
  readBuffer(encrypted: Uint8Array): void;
  /** Encrypted bytes to be sent; empty if there are none. */
  drainEncOut(): Uint8Array<ArrayBuffer>;
  setOnread(told: OnPlain): void;
}

type OnPlain = (plain: ArrayBuffer | undefined) => void;

const ENGINE_METHODS: (keyof NativeEngine)[] = ["writeBuffer", "shutdown", "readBuffer", "drainEncOut", "setOnread"];

/** The engine of a socket. The methods of the handle itself begin the streams' pump; those of its class do not. */
function nativeEngine(socket: TLSSocket, told: OnPlain): NativeEngine {
  const { _handle: handle } = socket as unknown as { _handle: { onread: OnPlain } };
  const native = Object.getPrototypeOf(handle);
  const entries = ENGINE_METHODS.map((name) => [name, native[name]?.bind(handle)]);
  if (entries.some(([, method]) => method === undefined)) {
    throw new Error(`TLS is not possible on Deno ${Deno.version.deno}: its node:tls has changed; take 2.9.6`);
  }
  const engine = Object.fromEntries(entries) as NativeEngine;
  // It looks for the one in its handle whenever it begins to read.
  handle.onread = told;
  engine.setOnread(told);
  return engine;
}

/**
 * Gives the memory of the engine's piece back before the garbage collector comes: the next piece then takes the same
 * memory, which is still in the processor's cache. A large transfer is much faster by it.
 */
export function giveBack(piece: Uint8Array<ArrayBuffer>): void {
  if (piece.length >= LARGE_BYTES) piece.buffer.transfer(0);
}

/**
 * The TLS of one connection, as a thing without streams: encrypted bytes in, plain bytes out, and the other way round.
 *
 * It keeps what was decrypted until somebody takes it. Both kinds of bytes are copied, so nothing given to it is
 * borrowed.
 */
export class TlsEngine {
  readonly #native: NativeEngine;
  readonly #binding = streamBinding();
  readonly #request = new this.#binding.WriteWrap();
  /** Decrypted, and not taken yet: what one read of the transport brought. */
  readonly #plain: Uint8Array<ArrayBuffer>[] = [];
  /** What of the first of them was taken. */
  #plainStart = 0;
  #heardAnything = false;
  #ended = false;

  /**
   * Takes the engine out of `socket`, whose own streams then get nothing of what comes.
   *
   * @throws If the runtime's `node:tls` is built in another way.
   */
  constructor(socket: TLSSocket) {
    this.#native = nativeEngine(socket, (plain) => this.#received(plain));
  }

  /** Whether any plain byte has come. */
  get heardAnything(): boolean {
    return this.#heardAnything;
  }

  /** Whether plain bytes wait to be taken. */
  get hasPlain(): boolean {
    return this.#plain.length > 0;
  }

  /** Whether close_notify has come: nothing comes behind what waits. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes encrypted bytes of the peer; a copy is kept of what is no whole record yet. */
  decrypt(encrypted: Uint8Array): void {
    this.#native.readBuffer(encrypted);
  }

  /** Moves plain bytes into `into`; returns how many. */
  take(into: Uint8Array): number {
    let filled = 0;
    while (this.#plain.length > 0 && filled < into.length) {
      const piece = this.#plain[0];
      const end = Math.min(piece.length, this.#plainStart + into.length - filled);
      into.set(piece.subarray(this.#plainStart, end), filled);
      filled += end - this.#plainStart;
      this.#plainStart = end;
      if (end < piece.length) break;
      this.#plainStart = 0;
      this.#plain.shift();
      giveBack(piece);
    }
    return filled;
  }

  /** Takes plain bytes for the peer, up to {@linkcode PIECE_BYTES}; returns 0 or an error number. */
  encrypt(plain: Uint8Array): number {
    return this.#native.writeBuffer(this.#request, plain);
  }

  /** Says close_notify; returns 0 or an error number. */
  end(): number {
    return this.#native.shutdown(new this.#binding.ShutdownWrap());
  }

  /** The next encrypted bytes for the peer, if any. Their memory may be given back once they are written. */
  nextEncrypted(): Uint8Array<ArrayBuffer> | undefined {
    const piece = this.#native.drainEncOut();
    return piece.length === 0 ? undefined : piece;
  }

  #received(plain: ArrayBuffer | undefined): void {
    if (plain !== undefined && plain.byteLength > 0) {
      this.#heardAnything = true;
      this.#plain.push(new Uint8Array(plain));
    } else if (this.#binding.streamBaseState[this.#binding.kReadBytesOrError] === END_OF_FILE) this.#ended = true;
  }
}

/** Settles behind what the engine's socket still does in this turn of the event loop. */
export function turnOfEvents(): Promise<void> {
  return new Promise((resolve) => void setImmediate(() => resolve()));
}

/** `node:tls` destroys a socket in the turn in which it failed, before the alert for the peer has left (Deno 2.9.6). */
export function keepUntilFlushed(socket: TLSSocket): void {
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: Error) => {
    setImmediate(() => destroy(error));
    return socket;
  };
}

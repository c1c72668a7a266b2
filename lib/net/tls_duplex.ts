/**
 * TLS over any duplex, on `node:tls`.
 *
 * Why not `Deno.listenTls` and `Deno.connectTls`: closing one of theirs before its handshake has ended leaves the socket
 * open, so strangers and attempts given up would pile up; and their server cannot ask for a client certificate. Why not
 * `tls.connect` and `tls.createServer` on sockets of their own (Deno 2.9.6): after a pause they stall for seconds, and
 * a connection that was reset reads as a clean end. Here the sockets stay ours, as any other duplex: the engine beneath
 * `node:tls` only turns bytes into bytes, is never paused, and gets no more of them than somebody waits to read. Its
 * `TLSSocket` does the handshake; the bytes go past that socket's streams, which hand over 48 KiB in a turn of the event
 * loop or two.
 *
 * The price: one stream through both roles at 3.3 Gbit/s where the same without TLS had 5.2, with 3.9 and 2.2 s of processor
 * time for a GiB at both ends together. Through the socket's streams it was 2.0 Gbit/s and 6.5 s (iperf3, medians of four
 * rounds in one run, a machine shared with others).
 *
 * @module
 */
import { Duplex as NodeStream } from "node:stream";
import { setImmediate } from "node:timers";
import type { TLSSocket } from "node:tls";
import type { Duplex } from "./duplex.ts";
import { END_OF_FILE, type Request, streamBinding } from "./stream_binding.ts";

/** First and largest size of the buffer that encrypted bytes are read into: a stranger costs little, a carrier is fast. */
const SMALLEST_READ_BYTES = 4 * 1024;
const LARGEST_READ_BYTES = 256 * 1024;

/** The header of a TLS record: type, version, and the length of the rest (RFC 8446, 5.1). */
const RECORD_HEADER_BYTES = 5;

/** The usual hello is shorter, but for those with post-quantum keys. */
const FIRST_HELLO_BYTES = 512;

/** How long a refused peer may take to read why, in milliseconds. */
const GOODBYE_MS = 1_000;

/** Pieces of the engine's that are as large as this are given back at once, see {@linkcode giveBack}, in bytes. */
const LARGE_BYTES = 4 * 1024;

/** The engine takes no more plain bytes at once: it keeps three records, and would lose track of the rest. */
const PIECE_BYTES = 48 * 1024;

/** What is needed of the runtime's TLS engine, beneath the streams of a `TLSSocket`. Bytes go through it at once. */
interface Engine {
  /** Takes plain bytes, up to {@linkcode PIECE_BYTES}; returns 0 or an error number. */
  writeBuffer(request: Request, plain: Uint8Array): number;
  /** Takes the end of the plain bytes. */
  shutdown(request: Request): number;
  /** Takes encrypted bytes; what they hold is told to the function given to `setOnread` before it returns. */
  readBuffer(encrypted: Uint8Array): void;
  /** Encrypted bytes to be sent; empty if there are none. */
  drainEncOut(): Uint8Array<ArrayBuffer>;
  setOnread(told: OnPlain): void;
}

type OnPlain = (plain: ArrayBuffer | undefined) => void;

const ENGINE_METHODS: (keyof Engine)[] = ["writeBuffer", "shutdown", "readBuffer", "drainEncOut", "setOnread"];

/** The engine of a socket. The methods of the handle itself begin the streams' pump; those of its class do not. */
function engineOf(socket: TLSSocket, told: OnPlain): Engine {
  const { _handle: handle } = socket as unknown as { _handle: { onread: OnPlain } };
  const native = Object.getPrototypeOf(handle);
  const entries = ENGINE_METHODS.map((name) => [name, native[name]?.bind(handle)]);
  if (entries.some(([, method]) => method === undefined)) {
    throw new Error(`TLS is not possible on Deno ${Deno.version.deno}: its node:tls has changed; take 2.9.6`);
  }
  const engine = Object.fromEntries(entries) as Engine;
  // It looks for the one in its handle whenever it begins to read.
  handle.onread = told;
  engine.setOnread(told);
  return engine;
}

/**
 * Gives the memory of the engine's piece back before the garbage collector comes: the next piece then takes the same memory,
 * which is still in the processor's cache. One stream became 1.6 times as fast by it, with 0.6 of the processor time.
 */
function giveBack(piece: Uint8Array<ArrayBuffer>): void {
  if (piece.length >= LARGE_BYTES) piece.buffer.transfer(0);
}

/** Makes a sentence of a failure. */
export type ExplainTls = (failure: TlsFailure) => Error;

/** What was seen of a connection whose TLS failed. */
export interface TlsFailure {
  /** What the runtime gave. */
  readonly error: unknown;
  /** Whether the handshake had ended on this side; in TLS 1.3 the other side may still refuse. */
  readonly wasSecure: boolean;
  /** Whether any byte of the peer's program had come: then this side was not refused. */
  readonly heardAnything: boolean;
  /** The first bytes that came, if any. */
  readonly first: Uint8Array | undefined;
  /** The whole first record of a peer that speaks first, once it is there. */
  readonly hello?: Uint8Array;
}

/** The transport ended without TLS having said so. */
export class TruncatedError extends Error {
  /** Makes one. */
  constructor() {
    super("the connection was cut: it ended without the end that TLS tells");
    this.name = "TruncatedError";
  }
}

/** Which end of TLS this is, and how it is set up on a stream of encrypted bytes. */
export interface TlsEnd {
  /** Makes the socket, whose handshake begins by itself. */
  start(stream: NodeStream): TLSSocket;
  /** The event that tells the end of the handshake. */
  readonly secureEvent: "secure" | "secureConnect";
  /** Whether the peer speaks first: only then is the socket made, since one costs 50 KiB. */
  readonly awaitsHello: boolean;
  /** Looks at the peer once the handshake has ended; what it returns is an error. */
  check?(socket: TLSSocket): unknown;
  /** Who the peer is, once it was checked. */
  nameOf?(socket: TLSSocket): string | undefined;
  /** Makes sentences of failures. */
  readonly explain: ExplainTls;
}

interface Waiter {
  into: Uint8Array;
  resolve(count: number | null): void;
  reject(reason: unknown): void;
}

/**
 * A {@linkcode Duplex} of plain bytes over a duplex of encrypted ones.
 *
 * Plain bytes are copied by the engine at once, both ways. Encrypted ones are lent to the transport: a piece is given back only
 * when its write has settled well, and the memory of a read is this duplex's own.
 *
 * `closeWrite` sends close_notify and the transport's end, and reading goes on (RFC 8446, 6.1). An end of the transport
 * without close_notify is an error: a cut is not an end.
 *
 * @example
 * ```ts ignore
 * import { dialTls } from "./tls_dial.ts";
 *
 * const { duplex } = await dialTls({ kind: "tcp", host: "example.com", port: 443 }, { protocols: ["tele/1"] });
 * await duplex.write(new TextEncoder().encode("hello"));
 * ```
 */
export class TlsDuplex implements Duplex {
  readonly peer: string;
  readonly localAddress: string | undefined;
  readonly readsAfterFailedWrite: boolean | undefined;
  #peerName: string | undefined;
  readonly #transport: Duplex;
  readonly #end: TlsEnd;
  readonly #stream: NodeStream;
  readonly #binding = streamBinding();
  readonly #request = new this.#binding.WriteWrap();
  #engine: Engine | undefined;
  #socket: TLSSocket | undefined;

  /** Decrypted, and not read yet: what one read of the transport brought. */
  readonly #plain: Uint8Array<ArrayBuffer>[] = [];
  /** So much of the first of them was read. */
  #plainStart = 0;
  #waiter: Waiter | undefined;
  #heardAnything = false;
  #ended = false;
  #error: unknown;
  /** Why nothing can be sent any more; what the peer sent before can still be read. */
  #writeError: unknown;

  /** Grows while reads fill it. */
  #encrypted: Uint8Array | undefined;
  #readBytes = SMALLEST_READ_BYTES;
  #isFeeding = false;
  /** Settles when all encrypted bytes so far were written, or could not be. */
  #sent: Promise<void> = Promise.resolve();
  /** The first bytes that ever came, for an explanation. */
  #first: Uint8Array | undefined;

  private constructor(transport: Duplex, end: TlsEnd) {
    this.peer = transport.peer;
    this.localAddress = transport.localAddress;
    this.readsAfterFailedWrite = transport.readsAfterFailedWrite;
    this.#transport = transport;
    this.#end = end;
    this.#stream = new NodeStream({
      allowHalfOpen: true,
      read: () => {},
      // The hello, before which the engine has nothing else to send.
      write: (bytes, _encoding, done) => {
        this.#send(bytes as Uint8Array);
        done();
      },
    });
    this.#stream.on("error", (error) => this.#fail(error));
  }

  /**
   * Does the handshake over `transport`, which from now on belongs to the result and is closed if it fails.
   *
   * @param signal Gives up, and closes `transport` at once, when it aborts.
   * @throws What `end.explain` makes of the error; `signal`'s reason.
   */
  static async start(transport: Duplex, end: TlsEnd, signal?: AbortSignal): Promise<TlsDuplex> {
    const duplex = new TlsDuplex(transport, end);
    let hello: Uint8Array | undefined;
    const onAbort = () => duplex.#fail(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      if (end.awaitsHello) hello = await duplex.#awaitHello();
      await duplex.#handshake(hello);
      const error = end.check?.(duplex.#socket!);
      if (error !== undefined) throw error;
      duplex.#peerName = end.nameOf?.(duplex.#socket!);
      return duplex;
    } catch (error) {
      if (!signal?.aborted) await duplex.#sayGoodbye();
      duplex.close();
      if (signal?.aborted) throw signal.reason;
      throw end.explain({ error, wasSecure: false, heardAnything: false, first: duplex.#first, hello });
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  get peerName(): string | undefined {
    return this.#peerName;
  }

  /** What was agreed on (ALPN, RFC 7301), if anything. */
  get protocol(): string | undefined {
    return this.#socket?.alpnProtocol || undefined;
  }

  /** Reads the first record of TLS whole, or as much as shows that it is none. */
  async #awaitHello(): Promise<Uint8Array> {
    let buffer = new Uint8Array(FIRST_HELLO_BYTES);
    let filled = 0;
    let wanted = RECORD_HEADER_BYTES;
    while (filled < wanted) {
      const count = await this.#transport.read(buffer.subarray(filled));
      if (count === null) throw new TruncatedError();
      filled += count;
      this.#first = buffer.slice(0, Math.min(filled, 16));
      const isHandshake = buffer[0] === 0x16;
      if (isHandshake && filled >= RECORD_HEADER_BYTES) wanted = RECORD_HEADER_BYTES + (buffer[3]! << 8 | buffer[4]!);
      if (!isHandshake) wanted = filled;
      if (wanted <= buffer.length) continue;
      const larger = new Uint8Array(wanted);
      larger.set(buffer.subarray(0, filled));
      buffer = larger;
    }
    return buffer.subarray(0, filled);
  }

  #handshake(hello: Uint8Array | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      // While it lasts, the handshake is the reader.
      this.#waiter = { into: new Uint8Array(0), resolve: () => {}, reject };
      const socket = this.#end.start(this.#stream);
      // First, since one that cannot begin tells so by this event, and would be nobody's otherwise.
      socket.on("error", (error: unknown) => this.#fail(error));
      this.#engine = engineOf(socket, (plain) => this.#received(plain));
      keepUntilFlushed(socket);
      socket.on("close", () => this.#fail(new Error("the connection is closed")));
      socket.once(this.#end.secureEvent, () => {
        this.#socket = socket;
        this.#waiter = undefined;
        resolve();
      });
      if (hello !== undefined) this.#decrypt(hello);
      this.#feed();
    });
  }

  /** Lets the alert that tells the peer why arrive: an end with bytes unread is a reset, which would overtake it. */
  async #sayGoodbye(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, GOODBYE_MS));
    await Promise.race([this.#drain().catch(() => {}), late]);
    clearTimeout(timer);
  }

  async #drain(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await turnOfEvents();
    await this.#sent;
    await this.#transport.closeWrite();
    const into = new Uint8Array(SMALLEST_READ_BYTES);
    while (!this.#isFeeding && await this.#transport.read(into) !== null);
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#plain.length > 0) return this.#take(into);
    if (this.#ended) return null;
    if (this.#error !== undefined) throw this.#error;
    return await new Promise<number | null>((resolve, reject) => {
      this.#waiter = { into, resolve, reject };
      this.#feed();
    });
  }

  /** Reads the transport for as long as somebody waits for plain bytes. */
  async #feed(): Promise<void> {
    if (this.#isFeeding) return;
    this.#isFeeding = true;
    try {
      while (this.#waiter !== undefined && this.#error === undefined) {
        // Whoever reads little at a time is idle, or waits for its own peer: what is held for it is no more than that.
        this.#readBytes = Math.min(this.#readBytes, Math.max(SMALLEST_READ_BYTES, this.#waiter.into.length));
        if (this.#encrypted?.length !== this.#readBytes) this.#encrypted = new Uint8Array(this.#readBytes);
        const count = await this.#transport.read(this.#encrypted);
        if (count === null) return await this.#cut();
        if (count === this.#readBytes) this.#readBytes = Math.min(this.#readBytes * 2, LARGEST_READ_BYTES);
        this.#first ??= this.#encrypted.slice(0, Math.min(count, 16));
        this.#decrypt(this.#encrypted.subarray(0, count));
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isFeeding = false;
    }
  }

  /** The transport has ended; what it brought before that is told first. */
  async #cut(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await turnOfEvents();
    if (!this.#ended) this.#fail(new TruncatedError());
  }

  /** The engine keeps a copy of what it cannot use yet. */
  #decrypt(encrypted: Uint8Array): void {
    this.#engine!.readBuffer(encrypted);
    this.#drainEngine();
    const waiter = this.#waiter;
    // In the handshake nobody waits for plain bytes.
    if (waiter === undefined || waiter.into.length === 0 || !(this.#plain.length > 0 || this.#ended)) return;
    this.#waiter = undefined;
    waiter.resolve(this.#plain.length > 0 ? this.#take(waiter.into) : null);
  }

  #received(plain: ArrayBuffer | undefined): void {
    if (plain !== undefined && plain.byteLength > 0) {
      this.#heardAnything = true;
      this.#plain.push(new Uint8Array(plain));
    } else if (this.#binding.streamBaseState[this.#binding.kReadBytesOrError] === END_OF_FILE) this.#ended = true;
  }

  #take(into: Uint8Array): number {
    let filled = 0;
    while (this.#plain.length > 0 && filled < into.length) {
      const piece = this.#plain[0]!;
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

  #fail(error: unknown): void {
    this.#error ??= this.#explained(error);
    this.#waiter?.reject(this.#error);
    this.#waiter = undefined;
  }

  #explained(error: unknown): unknown {
    if (this.#socket === undefined) return error;
    return this.#end.explain({ error, wasSecure: true, heardAnything: this.#heardAnything, first: this.#first });
  }

  #refuseIfBroken(): void {
    const error = this.#error ?? this.#writeError;
    if (error !== undefined) throw error;
  }

  #sendFailed(error: unknown): void {
    if (this.#socket === undefined || !this.readsAfterFailedWrite) this.#fail(error);
    else this.#writeError ??= this.#explained(error);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      this.#refuseIfBroken();
      this.#ask(this.#engine!.writeBuffer(this.#request, bytes.subarray(start, start + PIECE_BYTES)));
    }
    await this.#sent;
    this.#refuseIfBroken();
  }

  async closeWrite(): Promise<void> {
    this.#refuseIfBroken();
    this.#ask(this.#engine!.shutdown(new this.#binding.ShutdownWrap()));
    await this.#sent;
    this.#refuseIfBroken();
    await this.#transport.closeWrite();
  }

  /** Sends what the engine made of something, unless that failed. */
  #ask(status: number): void {
    if (status !== 0) this.#fail(new Error(`TLS failed with ${status}`));
    this.#drainEngine();
  }

  #drainEngine(): void {
    const engine = this.#engine!;
    for (;;) {
      const piece = engine.drainEncOut();
      if (piece.length === 0) return;
      this.#send(piece, () => giveBack(piece));
    }
  }

  /** In order, one write after the other. */
  #send(encrypted: Uint8Array, written?: () => void): void {
    this.#sent = this.#sent.then(async () => {
      if ((this.#error ?? this.#writeError) === undefined) await this.#transport.write(encrypted);
      written?.();
    }).catch((error) => this.#sendFailed(error));
  }

  abort(): void {
    this.#destroy(() => this.#transport.abort());
  }

  close(): void {
    this.#destroy(() => this.#transport.close());
  }

  #destroy(end: () => void): void {
    this.#error ??= new Error("the connection was closed");
    end();
    this.#fail(this.#error);
    this.#socket?.destroy();
    this.#stream.destroy();
  }
}

/** `node:tls` destroys a socket in the turn in which it failed, before the alert for the peer has left (Deno 2.9.6). */
function keepUntilFlushed(socket: TLSSocket): void {
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: Error) => {
    setImmediate(() => destroy(error));
    return socket;
  };
}

function turnOfEvents(): Promise<void> {
  return new Promise((resolve) => void setImmediate(() => resolve()));
}

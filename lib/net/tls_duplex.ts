/**
 * TLS over any duplex, on `node:tls`.
 *
 * Why not `Deno.listenTls` and `Deno.connectTls`: closing one of theirs before its handshake has ended leaves the socket
 * open, so strangers and attempts given up would pile up; and their server cannot ask for a client certificate. Why not
 * `tls.connect` and `tls.createServer` on sockets of their own (Deno 2.9.6): after a pause they stall for seconds, and
 * a connection that was reset reads as a clean end. Here the sockets stay ours, as any other duplex: `node:tls` only turns
 * bytes into bytes, is never paused, and gets no more of them than somebody waits to read.
 *
 * The price, in a two-hop relay with TLS in the middle (iperf3, one stream, 256 KiB reads, a machine shared with others):
 * 3.5 to 8.4 Gbit/s in this way, with 0.8 to 1.0 s of processor time at each end for a GiB. Deno's own TLS: 5.6 to 9.6
 * Gbit/s and 0.4 to 0.7 s. `node:tls` on sockets of its own, with `data` events and pauses: 0.0 to 8 Gbit/s.
 *
 * @module
 */
import { Duplex as NodeStream } from "node:stream";
import { setImmediate } from "node:timers";
import type { TLSSocket } from "node:tls";
import type { Duplex } from "./duplex.ts";

/** First and largest size of the buffer that encrypted bytes are read into: a stranger costs little, a carrier is fast. */
const SMALLEST_READ_BYTES = 4 * 1024;
const LARGEST_READ_BYTES = 256 * 1024;

/** The header of a TLS record: type, version, and the length of the rest (RFC 8446, 5.1). */
const RECORD_HEADER_BYTES = 5;

/** The usual hello is shorter, but for those with post-quantum keys. */
const FIRST_HELLO_BYTES = 512;

/** How long a refused peer may take to read why, in milliseconds. */
const GOODBYE_MS = 1_000;

/** Makes a sentence of a failure. */
export type ExplainTls = (failure: TlsFailure) => Error;

/** What was seen of a connection whose TLS failed. */
export interface TlsFailure {
  /** What the runtime gave. */
  readonly error: unknown;
  /** Whether the handshake had ended on this side; in TLS 1.3 the other side may still refuse. */
  readonly wasSecure: boolean;
  /** The first bytes that came, if any. */
  readonly first: Uint8Array | undefined;
}

/** The transport ended without TLS having said so. */
export class TruncatedError extends Error {
  /** Whether any byte of the peer's program came before. */
  readonly heardAnything: boolean;

  /** Makes one. */
  constructor(heardAnything: boolean) {
    super("the connection was cut: it ended without the end that TLS tells");
    this.name = "TruncatedError";
    this.heardAnything = heardAnything;
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
  readonly #transport: Duplex;
  readonly #end: TlsEnd;
  readonly #stream: NodeStream;
  #socket: TLSSocket | undefined;

  /** Decrypted, and not read yet: what one read of the transport brought. */
  readonly #plain: Uint8Array[] = [];
  #waiter: Waiter | undefined;
  #heardAnything = false;
  #ended = false;
  #error: unknown;

  /** Grows while reads fill it. */
  #encrypted: Uint8Array | undefined;
  #readBytes = SMALLEST_READ_BYTES;
  #isFeeding = false;
  /** Called when the stream has passed on all it was given. */
  #onHungry: (() => void) | undefined;

  #isSending = false;
  /** Called when everything encrypted was written. */
  #onSent: (() => void) | undefined;
  /** The first bytes that ever came, for an explanation. */
  #first: Uint8Array | undefined;

  private constructor(transport: Duplex, end: TlsEnd) {
    this.peer = transport.peer;
    this.localAddress = transport.localAddress;
    this.#transport = transport;
    this.#end = end;
    this.#stream = new NodeStream({
      allowHalfOpen: true,
      read: () => this.#hungry(),
      write: (bytes, _encoding, done) => void this.#send(bytes as Uint8Array, done),
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
    const onAbort = () => duplex.#fail(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      if (end.awaitsHello) await duplex.#awaitHello();
      await duplex.#handshake();
      const error = end.check?.(duplex.#socket!);
      if (error !== undefined) throw error;
      return duplex;
    } catch (error) {
      if (!signal?.aborted) await duplex.#sayGoodbye();
      duplex.close();
      throw signal?.aborted ? signal.reason : end.explain({ error, wasSecure: false, first: duplex.#first });
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** What was agreed on (ALPN, RFC 7301), if anything. */
  get protocol(): string | undefined {
    return this.#socket?.alpnProtocol || undefined;
  }

  /** Reads the first record of TLS whole, or as much as shows that it is none. */
  async #awaitHello(): Promise<void> {
    let buffer = new Uint8Array(FIRST_HELLO_BYTES);
    let filled = 0;
    let wanted = RECORD_HEADER_BYTES;
    while (filled < wanted) {
      const count = await this.#transport.read(buffer.subarray(filled));
      if (count === null) throw new TruncatedError(false);
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
    this.#stream.push(buffer.subarray(0, filled));
  }

  #handshake(): Promise<void> {
    return new Promise((resolve, reject) => {
      // While it lasts, the handshake is the reader.
      this.#waiter = { into: new Uint8Array(0), resolve: () => {}, reject };
      const socket = this.#end.start(this.#stream);
      keepUntilFlushed(socket);
      socket.on("error", (error: unknown) => this.#fail(error));
      socket.on("close", () => this.#fail(new Error("the connection is closed")));
      socket.once(this.#end.secureEvent, () => {
        this.#socket = socket;
        this.#waiter = undefined;
        socket.on("data", (bytes: Uint8Array) => this.#received(bytes));
        socket.on("end", () => this.#finish());
        resolve();
      });
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
    await this.#sent();
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
        if (this.#encrypted?.length !== this.#readBytes) this.#encrypted = new Uint8Array(this.#readBytes);
        const count = await this.#transport.read(this.#encrypted);
        if (count === null) return await this.#cut();
        if (count === this.#readBytes) this.#readBytes = Math.min(this.#readBytes * 2, LARGEST_READ_BYTES);
        this.#first ??= this.#encrypted.slice(0, Math.min(count, 16));
        const hungry = new Promise<void>((resolve) => this.#onHungry = resolve);
        // A copy, since nothing tells when `node:tls` is done with it.
        this.#stream.push(this.#encrypted.slice(0, count));
        await hungry;
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
    if (!this.#ended) this.#fail(new TruncatedError(this.#heardAnything));
  }

  #hungry(): void {
    this.#onHungry?.();
    this.#onHungry = undefined;
  }

  #received(bytes: Uint8Array): void {
    this.#heardAnything = true;
    this.#plain.push(bytes);
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve(this.#take(waiter.into));
  }

  #take(into: Uint8Array): number {
    let filled = 0;
    while (this.#plain.length > 0 && filled < into.length) {
      const bytes = this.#plain[0]!;
      const count = Math.min(bytes.length, into.length - filled);
      into.set(count === bytes.length ? bytes : bytes.subarray(0, count), filled);
      filled += count;
      if (count === bytes.length) this.#plain.shift();
      else this.#plain[0] = bytes.subarray(count);
    }
    return filled;
  }

  #finish(): void {
    this.#ended = true;
    this.#waiter?.resolve(null);
    this.#waiter = undefined;
  }

  #fail(error: unknown): void {
    if (this.#error === undefined) {
      const isHandshake = this.#socket === undefined;
      this.#error = isHandshake ? error : this.#end.explain({ error, wasSecure: true, first: this.#first });
      this.#hungry();
    }
    this.#waiter?.reject(this.#error);
    this.#waiter = undefined;
    this.#onSent?.();
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    await new Promise<void>((resolve, reject) => {
      this.#socket!.write(bytes, (error) => error ? reject(this.#error ?? error) : resolve());
    });
    await this.#sent();
    if (this.#error !== undefined) throw this.#error;
  }

  async closeWrite(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    await new Promise<void>((resolve, reject) => {
      this.#socket!.end((error?: Error | null) => error ? reject(this.#error ?? error) : resolve());
    });
    await this.#sent();
    await this.#transport.closeWrite();
  }

  async #send(bytes: Uint8Array, done: (error?: Error | null) => void): Promise<void> {
    this.#isSending = true;
    try {
      await this.#transport.write(bytes);
      this.#isSending = false;
      // This may begin the next one at once.
      done();
    } catch (error) {
      this.#isSending = false;
      done(error as Error);
    }
    if (!this.#isSending) this.#onSent?.();
  }

  /** `node:tls` calls a write done before its bytes have left; this waits until they have. */
  async #sent(): Promise<void> {
    // It hands encrypted bytes over in a microtask of its own, which was queued before this one.
    await Promise.resolve();
    while (this.#isSending && this.#error === undefined) {
      await new Promise<void>((resolve) => this.#onSent = resolve);
      await Promise.resolve();
    }
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

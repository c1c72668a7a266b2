/**
 * TLS over any duplex, on `node:tls`.
 *
 * Why not `Deno.listenTls` and `Deno.connectTls`, `ARCHITECTURE.md` says. Why not `tls.connect` and `tls.createServer` on
 * sockets of their own (Deno 2.9.6): after a pause they stall for seconds, and a connection that was reset reads as a
 * clean end. Here the sockets stay ours: the engine (`tls_engine.ts`) is never paused, and gets no more than somebody
 * waits to read. The `TLSSocket` does the handshake; the bytes go past its streams, which are slow.
 *
 * @module
 */
import { Duplex as NodeStream } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Duplex } from "./duplex.ts";
import { ReadBuffer } from "./read_buffer.ts";
import type { TlsEnd, TlsSeen } from "./tls_end.ts";
import { giveBack, keepUntilFlushed, PIECE_BYTES, TlsEngine, turnOfEvents } from "./tls_engine.ts";
import { TruncatedError } from "./tls_failure.ts";
import { readHello } from "./tls_hello.ts";

/** Buffer for what a refused peer still sends, in bytes. */
const GOODBYE_READ_BYTES = 4 * 1024;

/** How long a refused peer may take to read why, in milliseconds. */
const GOODBYE_MS = 1_000;

interface Waiter {
  into: Uint8Array;
  resolve(count: number | null): void;
  reject(reason: unknown): void;
}

/**
 * A {@linkcode Duplex} of plain bytes over a duplex of encrypted ones.
 *
 * Plain bytes are copied by the engine at once, both ways. Encrypted ones are lent to the transport: a piece is given
 * back only when its write has settled well, and the memory of a read is this duplex's own.
 *
 * `closeWrite` sends close_notify and the transport's end, and reading goes on (RFC 8446, 6.1). An end of the transport
 * without close_notify is an error: a cut is not an end.
 */
export class TlsDuplex implements Duplex {
  readonly peer: string;
  readonly medium: Duplex["medium"];
  #seen: TlsSeen = {};
  readonly #transport: Duplex;
  readonly #end: TlsEnd;
  readonly #stream: NodeStream;
  #engine: TlsEngine | undefined;
  #socket: TLSSocket | undefined;
  #waiter: Waiter | undefined;
  #error: unknown;
  /** Why nothing can be sent any more; what the peer sent before can still be read. */
  #writeError: unknown;
  readonly #encrypted = new ReadBuffer();
  #isFeeding = false;
  /** Settles when all encrypted bytes so far were written, or could not be. */
  #sent: Promise<void> = Promise.resolve();
  /** The first bytes that ever came, for an explanation. */
  #first: Uint8Array | undefined;

  private constructor(transport: Duplex, end: TlsEnd) {
    this.#transport = transport;
    this.peer = transport.peer;
    this.medium = transport.medium;
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
      if (end.awaitsHello) hello = await readHello(transport, (first) => duplex.#first = first);
      await duplex.#handshake(hello);
      const error = end.check?.(duplex.#socket!);
      if (error !== undefined) throw error;
      duplex.#seen = end.seen(duplex.#socket!);
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

  get localAddress(): string | undefined {
    return this.#transport.localAddress;
  }

  get localPort(): number | undefined {
    return this.#transport.localPort;
  }

  get isPassed(): boolean | undefined {
    return this.#transport.isPassed;
  }

  get readsAfterFailedWrite(): boolean | undefined {
    return this.#transport.readsAfterFailedWrite;
  }

  get peerName(): string | undefined {
    return this.#seen.peerName ?? this.#transport.peerName;
  }

  get leaf(): Uint8Array | undefined {
    return this.#seen.leaf;
  }

  /** What was agreed on (ALPN, RFC 7301), if anything. */
  get protocol(): string | undefined {
    return this.#socket?.alpnProtocol || undefined;
  }

  #handshake(hello: Uint8Array | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      // While it lasts, the handshake is the reader.
      this.#waiter = { into: new Uint8Array(0), resolve: () => {}, reject };
      const socket = this.#end.start(this.#stream);
      // First: a socket that cannot begin tells so by this event, which would otherwise end the process.
      socket.on("error", (error: unknown) => this.#fail(error));
      this.#engine = new TlsEngine(socket);
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
    const into = new Uint8Array(GOODBYE_READ_BYTES);
    while (!this.#isFeeding && await this.#transport.read(into) !== null);
  }

  async read(into: Uint8Array): Promise<number | null> {
    const engine = this.#engine!;
    if (engine.hasPlain) return engine.take(into);
    if (engine.ended) return null;
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
        const into = this.#encrypted.memory(this.#waiter.into.length);
        const count = await this.#transport.read(into);
        if (count === null) return await this.#cut();
        this.#encrypted.filled(count);
        this.#first ??= into.slice(0, Math.min(count, 16));
        this.#decrypt(into.subarray(0, count));
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
    if (!this.#engine?.ended) this.#fail(new TruncatedError());
  }

  #decrypt(encrypted: Uint8Array): void {
    const engine = this.#engine!;
    engine.decrypt(encrypted);
    this.#drainEngine();
    const waiter = this.#waiter;
    // In the handshake nobody waits for plain bytes.
    if (waiter === undefined || waiter.into.length === 0 || !(engine.hasPlain || engine.ended)) return;
    this.#waiter = undefined;
    waiter.resolve(engine.hasPlain ? engine.take(waiter.into) : null);
  }

  #fail(error: unknown): void {
    this.#error ??= this.#explained(error);
    this.#waiter?.reject(this.#error);
    this.#waiter = undefined;
  }

  #explained(error: unknown): unknown {
    if (this.#socket === undefined) return error;
    const { heardAnything } = this.#engine!;
    return this.#end.explain({ error, wasSecure: true, heardAnything, first: this.#first });
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
      this.#ask(this.#engine!.encrypt(bytes.subarray(start, start + PIECE_BYTES)));
    }
    await this.#sent;
    this.#refuseIfBroken();
  }

  async closeWrite(): Promise<void> {
    this.#refuseIfBroken();
    this.#ask(this.#engine!.end());
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
    for (let piece = this.#engine!.nextEncrypted(); piece; piece = this.#engine!.nextEncrypted()) {
      const lent = piece;
      this.#send(lent, () => giveBack(lent));
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

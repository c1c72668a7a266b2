/**
 * TCP connections, on what lies beneath `node:net`.
 *
 * Why not `Deno.Conn`: closing one always sends FIN, so a user's stream that was cut would look like a clean end, which
 * is silent loss; a handle can send RST. Carriers are on handles too: a process with both kinds pays for both at each
 * message. Why not `net.Socket`: the machinery of its streams takes a tenth of the processor time of an echo.
 *
 * @module
 */
import type { Server } from "node:net";
import { formatAddress } from "./address.ts";
import type { Duplex } from "./duplex.ts";
import { HandleReader, type ReadEvents } from "./handle_reader.ts";
import { moverOfConnections } from "./moved_connection.ts";
import { type Request, type SocketName, systemError, tcpBinding, type TcpHandle } from "./runtime.ts";
import { acceptHandles, connectHandle, localNameOf, peerNameOf, setOptions } from "./tcp_connections.ts";

/**
 * What the empty send buffer of a new connection takes whole, even while the system is short of memory (`tcp_wmem`).
 */
const FIRST_WRITE_BYTES = 4 * 1024;

const DONE = Promise.resolve();

const streams = tcpBinding();

/** Whether the runtime has what {@linkcode NodeDuplex} needs; else all connections are `Deno.Conn`s. */
export function hasNodeDuplex(): boolean {
  return streams !== undefined;
}

/**
 * A {@linkcode Duplex} over a TCP handle of the runtime, with a true RST on `abort`.
 *
 * Reads and writes borrow their memory: the handle sends what stands there when there is room for it. Closing the
 * handle ends both before it returns, a write by ECANCELED, so pending reads and writes are rejected behind that (Deno
 * 2.9.6).
 *
 * @example
 * ```ts ignore
 * import { NodeDuplex } from "./node_duplex.ts";
 *
 * const duplex = await NodeDuplex.connect("127.0.0.1", 22);
 * duplex.abort(); // the next read of who listens there fails with "connection reset"
 * ```
 */
export class NodeDuplex implements Duplex, ReadEvents {
  readonly peer: string;
  readonly readsAfterFailedWrite = true;
  readonly fillsAtOnce = true;
  readonly #handle: TcpHandle;
  readonly #reader: HandleReader;
  /** Asked for when it is wanted: few do. */
  #local: SocketName | undefined;
  /** Kept after a write that did not have to wait: it serves the next one as well. */
  #request: Request | undefined;
  #wroteAnything = false;
  /** The peer has ended, and what became of a write that waited then is known. */
  #ended = false;
  #error: unknown;
  /** Why nothing can be written any more; what the peer sent before can still be read. */
  #writeError: unknown;
  #isClosed = false;
  /** Rejects the write or the shutdown that waits. */
  #failWaiting: ((reason: unknown) => void) | undefined;
  /** Carries the rest of a connection whose peer ended before it had sent a byte. */
  #moved: Promise<Duplex> | undefined;
  #movedTo: Duplex | undefined;

  private constructor(handle: TcpHandle, peer: string) {
    this.peer = peer;
    this.#handle = handle;
    this.#reader = new HandleReader(this.#handle, streams!, this);
  }

  /** Takes over all connections of `server`, which listens; what cannot be accepted is told. */
  static acceptAll(server: Server, onDuplex: (duplex: NodeDuplex) => void, onFailed: (error: Error) => void): void {
    acceptHandles(streams!, server, { onHandle: (handle) => onDuplex(NodeDuplex.accepted(handle)), onFailed });
  }

  /** Takes over a connection that was accepted. */
  static accepted(handle: TcpHandle): NodeDuplex {
    const { address = "unknown", port = 0 } = peerNameOf(handle);
    return new NodeDuplex(handle, formatAddress({ kind: "tcp", host: address, port }));
  }

  /**
   * Connects to `address:port`.
   *
   * @param address An IP address.
   * @param name What logs call the host, such as the name that led to this address.
   * @throws If that fails, or `signal` aborts first.
   */
  static async connect(
    address: string,
    port: number,
    signal?: AbortSignal,
    name: string = address,
  ): Promise<NodeDuplex> {
    return NodeDuplex.dialed(await connectHandle(streams!, address, port, signal), { host: name, port });
  }

  /** Takes over a connection that was made; `peer` is what logs call the other end. */
  static dialed(handle: TcpHandle, peer: { host: string; port: number }): NodeDuplex {
    setOptions(handle);
    return new NodeDuplex(handle, formatAddress({ kind: "tcp", ...peer }));
  }

  get remoteAddress(): string | undefined {
    return peerNameOf(this.#handle).address;
  }

  get localAddress(): string | undefined {
    return this.#localName().address;
  }

  get localPort(): number | undefined {
    return this.#localName().port;
  }

  #localName(): SocketName {
    return this.#local ??= localNameOf(this.#handle);
  }

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => this.readWith(into, resolve, reject));
  }

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
    if (this.#writeError !== undefined) return this.#fail(this.#writeError);
    this.#ended = true;
    if (!this.#reader.heardAnything && this.#failWaiting === undefined) this.#moved ??= this.#move();
    this.#reader.end();
  }

  /**
   * On Deno 2.9.6 a handle whose peer has ended before it sent a byte fails a write that has to wait, with EPIPE and
   * with its bytes lost, though the connection is sound. A `Deno.Conn` does not; but it cannot send RST.
   */
  #move(): Promise<Duplex> {
    const moved = moverOfConnections().then((move) => {
      // Until here the handle had it, and has ended it with itself.
      if (this.#isClosed) throw this.#reason;
      this.#localName();
      this.#movedTo = move(this.#handle.takeStream());
      this.#handle.close();
      return this.#movedTo;
    });
    moved.catch((error) => this.#fail(error));
    return moved;
  }

  /** @ignore */
  readFailed(error: unknown): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#destroy(() => this.#reset());
  }

  /** Why it is over, for who asks, which is seldom: the stack of an error takes longer to make than the whole close. */
  get #reason(): unknown {
    return this.#error ??= new Error("the connection is closed");
  }

  /** Why nothing can be written any more, if that is so. */
  get #writeReason(): unknown {
    return this.#isClosed ? this.#reason : this.#writeError;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.writeNow(bytes) ?? DONE;
  }

  writeNow(bytes: Uint8Array): Promise<void> | undefined {
    const error = this.#writeReason;
    if (error !== undefined) return Promise.reject(error);
    if (this.#moved !== undefined) return this.#moved.then((duplex) => duplex.write(bytes));
    if (!this.#wroteAnything) return this.#writeFirst(bytes);
    const request = this.#request ??= new streams!.WriteWrap();
    const status = this.#handle.writeBuffer(request, bytes);
    if (status === 0 && streams!.streamBaseState[streams!.kLastWriteWasAsync] === 0) return undefined;
    this.#request = undefined;
    return this.#completion("write", lending(request, bytes), status);
  }

  /**
   * A connection's first write waits even where there is room, until the runtime has looked; a peer that has ended by
   * then, and sent nothing, fails it (see {@linkcode NodeDuplex.#move}). But of a small one nothing has left by then.
   */
  #writeFirst(bytes: Uint8Array): Promise<void> | undefined {
    this.#wroteAnything = true;
    const rest = bytes.length > FIRST_WRITE_BYTES ? bytes.subarray(FIRST_WRITE_BYTES) : undefined;
    const first = rest === undefined ? bytes : bytes.subarray(0, FIRST_WRITE_BYTES);
    const request = new streams!.WriteWrap();
    const status = this.#handle.writeBuffer(request, first);
    const isDone = status === 0 && streams!.streamBaseState[streams!.kLastWriteWasAsync] === 0;
    if (isDone) return rest && this.writeNow(rest);
    const written = this.#completion("write", lending(request, first), status, async () => {
      this.#moved ??= this.#move();
      await (await this.#moved).write(first);
    });
    return rest === undefined ? written : written.then(() => this.writeNow(rest));
  }

  closeWrite(isLast: boolean = false): Promise<void> {
    const error = this.#writeReason;
    if (error !== undefined) return Promise.reject(error);
    if (this.#moved !== undefined) return this.#moved.then((duplex) => duplex.closeWrite());
    if (isLast) return Promise.resolve(this.close());
    const request = new streams!.ShutdownWrap();
    return this.#completion("shutdown", request, this.#handle.shutdown(request));
  }

  /**
   * Settles when the runtime has done what was asked. A peer that takes nothing more may have sent something before,
   * such as why it refuses: that can still be read.
   *
   * @param again Does it in another way, should the runtime fail it at a peer that has only ended its own direction.
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
    if (this.#ended) this.#fail(this.#writeError);
    return this.#writeError;
  }

  abort(): void {
    this.#error ??= new Error("the connection was reset here");
    this.#destroy(() => this.#reset());
  }

  close(): void {
    // A failed write has lost bytes, so that the peer must see a reset and no clean end (invariant 8).
    this.#destroy(() => this.#writeError === undefined ? this.#handle.close() : this.#reset());
  }

  /** Sends RST. On Deno 2.9.6 `reset` closes the socket, but keeps the handle and all that it knows for ever. */
  #reset(): void {
    this.#handle.reset();
    this.#handle.close();
  }

  #destroy(end: () => void): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // First: until the handle is closed, memory of a read and a write that wait is the runtime's.
    if (this.#movedTo === undefined) end();
    else this.#movedTo.close();
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

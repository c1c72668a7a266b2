/**
 * TCP connections, on what lies beneath `node:net`.
 *
 * Why not `Deno.Conn`: closing one always sends FIN, so a user's stream that was cut would look like a clean end, which
 * is silent loss; a handle can send RST. Carriers are on handles too: a process with both kinds pays for both at each
 * message.
 *
 * @module
 */
import type { Server } from "node:net";
import { formatAddress } from "./address.ts";
import type { Duplex } from "./duplex.ts";
import { HandleDuplex } from "./handle_duplex.ts";
import { moverOfConnections } from "./moved_connection.ts";
import { type SocketName, tcpBinding, type TcpHandle } from "./runtime.ts";
import { acceptHandles, connectHandle, localNameOf, peerNameOf, setOptions } from "./tcp_connections.ts";

/**
 * What the empty send buffer of a new connection takes whole, even while the system is short of memory (`tcp_wmem`).
 */
const FIRST_WRITE_BYTES = 4 * 1024;

const streams = tcpBinding();

/** Whether the runtime has what {@linkcode NodeDuplex} needs; else all connections are `Deno.Conn`s. */
export function hasNodeDuplex(): boolean {
  return streams !== undefined;
}

/**
 * A {@linkcode Duplex} over a TCP handle of the runtime, with a true RST on `abort`.
 *
 * @example
 * ```ts ignore
 * import { NodeDuplex } from "./node_duplex.ts";
 *
 * const duplex = await NodeDuplex.connect("127.0.0.1", 22);
 * duplex.abort(); // the next read of who listens there fails with "connection reset"
 * ```
 */
export class NodeDuplex extends HandleDuplex {
  /** See {@linkcode Duplex.peer}. */
  override readonly peer: string;
  readonly #handle: TcpHandle;
  /** Asked for when it is wanted: few do. */
  #local: SocketName | undefined;
  #wroteAnything = false;
  /** Carries the rest of a connection whose peer ended before it had sent a byte. */
  #moved: Promise<Duplex> | undefined;
  #movedTo: Duplex | undefined;

  private constructor(handle: TcpHandle, peer: string) {
    super(handle, streams!);
    this.peer = peer;
    this.#handle = handle;
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

  /** See {@linkcode Duplex.remoteAddress}. */
  get remoteAddress(): string | undefined {
    return peerNameOf(this.#handle).address;
  }

  /** See {@linkcode Duplex.localAddress}. */
  get localAddress(): string | undefined {
    return this.#localName().address;
  }

  /** See {@linkcode Duplex.localPort}. */
  get localPort(): number | undefined {
    return this.#localName().port;
  }

  #localName(): SocketName {
    return this.#local ??= localNameOf(this.#handle);
  }

  /** What waits to be written then would fail: see {@linkcode NodeDuplex.#move}. */
  protected override endedUnheard(): void {
    this.#moved ??= this.#move();
  }

  /**
   * On Deno 2.9.6 a handle whose peer has ended before it sent a byte fails a write that has to wait, with EPIPE and
   * with its bytes lost, though the connection is sound. A `Deno.Conn` does not; but it cannot send RST.
   */
  #move(): Promise<Duplex> {
    const moved = moverOfConnections().then((move) => {
      // Until here the handle had it, and has ended it with itself.
      if (this.isClosed) throw this.writeReason;
      this.#localName();
      this.#movedTo = move(this.#handle.takeStream());
      this.#handle.close();
      return this.#movedTo;
    });
    moved.catch((error) => this.readFailed(error));
    return moved;
  }

  /** See {@linkcode Duplex.writeNow}. */
  override writeNow(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#wroteAnything && this.#moved === undefined || this.writeReason !== undefined) {
      return super.writeNow(bytes);
    }
    return this.#moved === undefined ? this.#writeFirst(bytes) : this.#moved.then((duplex) => duplex.write(bytes));
  }

  /**
   * A connection's first write waits even where there is room, until the runtime has looked; a peer that has ended by
   * then, and sent nothing, fails it (see {@linkcode NodeDuplex.#move}). But of a small one nothing has left by then.
   */
  #writeFirst(bytes: Uint8Array): Promise<void> | undefined {
    this.#wroteAnything = true;
    const rest = bytes.length > FIRST_WRITE_BYTES ? bytes.subarray(FIRST_WRITE_BYTES) : undefined;
    const first = rest === undefined ? bytes : bytes.subarray(0, FIRST_WRITE_BYTES);
    const written = this.send(first, async () => {
      this.#moved ??= this.#move();
      await (await this.#moved).write(first);
    });
    if (rest === undefined) return written;
    return written === undefined ? this.writeNow(rest) : written.then(() => this.writeNow(rest));
  }

  /** See {@linkcode Duplex.closeWrite}. */
  override closeWrite(isLast?: boolean): Promise<void> {
    if (this.#moved === undefined || this.writeReason !== undefined) return super.closeWrite(isLast);
    return this.#moved.then((duplex) => duplex.closeWrite());
  }

  /** Of whichever has the connection now. */
  protected override closeHandle(): void {
    if (this.#movedTo === undefined) super.closeHandle();
    else this.#movedTo.close();
  }

  /** Sends RST. On Deno 2.9.6 `reset` closes the socket, but keeps the handle and all that it knows for ever. */
  protected override resetHandle(): void {
    if (this.#movedTo === undefined) this.#handle.reset();
    this.closeHandle();
  }
}

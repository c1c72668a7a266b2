/**
 * User programs' TCP connections, on `node:net`.
 *
 * Why not `Deno.Conn` here: closing one always sends FIN, so a stream that was cut would look like a clean end to the
 * user's program, which is silent loss; `node:net` can send RST. Its usual `data` events cost half the speed, but with
 * the `onread` option, which fills a buffer of ours, a two-hop relay ran at 17.4 to 19.0 Gbit/s beside 18.0 with
 * `Deno.Conn` at both ends (iperf3 on one machine, same run).
 *
 * @module
 */
import net from "node:net";
import { formatAddress } from "./address.ts";
import type { Duplex } from "./duplex.ts";

/** What is needed of the runtime's handle beneath a `net.Socket`, as in Node.js. */
interface Handle {
  useUserBuffer(buffer: Uint8Array): void;
}

/** The `onread` option: the runtime reads into a buffer and tells how much; `false` pauses. */
interface OnRead {
  buffer: Uint8Array;
  callback(bytes: number): boolean;
}

interface Waiter {
  into: Uint8Array;
  resolve(bytes: number | null): void;
  reject(reason: unknown): void;
}

/**
 * A socket that failed is destroyed by `node:net` with a FIN, as if all had been said. On Deno 2.9.6 that happens to sound
 * connections: a write that has to wait fails with EPIPE once the peer has ended its own direction. Its bytes are lost, so
 * the peer must see a reset and no clean end (invariant 8).
 */
function resetWhenBroken(socket: net.Socket): void {
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: Error) => {
    if (error !== undefined) (socket as unknown as { _resetAndClosing: boolean })._resetAndClosing = true;
    return destroy(error);
  };
}

/**
 * Whether the runtime's `node:net` can do what {@linkcode NodeDuplex} needs: Deno 2.9 and later. On 2.6.8 `onread` is
 * never called on an accepted socket, and a reset sends FIN.
 */
export function hasNodeDuplex(version: string = Deno.version.deno): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 9);
}

/**
 * A {@linkcode Duplex} over a `net.Socket`, with a true RST on `abort`.
 *
 * @example
 * ```ts ignore
 * import net from "node:net";
 * import { NodeDuplex } from "./node_duplex.ts";
 *
 * net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
 *   NodeDuplex.accepted(socket).abort(); // the client's next read fails with "connection reset"
 * }).listen(22999);
 * ```
 */
export class NodeDuplex implements Duplex {
  readonly peer: string;
  readonly localAddress: string | undefined;
  readonly #socket: net.Socket;
  readonly #handle: Handle;
  /** What came when nobody was reading: the buffer that the runtime begins with is ours to look after. */
  readonly #first = new Uint8Array(1);
  #hasFirst = false;
  #waiter: Waiter | undefined;
  #ended = false;
  #error: unknown;

  private constructor(make: (onread: OnRead) => net.Socket, peer: string) {
    this.#socket = make({ buffer: this.#first, callback: (bytes) => this.#filled(bytes) });
    this.#handle = (this.#socket as unknown as { _handle: Handle })._handle;
    this.peer = peer;
    this.localAddress = this.#socket.localAddress;
    this.#socket.setNoDelay(true);
    resetWhenBroken(this.#socket);
    this.#socket.on("end", () => this.#end());
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the connection is closed")));
  }

  /** Takes over a socket from a server made with `allowHalfOpen` and `pauseOnConnect`. */
  static accepted(socket: net.Socket): NodeDuplex {
    // A server cannot be given `onread`: its socket is left without its handle, and another is made around that.
    const holder = socket as unknown as { _handle: unknown };
    const handle = holder._handle;
    const peer = formatAddress({ kind: "tcp", host: socket.remoteAddress ?? "unknown", port: socket.remotePort ?? 0 });
    holder._handle = null;
    const make = (onread: OnRead) => {
      const options = { handle, allowHalfOpen: true, pauseOnCreate: true, onread };
      return new net.Socket(options as net.SocketConstructorOpts);
    };
    return new NodeDuplex(make, peer);
  }

  /**
   * Connects to `host:port`.
   *
   * @throws If that fails, or `signal` aborts first.
   */
  static connect(host: string, port: number, signal?: AbortSignal): Promise<NodeDuplex> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      let duplex: NodeDuplex | undefined;
      let given: OnRead | undefined;
      // The buffer must be given before there is a duplex to fill; `NodeDuplex` sets its own for each read.
      const onread = { buffer: new Uint8Array(1), callback: (bytes: number) => given?.callback(bytes) ?? false };
      const socket = net.connect({ host, port, allowHalfOpen: true, onread });
      socket.pause();
      const onAbort = () => socket.destroy(signal!.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        signal?.removeEventListener("abort", onAbort);
        socket.off("error", reject);
        duplex = new NodeDuplex((own) => (given = own, socket), formatAddress({ kind: "tcp", host, port }));
        resolve(duplex);
      });
    });
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#hasFirst) {
      this.#hasFirst = false;
      into[0] = this.#first[0]!;
      return Promise.resolve(1);
    }
    if (this.#ended) return Promise.resolve(null);
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#waiter = { into, resolve, reject };
      this.#handle.useUserBuffer(into);
      this.#socket.resume();
    });
  }

  #filled(bytes: number): boolean {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#hasFirst = true;
    else waiter.resolve(bytes);
    return false;
  }

  #end(): void {
    this.#ended = true;
    this.#waiter?.resolve(null);
    this.#waiter = undefined;
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#waiter?.reject(this.#error);
    this.#waiter = undefined;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(this.#error ?? error) : resolve());
    });
  }

  closeWrite(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#socket.end((error?: Error | null) => error ? reject(this.#error ?? error) : resolve());
    });
  }

  abort(): void {
    if (!this.#socket.destroyed) this.#socket.resetAndDestroy();
  }

  close(): void {
    this.#socket.destroy();
  }
}

/**
 * A TCP relay between tele client and tele server that plays the unreliable network.
 *
 * @module
 */
import net from "node:net";

/** How a carrier is broken. */
export type Break = "reset" | "close";

/** Where a breaker relays to. */
export interface BreakerOptions {
  /** Port of the tele server. */
  to: number;
  /** Port to listen on. @default {0}, a free one */
  port?: number;
}

/** Closed sockets that the other side does not close are destroyed after this time. */
const LINGER_MS = 1_000;

/** One relayed connection: `near` faces the tele client, `far` the tele server. */
class Carrier {
  readonly near: net.Socket;
  far: net.Socket | undefined;
  upBytes = 0;
  downBytes = 0;
  /** Broken here on purpose: nothing is relayed any more. */
  broken = false;
  /** A black hole for ever. */
  stranded = false;
  readonly #breaker: BreakerCore;

  constructor(near: net.Socket, breaker: BreakerCore) {
    this.near = near;
    this.#breaker = breaker;
    near.setNoDelay(true);
    this.#watch(near, () => this.far);
  }

  /** Dials the tele server and starts to move bytes. */
  join(): void {
    if (this.far || this.broken || this.near.destroyed) return;
    const far = net.connect({ host: "127.0.0.1", port: this.#breaker.to, allowHalfOpen: true });
    this.far = far;
    far.setNoDelay(true);
    this.#watch(far, () => this.near);
    this.#relay(this.near, far, "upBytes");
    this.#relay(far, this.near, "downBytes");
  }

  /** Breaks it at both ends. */
  break(how: Break): void {
    if (this.broken) return;
    this.broken = true;
    for (const socket of [this.near, this.far]) {
      if (!socket || socket.destroyed) continue;
      socket.removeAllListeners("data");
      if (how === "reset") socket.resetAndDestroy();
      else finish(socket);
    }
  }

  /** Neither bytes nor endings pass. */
  get isSilent(): boolean {
    return this.stranded || this.#breaker.isBlackHole;
  }

  pause(): void {
    this.near.pause();
    this.far?.pause();
  }

  resume(): void {
    if (this.stranded) return;
    // An end that came during the black hole is told now.
    if (this.near.destroyed || this.far?.destroyed) return this.break("reset");
    this.join();
    if (!this.far?.writableNeedDrain) this.near.resume();
    if (!this.near.writableNeedDrain) this.far?.resume();
  }

  #relay(from: net.Socket, to: net.Socket, count: "upBytes" | "downBytes"): void {
    const breaker = this.#breaker;
    from.on("data", (chunk: Uint8Array) => {
      const left = breaker.cutAfterBytes - this[count];
      const last = chunk.byteLength >= left;
      const part = last ? chunk.subarray(0, left) : chunk;
      this[count] += part.byteLength;
      if (last) {
        // The reset must not overtake the bytes that were promised.
        to.write(part, () => this.break(breaker.cutHow));
        from.pause();
      } else if (!to.write(part)) {
        from.pause();
      }
      breaker.onMoved(count, part.byteLength);
    });
    from.on("end", () => {
      if (!this.broken) to.end();
    });
    to.on("drain", () => {
      if (!this.isSilent && !this.broken) from.resume();
    });
  }

  #watch(socket: net.Socket, other: () => net.Socket | undefined): void {
    let failed = false;
    socket.on("error", () => failed = true);
    socket.on("close", () => {
      const peer = other();
      if (!this.broken && !this.isSilent && peer && !peer.destroyed) {
        if (failed) peer.resetAndDestroy();
        else if (!peer.writableEnded) peer.end();
      }
      if (this.near.destroyed && (!this.far || this.far.destroyed)) this.#breaker.carriers.delete(this);
    });
  }
}

/** What carriers need of their breaker. */
interface BreakerCore {
  readonly to: number;
  readonly isBlackHole: boolean;
  readonly cutAfterBytes: number;
  readonly cutHow: Break;
  readonly carriers: Set<Carrier>;
  onMoved(direction: "upBytes" | "downBytes", bytes: number): void;
}

/**
 * The unreliable network.
 *
 * @example
 * ```ts
 * await using breaker = await Breaker.start({ to: server.port });
 * // let the tele client dial breaker.port
 * breaker.reset();
 * breaker.blackHole(true);
 * ```
 */
export class Breaker implements AsyncDisposable {
  /** The port that stands for the tele server. */
  readonly port: number;
  /** Carriers accepted so far, broken ones included. */
  accepted = 0;
  /** Bytes moved from the tele client to the tele server. */
  upBytes = 0;
  /** Bytes moved from the tele server to the tele client. */
  downBytes = 0;
  /** Carriers that this breaker has broken. */
  broken = 0;
  readonly #core: BreakerCore & { to: number; isBlackHole: boolean; cutAfterBytes: number; cutHow: Break };
  #server: net.Server | undefined;
  #milestones: { bytes: number; resolve(): void }[] = [];

  private constructor(server: net.Server, to: number) {
    this.#server = server;
    this.port = (server.address() as net.AddressInfo).port;
    this.#core = {
      to,
      isBlackHole: false,
      cutAfterBytes: Infinity,
      cutHow: "reset",
      carriers: new Set(),
      onMoved: (direction, bytes) => this.#moved(direction, bytes),
    };
    server.on("connection", this.#onConnection);
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(options: BreakerOptions): Promise<Breaker> {
    return new Breaker(await listen(options.port ?? 0), options.to);
  }

  /** Carriers that are open now, silent ones of a black hole included. */
  get open(): number {
    return this.#core.carriers.size;
  }

  /** Bytes moved both ways. */
  get bytes(): number {
    return this.upBytes + this.downBytes;
  }

  /** Relays new carriers to another port. */
  set to(port: number) {
    this.#core.to = port;
  }

  /** Resets all carriers (RST both ways). */
  reset(): void {
    this.#breakAll("reset");
  }

  /** Closes all carriers (FIN both ways). */
  close(): void {
    this.#breakAll("close");
  }

  /**
   * While on, carriers stay open but nothing is read or moved; new ones are accepted and silent. When it ends, all of
   * them go on where they stopped, as TCP does when a link comes back.
   */
  blackHole(on: boolean): void {
    this.#core.isBlackHole = on;
    for (const carrier of this.#core.carriers) {
      if (on) carrier.pause();
      else carrier.resume();
    }
  }

  /** Turns the present carriers into black holes for ever, neither end is told; new ones work. */
  strand(): void {
    for (const carrier of this.#core.carriers) {
      carrier.stranded = true;
      carrier.pause();
    }
  }

  /** While on, new connections are refused; then the same port listens again. Carriers there are left alone. */
  async refuse(on: boolean): Promise<void> {
    if (on) {
      const server = this.#server;
      this.#server = undefined;
      server?.off("connection", this.#onConnection);
      server?.close();
    } else if (!this.#server) {
      this.#server = await listen(this.port);
      this.#server.on("connection", this.#onConnection);
    }
  }

  /** Every carrier, from now on, is cut once `bytes` bytes went through it in one direction; those bytes arrive. */
  cutAfter(bytes: number, how: Break = "reset"): void {
    this.#core.cutAfterBytes = bytes;
    this.#core.cutHow = how;
  }

  /** Resolves as soon as {@linkcode Breaker.bytes} reaches `bytes`. */
  reached(bytes: number): Promise<void> {
    if (this.bytes >= bytes) return Promise.resolve();
    return new Promise((resolve) => {
      this.#milestones.push({ bytes, resolve });
      this.#milestones.sort((a, b) => a.bytes - b.bytes);
    });
  }

  /** Stops listening and resets all carriers. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse(true);
    this.reset();
    for (const { resolve } of this.#milestones) resolve();
    this.#milestones = [];
  }

  readonly #onConnection = (socket: net.Socket): void => {
    this.accepted++;
    const carrier = new Carrier(socket, this.#core);
    this.#core.carriers.add(carrier);
    if (this.#core.isBlackHole) carrier.pause();
    else carrier.resume();
  };

  #breakAll(how: Break): void {
    for (const carrier of [...this.#core.carriers]) {
      if (!carrier.broken) this.broken++;
      carrier.break(how);
    }
  }

  #moved(direction: "upBytes" | "downBytes", bytes: number): void {
    this[direction] += bytes;
    while (this.#milestones.length > 0 && this.#milestones[0].bytes <= this.bytes) this.#milestones.shift()!.resolve();
  }
}

function listen(port: number): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    // pauseOnConnect: a black hole reads nothing, not even what came with the connection.
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

/** FIN now, no RST: what still arrives is read and dropped until the peer has closed too. */
function finish(socket: net.Socket): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.on("close", () => clearTimeout(timer));
  socket.on("end", () => socket.destroy());
  socket.on("data", () => {});
  socket.end();
  socket.resume();
}

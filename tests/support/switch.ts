/**
 * A balancer of TCP connections that deals them to servers in turn, and cuts them when it is told.
 *
 * @module
 */
import net from "node:net";

/** How a {@linkcode Switch} begins. */
export interface SwitchOptions {
  /** Ports of the servers, on 127.0.0.1. */
  to: readonly number[];
}

/** Deals connections to servers in turn, as HAProxy does in TCP mode with `balance roundrobin`. */
export class Switch implements AsyncDisposable {
  /** How many connections each server was dealt. */
  readonly dealt: number[];
  /** If set, all connections go to the server at this place. */
  only: number | undefined;
  /** The first bytes of each connection, as the client sent them. */
  readonly hellos: Uint8Array[] = [];
  readonly #to: readonly number[];
  readonly #server: net.Server;
  readonly #sockets: Set<net.Socket> = new Set();
  #next = 0;

  private constructor({ to }: SwitchOptions) {
    this.#to = to;
    this.dealt = to.map(() => 0);
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#deal(near));
  }

  /** Listens on a free port. */
  static async start(options: SwitchOptions): Promise<Switch> {
    const made = new Switch(options);
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }

  /** Where clients connect. */
  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Resets all connections that there are. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #deal(near: net.Socket): void {
    const at = this.only ?? this.#next++ % this.#to.length;
    this.dealt[at]!++;
    const far = net.connect({ host: "127.0.0.1", port: this.#to[at]!, allowHalfOpen: true, noDelay: true });
    near.once("data", (bytes) => void this.hellos.push(new Uint8Array(bytes)));
    for (const [from, to] of [[near, far], [far, near]] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        // A client or server that was killed takes the other end with it.
        if (from.errored || !from.readableEnded) to.destroy();
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

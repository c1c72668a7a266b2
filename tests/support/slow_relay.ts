/**
 * A long path: a relay that delivers everything late.
 *
 * @module
 */
import { closeQuietly, connectTo, writeAll } from "./user_programs.ts";
import { pause } from "./wait.ts";

/** A relay that delivers everything late, in order, however much there is, and can cut all its connections. */
export class SlowRelay implements Disposable {
  readonly port: number;
  /** Connections taken. */
  accepted = 0;
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();

  /** Relays to port `to`. A round trip takes `2 * delayMs`, and so does what it takes to learn of an end. */
  constructor(to: number, delayMs: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#serve(to, delayMs).catch(() => {});
  }

  /** Closes all connections. */
  cut(): void {
    this.#connections.forEach(closeQuietly);
    this.#connections.clear();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.cut();
  }

  async #serve(to: number, delayMs: number): Promise<void> {
    for await (const near of this.#listener) {
      this.accepted++;
      const far = await connectTo(to);
      for (const [from, into] of [[near, far], [far, near]]) {
        this.#connections.add(from);
        deliverLate(from, into, delayMs).catch(() => {});
      }
    }
  }
}

async function deliverLate(from: Deno.TcpConn, into: Deno.TcpConn, delayMs: number): Promise<void> {
  const buffer = new Uint8Array(256 * 1024);
  let last = Promise.resolve();
  const late = (action: () => unknown) => {
    const due = pause(delayMs);
    last = last.then(async () => {
      await due;
      await action();
    }).catch(() => {});
  };
  try {
    for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
      const bytes = buffer.slice(0, n);
      late(() => writeAll(into, bytes));
    }
  } finally {
    late(() => closeQuietly(into));
  }
}

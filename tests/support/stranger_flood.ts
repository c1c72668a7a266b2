/**
 * Hundreds of strangers at one port: some stay, others keep coming.
 *
 * @module
 */
import tls from "node:tls";
import { closeQuietly, connectTo, writeAll } from "./user_programs.ts";
import { pause, within } from "./wait.ts";

/** What a stranger says; for TLS it is recorded from a real client by {@linkcode tlsHello}. */
export type Words = Uint8Array[];

/** How many strangers there are. */
export interface FloodSize {
  /** Strangers that come first and stay. */
  standing: number;
  /** Strangers that come each second. */
  eachSecond: number;
}

/** Lots a second in which new strangers come. */
const LOTS_A_SECOND = 20;

/** Strangers that never leave by themselves. */
export class StrangerFlood implements AsyncDisposable {
  /** Connections that were made. */
  made = 0;
  /** Of those, how many the server has ended. */
  gone = 0;
  readonly #port: number;
  readonly #words: Words;
  readonly #connections: Set<Deno.TcpConn> = new Set();
  readonly #done: Promise<void>[] = [];
  #stopped = false;

  private constructor(port: number, words: Words) {
    this.#port = port;
    this.#words = words;
  }

  /** Begins; settles when those that stay are connected. */
  static async start(port: number, words: Words, { standing, eachSecond }: FloodSize): Promise<StrangerFlood> {
    const flood = new StrangerFlood(port, words);
    for (let lot = 0; lot < standing; lot += 50) {
      await Promise.all(Array.from({ length: Math.min(50, standing - lot) }, () => flood.#connect()));
    }
    flood.#done.push(flood.#goOn(eachSecond / LOTS_A_SECOND));
    return flood;
  }

  /** No more strangers come; those that are there stay. */
  stop(): void {
    this.#stopped = true;
  }

  /** Ends all. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    for (const connection of this.#connections) closeQuietly(connection);
    await Promise.all(this.#done);
  }

  async #goOn(lot: number): Promise<void> {
    const start = performance.now();
    for (let lots = 1; !this.#stopped; lots++) {
      await Promise.all(Array.from({ length: lot }, () => this.#connect()));
      await pause(Math.max(0, start + lots * 1000 / LOTS_A_SECOND - performance.now()));
    }
  }

  async #connect(): Promise<void> {
    const connection = await connectTo(this.#port);
    const words = this.#words[this.made++ % this.#words.length];
    this.#connections.add(connection);
    this.#done.push(this.#stay(connection, words));
  }

  async #stay(connection: Deno.TcpConn, words: Uint8Array): Promise<void> {
    const buffer = new Uint8Array(4096);
    try {
      await writeAll(connection, words);
      while (await connection.read(buffer) !== null);
    } catch {
      // Reset: as good an end as any.
    }
    this.gone++;
    this.#connections.delete(connection);
    closeQuietly(connection);
  }
}

/** The first bytes that a TLS client says, recorded from one. */
export async function tlsHello(): Promise<Uint8Array> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = tls.connect({ host: "127.0.0.1", port: listener.addr.port, ALPNProtocols: ["tele/2"] });
  client.on("error", () => {});
  try {
    using connection = await listener.accept();
    const buffer = new Uint8Array(4096);
    const bytes = await within(connection.read(buffer), 5_000, "a TLS hello");
    return buffer.slice(0, bytes ?? 0);
  } finally {
    client.destroy();
    listener.close();
  }
}

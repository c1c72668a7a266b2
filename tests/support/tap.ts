/**
 * Somebody on the way between two ends of carriers, who keeps all bytes, and changes some.
 *
 * @module
 */
import net from "node:net";
import { Buffer } from "node:buffer";
import { Random } from "./random.ts";

/** What a {@linkcode Tap} does. */
export interface TapOptions {
  /** The port of 127.0.0.1 that it passes connections on to. */
  to: number;
  /** Seed of which bytes these are. @default {1} */
  seed?: number;
}

/** Most bytes that are changed of one connection. */
export const CHANGED_AT_ONCE = 50;

/** Where the first change of a direction is at most: now and then in its handshakes. */
const FIRST_BYTES = 150_000;

/** How far apart two changes of a direction are at most, in bytes. */
const APART_BYTES = 600;

/** A relay that keeps what passes. */
export class Tap implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  /** Bytes that were changed. */
  changed = 0;
  /** Connections that had some changed. */
  harmed = 0;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #heard: Buffer[] = [];
  readonly #options: Required<TapOptions>;
  readonly #random: Random;
  /** Bytes that are to be changed. */
  #left = 0;

  private constructor(server: net.Server, options: Required<TapOptions>) {
    this.#server = server;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.port = (server.address() as net.AddressInfo).port;
    server.on("connection", (near) => this.#relay(near));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start({ to, seed = 1 }: TapOptions): Promise<Tap> {
    const server = net.createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Tap(server, { to, seed });
  }

  /** From now on changes `count` bytes in all, of those connections that are there and of new ones. */
  spoil(count: number): void {
    this.#left += count;
  }

  /** Whether `words` have passed, in either direction. */
  hasHeard(words: string | Uint8Array): boolean {
    return Buffer.concat(this.#heard).includes(Buffer.from(words as Uint8Array));
  }

  /** How many bytes have passed. */
  get bytes(): number {
    return this.#heard.reduce((sum, { length }) => sum + length, 0);
  }

  #relay(near: net.Socket): void {
    const far = net.connect({ host: "127.0.0.1", port: this.#options.to, allowHalfOpen: true });
    let share = CHANGED_AT_ONCE;
    for (const [from, to] of [[near, far], [far, near]] as const) {
      this.#sockets.add(from);
      let next = this.#random.between(0, FIRST_BYTES);
      from.on("data", (bytes: Buffer) => {
        for (; next < bytes.length && Math.min(share, this.#left) > 0; next += this.#random.between(1, APART_BYTES)) {
          bytes[next]! ^= 1 << this.#random.between(0, 7);
          if (share === CHANGED_AT_ONCE) this.harmed++;
          share--;
          this.#left--;
          this.changed++;
        }
        next = Math.max(0, next - bytes.length);
        // Each direction in a piece of its own, so that what is looked for is whole.
        this.#heard.push(bytes);
        to.write(bytes);
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

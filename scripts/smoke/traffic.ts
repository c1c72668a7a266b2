/**
 * The user's client and the user's server of the smoke test: data both ways at once until they are told to stop.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { SeededData, viewOf } from "../../tests/support/random.ts";

/** More than can be sent while the smoke test runs. */
const ENDLESS_BYTES = 2 ** 40;

/** Between two blocks of 64 KiB, in milliseconds: the data must still be flowing when the outages come. */
const PAUSE_MS = 10;

/** One direction, seen from both of its ends. */
export class Direction {
  /** Bytes that came out. */
  received = 0;
  /** Bytes that went in. */
  sent = 0;
  readonly #data: SeededData;
  readonly #receivedHash = createHash("sha256");
  #isStopping = false;

  /** Data that no other seed gives. */
  constructor(seed: number) {
    this.#data = new SeededData(ENDLESS_BYTES, seed);
  }

  /** Lets {@linkcode Direction.send} end. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Writes until it is stopped, then half-closes. */
  async send(connection: Deno.TcpConn): Promise<void> {
    while (!this.#isStopping) {
      const block = this.#data.next()!;
      for (let at = 0; at < block.length;) at += await connection.write(block.subarray(at));
      this.sent += block.length;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    await connection.closeWrite();
  }

  /** Reads until the other end half-closes. */
  async receive(connection: Deno.TcpConn): Promise<void> {
    const into = new Uint8Array(64 * 1024);
    for (;;) {
      const count = await connection.read(into);
      if (count === null) return;
      this.#receivedHash.update(viewOf(into.subarray(0, count)));
      this.received += count;
    }
  }

  /** SHA-256 of what went in and of what came out; once, at the end. */
  hashes(): { sent: string; received: string } {
    return { sent: this.#data.sha256(), received: this.#receivedHash.digest("hex") };
  }
}

/** A user's connection through tele, with the programs at its two ends. */
export class Traffic implements Disposable {
  /** From the user's client to the user's server. */
  readonly up: Direction = new Direction(1);
  /** From the user's server to the user's client. */
  readonly down: Direction = new Direction(2);
  readonly #listener: Deno.TcpListener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.TcpConn[] = [];

  /** Where the user's server listens. */
  get serverPort(): number {
    return this.#listener.addr.port;
  }

  /** Bytes that came out of the slower direction. */
  get received(): number {
    return Math.min(this.up.received, this.down.received);
  }

  /**
   * Connects the user's client to `port`. Resolves when both directions have ended; rejects if a program sees an error.
   */
  async run(port: number): Promise<void> {
    const accepting = this.#listener.accept();
    const client = await Deno.connect({ hostname: "127.0.0.1", port });
    this.#connections.push(client);
    const server = await accepting;
    this.#connections.push(server);
    await Promise.all([
      this.up.send(client).catch(seenBy("user's client, writing")),
      this.up.receive(server).catch(seenBy("user's server, reading")),
      this.down.send(server).catch(seenBy("user's server, writing")),
      this.down.receive(client).catch(seenBy("user's client, reading")),
    ]);
  }

  /** Lets both directions end. */
  stop(): void {
    this.up.stop();
    this.down.stop();
  }

  /** Closes everything. */
  [Symbol.dispose](): void {
    this.stop();
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
  }
}

function seenBy(program: string): (error: Error) => never {
  return (error) => {
    throw new Error(`the ${program}, saw an error: ${error.message}`);
  };
}

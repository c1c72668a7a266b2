/**
 * The user's programs of the measurement, over unix sockets, which reach into every network namespace.
 *
 * @module
 */

import { pause } from "../../tests/support/wait.ts";

/** What the user is doing. */
export type Traffic = "download" | "upload" | "typing";

/** First byte that a user's client sends, for the user's server to know its part. */
const MARK: Record<Traffic, number> = { download: 1, upload: 2, typing: 3 };

/** Between two key strokes, in milliseconds. */
const KEY_MS = 50;

/** What the user's programs saw of one connection. */
export class Arrivals {
  readonly #all: { atMs: number; bytes: number }[] = [];
  /** Keys typed. */
  typed = 0;
  /** Bytes that arrived at the user's program that receives. */
  bytes = 0;
  /** The user's client was told that its connection has ended: nothing moves any more. */
  hasEnded = false;

  /** Bytes arrived now. */
  note(bytes: number): void {
    this.bytes += bytes;
    this.#all.push({ atMs: performance.now(), bytes: this.bytes });
  }

  /** When, after `moment`, the bytes beyond the first `bytes` came. */
  next(moment: number, bytes = 0): number | undefined {
    return this.#all.find((one) => one.atMs > moment && one.bytes > bytes)?.atMs;
  }
}

/** The user's server: floods, swallows or echoes. */
export class UnixServer implements Disposable {
  readonly #listener: Deno.UnixListener;
  readonly #connections = new Set<Deno.UnixConn>();

  /** Listens on `path`; what is uploaded counts as arrived. */
  constructor(path: string, arrivals: Arrivals) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#serve(arrivals).catch(() => {});
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.#connections.forEach(closeQuietly);
  }

  async #serve(arrivals: Arrivals): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      play(connection, arrivals).catch(() => {}).finally(() => closeQuietly(connection));
    }
  }
}

async function play(connection: Deno.UnixConn, arrivals: Arrivals): Promise<void> {
  const mark = new Uint8Array(1);
  await connection.read(mark);
  if (mark[0] === MARK.download) return await flood(connection);
  if (mark[0] === MARK.upload) return await swallow(connection, arrivals);
  const buffer = new Uint8Array(1024);
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
    await connection.write(buffer.subarray(0, n));
  }
}

/** Connects a user's client to `path` and begins. It goes on until disposed of, or until the connection fails. */
export async function startTraffic(traffic: Traffic, path: string, arrivals: Arrivals): Promise<Disposable> {
  const connection = await connect(path);
  await connection.write(new Uint8Array([MARK[traffic]]));
  const quietly = (work: Promise<unknown>) => void work.catch(() => arrivals.hasEnded = true);
  let keys: ReturnType<typeof setInterval> | undefined;
  if (traffic === "upload") quietly(flood(connection));
  else quietly(swallow(connection, arrivals).then(() => arrivals.hasEnded = true));
  if (traffic === "typing") {
    const key = new Uint8Array([0x2e]);
    keys = setInterval(() => {
      arrivals.typed++;
      quietly(connection.write(key));
    }, KEY_MS);
  }
  return {
    [Symbol.dispose]() {
      clearInterval(keys);
      closeQuietly(connection);
    },
  };
}

/** A relay's socket is there a moment before it listens. */
async function connect(path: string): Promise<Deno.UnixConn> {
  for (let attempt = 1;; attempt++) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (error) {
      if (attempt === 50) throw error;
      await pause(20);
    }
  }
}

async function flood(connection: Deno.UnixConn): Promise<void> {
  const block = new Uint8Array(16 * 1024);
  while (true) await connection.write(block);
}

async function swallow(connection: Deno.UnixConn, arrivals: Arrivals): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) arrivals.note(n);
}

function closeQuietly(connection: { close(): void }): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}

/**
 * The user's programs at the far ends: servers, and what clients do.
 *
 * @module
 */
import { createHash } from "node:crypto";
import net from "node:net";
import { SeededData, viewOf } from "./random.ts";
import { readAll, readExactly } from "./reading.ts";

/** What a user's server does with one connection. The connection is closed when it settles. */
export type Handler = (connection: Deno.TcpConn) => Promise<void>;

/** A user's server. */
export class UserServer implements AsyncDisposable {
  readonly port: number;
  /** Connections accepted so far. */
  accepted = 0;
  /** What handlers threw, errors after {@linkcode UserServer.stop} excepted. */
  readonly errors: unknown[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Map<Deno.TcpConn, Promise<void>>();
  readonly #serving: Promise<void>;
  #stopped = false;

  /** Listens on a free port of 127.0.0.1, or on `port`. */
  constructor(handler: Handler, port = 0) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.port = this.#listener.addr.port;
    this.#serving = this.#serve(handler);
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#connections.size;
  }

  /** Stops listening and closes all connections. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#listener.close();
    for (const connection of this.#connections.keys()) closeQuietly(connection);
    await Promise.all(this.#connections.values());
    await this.#serving;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #serve(handler: Handler): Promise<void> {
    while (!this.#stopped) {
      let connection: Deno.TcpConn;
      try {
        connection = await this.#listener.accept();
      } catch (error) {
        // A connection that was reset before it was accepted is over; the next is fine.
        if (error instanceof Deno.errors.NotConnected) continue;
        return;
      }
      this.accepted++;
      connection.setNoDelay(true);
      const done = handler(connection)
        .catch((error) => void (this.#stopped || this.errors.push(error)))
        .finally(() => {
          closeQuietly(connection);
          this.#connections.delete(connection);
        });
      this.#connections.set(connection, done);
    }
  }
}

/** Sends back what it reads, until the end. */
export const echo: Handler = async (connection) => {
  const buffer = new Uint8Array(64 * 1024);
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
    await writeAll(connection, buffer.subarray(0, n));
  }
};

/** Reads to the end, then answers with the SHA-256 of what it read, in hexadecimal, and closes. */
export const sum: Handler = async (connection) => {
  const { sha256 } = await receive(connection);
  await writeAll(connection, new TextEncoder().encode(sha256));
};

/** Sends for ever, until the connection fails. */
export const flood: Handler = async (connection) => {
  const block = new Uint8Array(64 * 1024).fill(0x5a);
  try {
    while (true) await writeAll(connection, block);
  } catch {
    // The reader has gone, or the server was stopped.
  }
};

/** Never reads and never writes, until the server is stopped or its read side ends by an error. */
export function idle(until: Promise<void>): Handler {
  return () => until;
}

/** Speaks first, then echoes. */
export function banner(text: string): Handler {
  return async (connection) => {
    await writeAll(connection, new TextEncoder().encode(text));
    await echo(connection);
  };
}

/** Sends generated data and reads to the end, at once; `report` gets both. */
export function exchanger(bytes: number, seed: number, report: (exchange: Exchange) => void): Handler {
  return async (connection) => report(await exchange(connection, bytes, seed));
}

/** Lets the first byte that the client sends choose the handler. */
export function byFirstByte(handlers: Record<string, Handler>): Handler {
  return async (connection) => {
    const byte = new Uint8Array(1);
    if (await connection.read(byte) === null) return;
    const name = String.fromCharCode(byte[0]);
    if (!handlers[name]) throw new Error(`no handler ${JSON.stringify(name)}`);
    await handlers[name](connection);
  };
}

/** Where {@linkcode freePort} looks: below the ports that systems give to connections and to who asks for any port. */
const FREE_PORTS = { first: 10_000, count: 20_000 };

/** How many ports {@linkcode freePort} remembers. */
const REMEMBERED_PORTS = 1_000;

/** The latest ports that were given, oldest first. */
const givenPorts: number[] = [];

/**
 * A port of 127.0.0.1 that is free now, and another one than those given lately: who got one of them may not listen
 * yet, or in a network namespace of its own. Other processes, which may run beside, do not get it by chance.
 */
export function freePort(): number {
  while (true) {
    const port = FREE_PORTS.first + Math.floor(Math.random() * FREE_PORTS.count);
    if (givenPorts.includes(port) || !isFree(port)) continue;
    givenPorts.push(port);
    if (givenPorts.length > REMEMBERED_PORTS) givenPorts.shift();
    return port;
  }
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/** What went both ways over one connection. */
export interface Exchange {
  sentSha256: string;
  receivedSha256: string;
  receivedBytes: number;
}

/** Connects to a port of 127.0.0.1, Nagle off. */
export async function connectTo(port: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  return connection;
}

/** Sends `bytes` generated bytes and then FIN, and reads to the end, both at once. */
export async function exchange(connection: Deno.TcpConn, bytes: number, seed: number): Promise<Exchange> {
  const [sentSha256, received] = await Promise.all([send(connection, bytes, seed), receive(connection)]);
  return { sentSha256, receivedSha256: received.sha256, receivedBytes: received.bytes };
}

/** Sends `bytes` generated bytes and then FIN. Returns their SHA-256. */
export async function send(connection: Deno.TcpConn, bytes: number, seed: number): Promise<string> {
  const data = new SeededData(bytes, seed);
  for (let block = data.next(); block; block = data.next()) await writeAll(connection, block);
  await connection.closeWrite();
  return data.sha256();
}

/** Reads to the end. */
export async function receive(connection: Deno.TcpConn): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(64 * 1024);
  let bytes = 0;
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
    hash.update(viewOf(buffer.subarray(0, n)));
    bytes += n;
  }
  return { sha256: hash.digest("hex"), bytes };
}

/** Reads to the end as text. */
export async function receiveText(connection: Deno.TcpConn): Promise<string> {
  return new TextDecoder().decode(await readAll(connection));
}

/** Sends `text` to an echo server and waits for it to come back. Returns the time it took in milliseconds. */
export async function roundTrip(connection: Deno.TcpConn, text: string): Promise<number> {
  const start = performance.now();
  const bytes = new TextEncoder().encode(text);
  await writeAll(connection, bytes);
  const back = new TextDecoder().decode(await readExactly(connection, bytes.length));
  if (back !== text) throw new Error(`echo of ${JSON.stringify(text)} was ${JSON.stringify(back)}`);
  return performance.now() - start;
}

/**
 * Reads until the connection ends, dropping what comes.
 *
 * @returns `"end"` for a clean end of file, otherwise the name of the error.
 */
export async function endingOf(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    while (await connection.read(buffer) !== null);
    return "end";
  } catch (error) {
    return (error as Error).name;
  }
}

/** Writes all of `bytes`. */
export async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

/** Closes a connection that may be closed already. */
export function closeQuietly(connection: { close(): void }): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}

/** A connection that can be reset, which a `Deno.Conn` cannot. */
export class ResettableConnection implements Disposable {
  readonly #socket: net.Socket;
  #received = "";
  /** How it ended: `"end"` for a clean end of file, otherwise the code of the error. */
  readonly ending: Promise<string>;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => this.#received += new TextDecoder().decode(chunk));
    this.ending = new Promise((resolve) => {
      socket.once("end", () => resolve("end"));
      socket.once("error", (error: Error & { code?: string }) => resolve(error.code ?? error.message));
      socket.once("close", () => resolve("closed here"));
    });
  }

  /** Connects to a port of 127.0.0.1. */
  static connect(port: number): Promise<ResettableConnection> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true });
      const connection = new ResettableConnection(socket);
      socket.once("connect", () => resolve(connection));
      // A connection that was accepted and reset before this process looked was one too.
      socket.once("error", (error: Error & { code?: string }) => {
        if (error.code === "ECONNRESET") resolve(connection);
        else reject(error);
      });
    });
  }

  /** Text received so far. */
  get received(): string {
    return this.#received;
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** Ends the connection with RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** A server whose connections can be reset. */
export class ResettableServer implements AsyncDisposable {
  readonly connections: ResettableConnection[] = [];
  readonly #server: net.Server;

  private constructor(server: net.Server) {
    this.#server = server;
    server.on("connection", (socket) => void this.connections.push(new ResettableConnection(socket)));
  }

  /** Listens on a free port of 127.0.0.1. */
  static start(): Promise<ResettableServer> {
    return new Promise((resolve, reject) => {
      const server = net.createServer({ allowHalfOpen: true });
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(new ResettableServer(server)));
    });
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections) connection[Symbol.dispose]();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }
}

/**
 * One path of the unreliable network, a process of its own: relays TCP connections at a limited rate, and breaks them
 * when told to.
 *
 *     deno run -A relay.ts BYTES_PER_SECOND PORT...    listens on a free port of 127.0.0.1 for each PORT
 *
 * It prints `ready PORT...`, the ports that it listens on. Lines on standard input break the path, and each is answered
 * by a line with the number of connections that it hit: `reset` (RST to both ends), `close` (FIN to both ends) and
 * `black hole MS`: nothing passes for MS, new connections too; those that were open stay silent for ever, and nobody is
 * told. `count` breaks nothing, and is answered by the number of connections that have worked for a moment. It ends
 * when standard input does.
 *
 * @module
 */
import net from "node:net";
import { TextLineStream } from "@std/streams";

/** Timers are late by up to this, in milliseconds: what the network lost so it may make up for. */
const LATE_MS = 20;

/** Bytes of one connection's turn. */
const SLICE_BYTES = 16 * 1024;

/** Closed connections whose other end stays open are destroyed after this time, in milliseconds. */
const LINGER_MS = 1_000;

/** A connection works for good when its first answer passed so long ago, in milliseconds. */
const PROVEN_MS = 200;

/** One direction of the path, which all connections share. */
class Line {
  readonly #bytesPerMs: number;
  #freeAtMs = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Takes the line for `bytes`. Returns the milliseconds until they have passed. */
  occupy(bytes: number): number {
    const nowMs = performance.now();
    const wasIdle = nowMs - this.#freeAtMs > LATE_MS;
    this.#freeAtMs = (wasIdle ? nowMs : this.#freeAtMs) + bytes / this.#bytesPerMs;
    return Math.max(0, this.#freeAtMs - nowMs);
  }
}

/** One relayed connection. */
class Connection {
  readonly #near: net.Socket;
  #far: net.Socket | undefined;
  #state: "waiting" | "up" | "over" = "waiting";
  #answeredAtMs = Infinity;

  constructor(near: net.Socket) {
    this.#near = near;
    this.#watch(near, () => this.#far);
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Whether both ends have talked over it for a moment. */
  get isProven(): boolean {
    return !this.isOver && performance.now() - this.#answeredAtMs > PROVEN_MS;
  }

  /** Dials the far end and moves bytes. */
  join(port: number, up: Line, down: Line): void {
    if (this.#state !== "waiting") return;
    this.#state = "up";
    const far = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    this.#far = far;
    this.#watch(far, () => this.#near);
    far.once("data", () => this.#answeredAtMs = performance.now());
    this.#relay(this.#near, far, up);
    this.#relay(far, this.#near, down);
  }

  reset(): void {
    this.#state = "over";
    for (const socket of this.#sockets()) socket.resetAndDestroy();
  }

  close(): void {
    this.#state = "over";
    for (const socket of this.#sockets()) {
      // What still comes is read and dropped, or closing would send RST.
      socket.removeAllListeners("data").resume();
      socket.end();
      setTimeout(() => socket.destroy(), LINGER_MS);
    }
  }

  /** Moves nothing any more, endings included. */
  strand(): void {
    this.#state = "over";
    for (const socket of this.#sockets()) socket.pause();
  }

  #sockets(): net.Socket[] {
    return [this.#near, this.#far].filter((socket) => socket !== undefined && !socket.destroyed) as net.Socket[];
  }

  #relay(from: net.Socket, to: net.Socket, line: Line): void {
    from.on("data", async (chunk: Uint8Array) => {
      from.pause();
      for (let at = 0; at < chunk.byteLength; at += SLICE_BYTES) {
        const slice = chunk.subarray(at, at + SLICE_BYTES);
        const waitMs = line.occupy(slice.byteLength);
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        if (this.isOver) return;
        if (!to.write(slice)) await new Promise((resolve) => to.once("drain", resolve));
      }
      if (!this.isOver) from.resume();
    });
    from.on("end", () => this.isOver || to.end());
    from.resume();
  }

  #watch(socket: net.Socket, other: () => net.Socket | undefined): void {
    let failed = false;
    socket.on("error", () => failed = true);
    socket.on("close", () => {
      if (this.isOver) return;
      this.#state = "over";
      const peer = other();
      if (failed) peer?.resetAndDestroy();
      else peer?.end();
    });
  }
}

/** All connections of the path, and whether it is there. */
class Network {
  readonly #up: Line;
  readonly #down: Line;
  #connections: Connection[] = [];
  #waiting: (() => void)[] = [];
  #silences = 0;

  constructor(bytesPerSecond: number) {
    this.#up = new Line(bytesPerSecond);
    this.#down = new Line(bytesPerSecond);
  }

  /** Listens on a free port for connections to `port`. */
  listen(port: number): Promise<number> {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (near) => {
      const connection = new Connection(near);
      this.#connections.push(connection);
      const join = () => connection.join(port, this.#up, this.#down);
      if (this.#silences > 0) this.#waiting.push(join);
      else join();
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve((server.address() as net.AddressInfo).port));
    });
  }

  /** Obeys one line. Returns how many connections it hit, or counts. */
  obey(command: string): number {
    if (command === "count") return this.#connections.filter((connection) => connection.isProven).length;
    const hit = this.#connections.filter((connection) => !connection.isOver);
    this.#connections = [];
    const silentMs = /^black hole (\d+)$/.exec(command)?.[1];
    for (const connection of hit) {
      if (command === "reset") connection.reset();
      else if (command === "close") connection.close();
      else if (silentMs) connection.strand();
      else throw new Error(`unknown command ${JSON.stringify(command)}`);
    }
    if (silentMs) this.#beSilent(Number(silentMs));
    return hit.length;
  }

  #beSilent(ms: number): void {
    this.#silences++;
    setTimeout(() => {
      if (--this.#silences > 0) return;
      for (const join of this.#waiting.splice(0)) join();
    }, ms);
  }
}

if (import.meta.main) {
  const [rate, ...ports] = Deno.args.map(Number);
  const network = new Network(rate);
  const listening = await Promise.all(ports.map((port) => network.listen(port)));
  console.log(`ready ${listening.join(" ")}`);
  const commands = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const command of commands) console.log(network.obey(command));
  Deno.exit(0);
}

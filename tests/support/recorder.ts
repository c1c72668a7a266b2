/**
 * A relay between tele client and tele server that writes down every byte, as who listens on the network can.
 *
 * @module
 */
import net from "node:net";

/** What went over one carrier. */
export interface Recording {
  /** What the tele client sent. */
  up: Uint8Array[];
  /** What the tele server sent. */
  down: Uint8Array[];
}

/** What a {@linkcode Recorder} does with carriers that come from now on. */
export type Manner = "relay" | "refuse" | {
  /** Answers with these bytes in the server's place: half at once, the rest behind the client's next words. */
  replay: Uint8Array;
};

/** Relays, records, and can speak in the server's place. */
export class Recorder implements AsyncDisposable {
  /** All carriers that were relayed, first one first. */
  readonly recordings: Recording[] = [];
  /** Carriers that came while it did not relay. */
  turnedAway = 0;
  #manner: Manner = "relay";
  readonly #to: number;
  readonly #server: net.Server;
  readonly #sockets: Set<net.Socket> = new Set();

  private constructor(server: net.Server, to: number) {
    this.#server = server;
    this.#to = to;
    server.on("connection", (near) => this.#welcome(near));
  }

  /** Listens on a free port of 127.0.0.1, and relays to the tele server on `to`. */
  static start(to: number): Promise<Recorder> {
    return new Promise((resolve, reject) => {
      const server = net.createServer();
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(new Recorder(server, to)));
    });
  }

  /** The port that stands for the tele server. */
  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Treats new carriers differently, and resets those that are there. */
  become(manner: Manner): void {
    this.#manner = manner;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resets what is open, and stops listening. */
  [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }

  #welcome(near: net.Socket): void {
    this.#keep(near);
    const manner = this.#manner;
    if (manner === "relay") return this.#relay(near);
    this.turnedAway++;
    if (manner === "refuse") return void near.resetAndDestroy();
    const { replay } = manner;
    const half = replay.subarray(0, replay.length / 2);
    near.once("data", () => {
      near.write(half);
      near.once("data", () => near.write(replay.subarray(half.length)));
      // Who takes the first half for a whole answer has no reason to speak again.
      const timer = setTimeout(() => near.write(replay.subarray(half.length)), 1_000);
      near.on("close", () => clearTimeout(timer));
    });
  }

  #relay(near: net.Socket): void {
    const far = net.connect({ host: "127.0.0.1", port: this.#to });
    this.#keep(far);
    const recording: Recording = { up: [], down: [] };
    this.recordings.push(recording);
    this.#pass(near, far, recording.up);
    this.#pass(far, near, recording.down);
  }

  #pass(from: net.Socket, to: net.Socket, into: Uint8Array[]): void {
    from.on("data", (chunk: Uint8Array) => {
      into.push(chunk.slice());
      to.write(chunk);
    });
    from.on("close", () => to.destroy());
  }

  #keep(socket: net.Socket): void {
    socket.setNoDelay(true);
    socket.on("error", () => {});
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
  }
}

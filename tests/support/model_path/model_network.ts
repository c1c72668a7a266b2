/**
 * A path of the model between a client and a server: all connections share its two queues, their first packets too.
 *
 * @module
 */
import type { Clock } from "../../../lib/net/clock.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { Random } from "../random.ts";
import { ClockEvents } from "./clock_events.ts";
import { Bbr, Cubic } from "./congestion.ts";
import { ModelEnd } from "./model_end.ts";
import { type PathSettings, Router } from "./router.ts";
import { HEADER_BYTES, TcpDirection } from "./tcp_direction.ts";

/** When a first packet without an answer is sent again, in milliseconds after the one before (Linux, since 6.5). */
const SYN_AGAIN_MS = [1_000, 1_000, 1_000, 1_000, 1_000, 2_000, 4_000, 8_000];

const SEND_BUFFER_BYTES = 256 * 1024;

/** Options of a {@linkcode ModelNetwork}. */
export interface ModelNetworkOptions {
  clock: Clock;
  /** The way to the server, and the way back: each has its own queue. */
  up: PathSettings;
  down: PathSettings;
  control: "cubic" | "bbr";
  /** @default {1} */
  seed?: number;
  /** What the system of a sender holds before a write waits, in bytes. @default {256 * 1024} */
  sendBufferBytes?: number;
  /** What the system of a receiver takes at once, in bytes, of each connection: the first is 0. @default {no limit} */
  windowBytes?(connection: number): number;
  /** Takes connections at the server. */
  onConnection(duplex: Duplex): void;
}

/** A connection of a {@linkcode ModelNetwork}. */
export interface ModelConnection {
  readonly client: ModelEnd;
  readonly server: ModelEnd;
}

/** Connects through a narrow place with a queue, either way; both may be changed at any time. */
export class ModelNetwork {
  readonly up: Router;
  readonly down: Router;
  /** All connections that were accepted, oldest first. */
  readonly connections: ModelConnection[] = [];
  /** Calls of {@linkcode ModelNetwork.dial}, answered or not. */
  dials = 0;
  readonly #options: ModelNetworkOptions;
  readonly #events: ClockEvents;

  constructor(options: ModelNetworkOptions) {
    const { clock, up, down, seed = 1 } = this.#options = options;
    this.#events = new ClockEvents(clock);
    this.up = new Router(this.#events, up, new Random(seed));
    this.down = new Router(this.#events, down, new Random(seed + 1));
  }

  /** Connects; bound, so that it can be handed over. */
  readonly dial = (signal: AbortSignal): Promise<Duplex> => {
    this.dials++;
    const startMs = this.#events.now;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (act: () => void) => {
        if (isOver) return;
        isOver = true;
        act();
      };
      signal.addEventListener("abort", () => end(() => reject(signal.reason)), { once: true });
      const connected = () => end(() => resolve(this.#connect(this.#events.now - startMs)));
      this.#sendFirst(() => isOver, connected, [...SYN_AGAIN_MS]);
    });
  };

  #sendFirst(isOver: () => boolean, connected: () => void, againMs: number[]): void {
    if (isOver()) return;
    this.#pass(this.up, () => this.#pass(this.down, connected));
    const nextMs = againMs.shift();
    if (nextMs !== undefined) this.#events.after(nextMs, () => this.#sendFirst(isOver, connected, againMs));
  }

  /** A packet without data goes that way, and may be dropped. */
  #pass(router: Router, arrived: () => void): void {
    const arrivesMs = router.send(HEADER_BYTES);
    if (arrivesMs !== undefined) this.#events.at(arrivesMs, arrived);
  }

  #connect(roundTripMs: number): Duplex {
    let isAccepted = false;
    const accept = () => {
      if (isAccepted) return;
      isAccepted = true;
      this.#options.onConnection(server);
    };
    const there = this.#direction(this.up, this.down, roundTripMs, () => [client, server], accept);
    const back = this.#direction(this.down, this.up, roundTripMs, () => [server, client], () => {});
    const { sendBufferBytes = SEND_BUFFER_BYTES } = this.#options;
    const client: ModelEnd = new ModelEnd(there, sendBufferBytes, "model:server", "model:client");
    const server: ModelEnd = new ModelEnd(back, sendBufferBytes, "model:client");
    client.onReset = () => this.#pass(this.up, () => server.reset());
    server.onReset = () => this.#pass(this.down, () => client.reset());
    this.connections.push({ client, server });
    this.#pass(this.up, accept);
    return client;
  }

  #direction(
    forward: Router,
    back: Router,
    roundTripMs: number,
    ends: () => [from: ModelEnd, to: ModelEnd],
    first: () => void,
  ): TcpDirection {
    const { control, windowBytes } = this.#options;
    return new TcpDirection({
      forward,
      back,
      congestion: control === "bbr" ? new Bbr() : new Cubic(),
      roundTripMs,
      windowBytes: windowBytes?.(this.connections.length) ?? Infinity,
      on: {
        arrived: (bytes) => {
          first();
          ends()[1].arrived(bytes);
        },
        ended: () => ends()[1].ended(),
        room: () => ends()[0].room(),
      },
    });
  }
}

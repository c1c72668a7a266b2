/**
 * A mux client and a mux server over a network in memory, with a clock that the test moves.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { MuxClient, MuxServer } from "../../lib/mux/link.ts";
import type { MuxClientOptions, MuxServerOptions } from "../../lib/mux/link_options.ts";
import type { MuxStream } from "../../lib/mux/stream.ts";
import type { StreamEnd } from "../../lib/mux/stream_host.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { duplexPair } from "../../lib/net/pipe.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemoryNetwork } from "./memory_network.ts";
import { type MemoryPipe, type MemoryPipeOptions } from "./memory_pipe.ts";

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** UTF-8 of `words`. */
export function text(words: string): Uint8Array {
  return new TextEncoder().encode(words);
}

/** Sends back what it reads, and the end behind it. */
export async function echo(user: Duplex): Promise<void> {
  const into = new Uint8Array(16 * KIB);
  try {
    for (let count = await user.read(into); count !== null; count = await user.read(into)) {
      await user.write(into.slice(0, count));
    }
    await user.closeWrite();
  } catch {
    // The connection ended in another way; whoever looks at the other end sees how.
  }
}

/** Options of a {@linkcode MuxWorld}. */
export interface MuxWorldOptions {
  /** The clock, where another thing has it too. */
  clock?: FakeClock;
  pipe?: MemoryPipeOptions;
  /** Plans the fate of each carrier. */
  onPipe?: (pipe: MemoryPipe) => void;
  client?: Partial<MuxClientOptions>;
  server?: Partial<MuxServerOptions>;
  /** What a user's server does with each connection; all are kept in {@linkcode MuxWorld.upstream}. */
  serve?: (user: Duplex) => unknown;
}

/** A user's end that calls back, when the test says so. */
export function callingUser(): { duplex: Duplex; send(bytes: Uint8Array): void } {
  let reading: { into: Uint8Array; onRead(count: number): void } | undefined;
  const never = new Promise<never>(() => {});
  return {
    duplex: {
      peer: "one that calls back",
      read: () => never,
      readWith: (into, onRead) => reading = { into, onRead },
      write: () => Promise.resolve(),
      closeWrite: () => Promise.resolve(),
      abort() {},
      close() {},
    },
    send(bytes) {
      const { into, onRead } = reading!;
      reading = undefined;
      into.set(bytes);
      onRead(bytes.length);
    },
  };
}

/** A mux client, a mux server, and the network between. */
export class MuxWorld implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly network: MemoryNetwork;
  readonly client: MuxClient;
  server: MuxServer;
  /** Connections at the user's server, oldest first. */
  readonly upstream: Duplex[] = [];
  readonly ends: { client: StreamEnd[]; server: StreamEnd[] } = { client: [], server: [] };
  /** Streams that ended, by side. */
  readonly log: string[] = [];
  /** What the client wrote to carriers, one entry for each write. */
  readonly clientWrites: Uint8Array[] = [];
  /** What dialing the user's server does; refuses when it throws. */
  dialUpstream: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  readonly #options: MuxWorldOptions;
  readonly #formerServers: MuxServer[] = [];

  constructor(options: MuxWorldOptions = {}) {
    this.#options = options;
    this.clock = options.clock ?? new FakeClock();
    this.network = new MemoryNetwork({
      ...options.pipe,
      clock: this.clock,
      onConnection: (carrier) => void this.server.accept(carrier),
    });
    if (options.onPipe !== undefined) this.network.onPipe = options.onPipe;
    this.server = this.#makeServer();
    this.client = new MuxClient({
      clock: this.clock,
      log: (level, message) => void this.log.push(`client ${level} ${message}`),
      dial: async (signal) => this.#recorded(await this.network.dial(signal)),
      onStreamEnd: (_stream, end) => void this.ends.client.push(end),
      ...options.client,
    });
  }

  #makeServer(): MuxServer {
    return new MuxServer({
      clock: this.clock,
      log: (level, message) => void this.log.push(`server ${level} ${message}`),
      dial: async (signal) => {
        await this.dialUpstream(signal);
        const [near, far] = duplexPair();
        this.upstream.push(near);
        this.#options.serve?.(near);
        return far;
      },
      onStreamEnd: (_stream, end) => void this.ends.server.push(end),
      ...this.#options.server,
    });
  }

  #recorded(duplex: Duplex): Duplex {
    const write = duplex.write.bind(duplex);
    duplex.write = (bytes) => {
      this.clientWrites.push(bytes.slice());
      return write(bytes);
    };
    return duplex;
  }

  /** Waits until the client has a carrier. */
  attached(): Promise<void> {
    return this.clock.advanceUntil(() => this.client.isAttached, 60_000, "a carrier");
  }

  /** Opens a stream; returns the user's end and the mux's. */
  open(): { user: Duplex; stream: MuxStream } {
    const [user, far] = duplexPair();
    return { user, stream: this.client.open(far) };
  }

  /** Moves the clock until `promise` has settled. */
  run<T>(promise: Promise<T>, limitMs?: number, what?: string): Promise<T> {
    return this.clock.run(promise, limitMs, what);
  }

  /** The server process was killed, and another one answers from now on. */
  restartServer(): void {
    this.#formerServers.push(this.server);
    this.server = this.#makeServer();
    this.network.cut();
  }

  /** Another server answers from now on; the one before, which is returned, keeps the carriers that it has. */
  handOver(): MuxServer {
    const former = this.server;
    this.#formerServers.push(former);
    this.server = this.#makeServer();
    return former;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stops = [this.client.stop("the test ends"), this.server.stop("the test ends")];
    stops.push(...this.#formerServers.map((server) => server.stop("the test ends")));
    await this.run(Promise.all(stops));
    assertEquals([this.client.streamCount, this.server.sessionCount], [0, 0]);
    assertEquals(this.log.filter((line) => line.includes(" error ")), []);
  }
}

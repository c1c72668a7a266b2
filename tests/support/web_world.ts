/**
 * A session of the library over a network in memory, with a clock that the test moves.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  type ClientSession,
  connectSession,
  type ServeOptions,
  type ServerSessions,
  serveSessions,
  type StreamPair,
  streamsFromDuplex,
} from "../../lib/mod.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemoryNetwork } from "./memory_network.ts";
import { type MemoryPipeOptions } from "./memory_pipe.ts";
import { readStream } from "./reading.ts";

/** Options of a {@linkcode WebWorld}. */
export interface WebWorldOptions {
  pipe?: MemoryPipeOptions;
  onStream?: ServeOptions["onStream"];
  /** Puts something around both ends of each carrier. */
  wrap?: (carrier: StreamPair) => StreamPair;
  maxStreams?: number;
}

/** A session of the library, over a network in memory, with a clock that the test moves. */
export class WebWorld implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly network: MemoryNetwork;
  readonly server: ServerSessions;
  readonly client: ClientSession;

  constructor({ pipe, onStream = echo, wrap = (carrier) => carrier, maxStreams }: WebWorldOptions = {}) {
    const { clock } = this;
    this.server = serveSessions({ clock, onStream });
    this.network = new MemoryNetwork({
      ...pipe,
      clock,
      onConnection: (duplex) => void this.server.accept(wrap(streamsFromDuplex(duplex))),
    });
    this.client = connectSession({
      clock,
      maxStreams,
      dial: async (signal) => wrap(streamsFromDuplex(await this.network.dial(signal))),
    });
  }

  /** Moves the clock until `promise` has settled. */
  run<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return this.clock.run(promise, limitMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(Promise.all([this.client.close(), this.server.close()]));
    assertEquals([this.client.isAttached, this.server.sessionCount], [false, 0]);
  }
}

/** Sends back what it reads, and the end behind it. */
export function echo({ readable, writable }: StreamPair): void {
  readable.pipeTo(writable).catch(() => {});
}

/** `bytes` in pieces of several sizes, as a stream. */
export function streamOf(bytes: Uint8Array, sizes: number[] = [1, 70_000, 3, 5_000]): ReadableStream<Uint8Array> {
  let at = 0;
  let turn = 0;
  return new ReadableStream({
    pull(controller) {
      if (at === bytes.length) return controller.close();
      const end = Math.min(bytes.length, at + sizes[turn++ % sizes.length]);
      controller.enqueue(bytes.subarray(at, end));
      at = end;
    },
  });
}

/** Sends `data` over `stream`, ends, and reads the answer to its end. */
export async function exchange({ readable, writable }: StreamPair, data: Uint8Array): Promise<Uint8Array> {
  const [answer] = await Promise.all([readStream(readable), streamOf(data).pipeTo(writable)]);
  return answer;
}

/** The library as a program sees it: Web Streams all the way, and the same bytes as the pulled path. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type ClientSession,
  connectSession,
  duplexFromStreams,
  duplexPair,
  FrameDecoder,
  makeIdentityKeys,
  PingDecoderStream,
  PingEncoderStream,
  type ServeOptions,
  type ServerSessions,
  serveSessions,
  type StreamPair,
  streamsFromDuplex,
  TeleError,
  writeFrameHeader,
} from "../../lib/mod.ts";
import { MuxClient, MuxServer } from "../../lib/mux/link.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryNetwork, type MemoryPipeOptions } from "../support/memory_network.ts";
import { generated, sha256 } from "../support/random.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

async function bytesOf(readable: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts = await Array.fromAsync(readable);
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/** `bytes` in pieces of several sizes, as a stream. */
function streamOf(bytes: Uint8Array, sizes: number[] = [1, 70_000, 3, 5_000]): ReadableStream<Uint8Array> {
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

const echo: ServeOptions["onStream"] = ({ readable, writable }) => void readable.pipeTo(writable).catch(() => {});

interface WorldOptions {
  pipe?: MemoryPipeOptions;
  onStream?: ServeOptions["onStream"];
  /** Puts something around both ends of each carrier. */
  wrap?: (carrier: StreamPair) => StreamPair;
  maxStreams?: number;
}

/** A session of the library, over a network in memory, with a clock that the test moves. */
class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly network: MemoryNetwork;
  readonly server: ServerSessions;
  readonly client: ClientSession;

  constructor({ pipe, onStream = echo, wrap = (carrier) => carrier, maxStreams }: WorldOptions = {}) {
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
  async run<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let settled = false;
    const mark = () => void (settled = true);
    promise.then(mark, mark);
    await this.clock.advanceUntil(() => settled, limitMs, "the promise");
    return await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(Promise.all([this.client.close(), this.server.close()]));
    assertEquals([this.client.isAttached, this.server.sessionCount], [false, 0]);
  }
}

/** Sends `data` over `stream`, ends, and reads the answer to its end. */
async function exchange({ readable, writable }: StreamPair, data: Uint8Array): Promise<Uint8Array> {
  const [answer] = await Promise.all([bytesOf(readable), streamOf(data).pipeTo(writable)]);
  return answer;
}

Deno.test("Web Streams carriers and the pulled path carry the same bytes, each whole", async () => {
  const up = generated(3 * MIB, 1);
  const down = generated(2 * MIB, 2);

  const overStreams = async () => {
    const received = Promise.withResolvers<Uint8Array>();
    await using world = new World({
      onStream: ({ readable, writable }) => {
        received.resolve(bytesOf(readable));
        streamOf(down).pipeTo(writable);
      },
    });
    const back = await world.run(exchange(world.client.open(), up));
    return { up: await world.run(received.promise), down: back };
  };

  const pulled = async () => {
    const clock = new FakeClock();
    const received = Promise.withResolvers<Uint8Array>();
    const server = new MuxServer({
      clock,
      dial: () => {
        const [near, far] = duplexPair();
        received.resolve(readAll(near));
        near.write(down).then(() => near.closeWrite());
        return Promise.resolve(far);
      },
    });
    const network = new MemoryNetwork({ clock, onConnection: (carrier) => void server.accept(carrier) });
    const client = new MuxClient({ clock, dial: network.dial });
    const [user, far] = duplexPair();
    client.open(far);
    const writing = user.write(up).then(() => user.closeWrite());
    const back = readAll(user);
    let done = false;
    const all = Promise.all([received.promise, back, writing]).finally(() => done = true);
    await clock.advanceUntil(() => done, 60_000);
    const [gotUp, gotDown] = await all;
    const stopping = Promise.all([client.stop("the test ends"), server.stop("the test ends")]);
    await clock.advance(1_000);
    await stopping;
    return { up: gotUp, down: gotDown };
  };

  const [streams, duplexes] = [await overStreams(), await pulled()];
  assertEquals(sha256(streams.up), sha256(up));
  assertEquals(sha256(streams.down), sha256(down));
  assertEquals([sha256(duplexes.up), sha256(duplexes.down)], [sha256(streams.up), sha256(streams.down)]);
});

async function readAll(duplex: Duplex): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const into = new Uint8Array(64 * KIB);
  for (let count = await duplex.read(into); count !== null; count = await duplex.read(into)) {
    parts.push(into.slice(0, count));
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

Deno.test("the same frames are on the wire, whichever way a carrier is given", async () => {
  // Random parts of the handshake excepted, the lengths and types of what a client sends are the same.
  const framesOf = async (wrap: (duplex: Duplex) => Duplex) => {
    const clock = new FakeClock();
    const frames: string[] = [];
    const decoder = new FrameDecoder(1 * MIB, {
      frameStart: (length) => void frames.push(`${length}`),
      frameData: (bytes) => void (frames[frames.length - 1] += frames.at(-1)!.includes(" ") ? "" : ` type ${bytes[0]}`),
      frameEnd: () => {},
    });
    const server = new MuxServer({
      clock,
      dial: () => {
        const [near, far] = duplexPair();
        readAll(near).catch(() => {});
        return Promise.resolve(far);
      },
    });
    const network = new MemoryNetwork({ clock, onConnection: (carrier) => void server.accept(wrap(carrier)) });
    const client = new MuxClient({
      clock,
      dial: async (signal) => {
        const duplex = await network.dial(signal);
        const write = duplex.write.bind(duplex);
        duplex.write = (bytes) => {
          decoder.push(bytes.slice());
          return write(bytes);
        };
        return wrap(duplex);
      },
    });
    await clock.advance(100);
    const [user, far] = duplexPair();
    client.open(far);
    for (const size of [10, 1_000, 30_000, 5]) {
      const writing = user.write(generated(size, size));
      await clock.advance(100);
      await writing;
    }
    const stopping = Promise.all([client.stop("the test ends"), server.stop("the test ends")]);
    await clock.advance(1_000);
    await stopping;
    return frames;
  };
  const plain = await framesOf((duplex) => duplex);
  const streams = await framesOf((duplex) => duplexFromStreams(streamsFromDuplex(duplex)));
  assert(plain.length > 10, plain.join(", "));
  assertEquals(streams, plain);
});

Deno.test("a stream outlives carriers that break anywhere", async () => {
  await using world = new World({ pipe: { maxChunk: 9_000 } });
  let carriers = 0;
  world.network.onPipe = (pipe) => {
    carriers++;
    pipe.aToB.cutAfter(40_000 + 977 * carriers);
    pipe.bToA.cutAfter(60_000 + 1_009 * carriers);
  };
  await world.clock.advance(10);
  world.network.cut();
  const data = generated(1 * MIB, 3);
  const back = await world.run(exchange(world.client.open(), data), 600_000);
  assertEquals(sha256(back), sha256(data));
  assert(carriers > 10, `${carriers} carriers`);
});

Deno.test("carriers may end cleanly or hang: the session goes on all the same", async () => {
  await using world = new World();
  const { readable, writable } = world.client.open();
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  const ping = async (byte: number) => {
    const [, { value }] = await world.run(Promise.all([writer.write(new Uint8Array([byte])), reader.read()]));
    assertEquals(value, new Uint8Array([byte]));
  };
  await ping(1);
  world.network.last!.b.close(); // the server's host said FIN
  await ping(2);
  world.network.last!.blackHole();
  await ping(3);
  world.network.last!.a.abort();
  await ping(4);
  assertEquals(world.network.pipes.length, 4);
  await world.run(writer.close());
  assertEquals((await world.run(reader.read())).done, true);
});

Deno.test("a carrier can be wrapped in ping framing of its own, with pings between the frames", async () => {
  const encoders: PingEncoderStream[] = [];
  let pings = 0;
  await using world = new World({
    wrap: ({ readable, writable }) => {
      const encoder = new PingEncoderStream({ frameBytes: 1000 });
      encoders.push(encoder);
      encoder.readable.pipeTo(writable).catch(() => {});
      return {
        readable: readable.pipeThrough(new PingDecoderStream({ onPing: () => void pings++ })),
        writable: encoder.writable,
      };
    },
  });
  const data = generated(300 * KIB, 4);
  await world.clock.advance(100);
  for (const encoder of encoders) encoder.ping();
  const back = exchange(world.client.open(), data);
  await world.clock.advance(1);
  for (const encoder of encoders) encoder.ping();
  assertEquals(sha256(await world.run(back)), sha256(data));
  for (const encoder of encoders) encoder.ping();
  await world.clock.advance(10);
  assertEquals(pings, 3 * encoders.length);
});

Deno.test("ping framing through streams: any bytes in any pieces come out the same, without the pings", async () => {
  const data = generated(200 * KIB, 5);
  const encoder = new PingEncoderStream({ frameBytes: 7_777 });
  const cutAnywhere = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.length; at += 1_013) controller.enqueue(chunk.subarray(at, at + 1_013));
    },
  });
  let pings = 0;
  const decoded = bytesOf(
    encoder.readable.pipeThrough(cutAnywhere).pipeThrough(new PingDecoderStream({ onPing: () => void pings++ })),
  );
  const writer = encoder.writable.getWriter();
  for (let at = 0; at < data.length; at += 10_000) {
    await writer.write(data.subarray(at, at + 10_000));
    encoder.ping();
  }
  await writer.close();
  encoder.ping(); // too late, and harmless
  assertEquals(sha256(await decoded), sha256(data));
  assertEquals(pings, Math.ceil(data.length / 10_000));
});

Deno.test("ping framing refuses what is too large or cut short, before any of it is handed on", async () => {
  const wire = new Uint8Array(9);
  writeFrameHeader(wire, 0, 5);
  const decode = (bytes: Uint8Array, maxMessageBytes: number) =>
    Array.fromAsync(ReadableStream.from([bytes]).pipeThrough(new PingDecoderStream({ maxMessageBytes })));
  assertEquals((await decode(wire, 5)).length, 1);
  const large = await assertRejects(() => decode(wire, 4), TeleError);
  const short = await assertRejects(() => decode(wire.subarray(0, 8), 5), TeleError);
  const half = await assertRejects(() => decode(wire.subarray(0, 3), 5), TeleError);
  assertEquals([large.code, short.code, half.code], ["protocol", "protocol", "protocol"]);
  for (const frameBytes of [0, -1, 1.5, 2 ** 32, NaN]) {
    assertEquals(assertThrows(() => new PingEncoderStream({ frameBytes }), TeleError).code, "bad-input");
  }
  for (const maxMessageBytes of [0, -1, NaN]) {
    assertEquals(assertThrows(() => new PingDecoderStream({ maxMessageBytes }), TeleError).code, "bad-input");
  }
});

Deno.test("both directions of a stream are on their own: either may end first", async () => {
  const served = Promise.withResolvers<StreamPair>();
  await using world = new World({ onStream: (stream) => served.resolve(stream) });
  const near = world.client.open();
  const far = await world.run(served.promise);
  const [nearWriter, farWriter] = [near.writable.getWriter(), far.writable.getWriter()];
  await world.run(Promise.all([bytesOf(near.readable), farWriter.close()]));
  const reading = bytesOf(far.readable);
  await world.run(nearWriter.write(new Uint8Array([1, 2, 3])));
  await world.run(nearWriter.close());
  assertEquals(await world.run(reading), new Uint8Array([1, 2, 3]));
});

Deno.test("a reader that does not read holds its writer up, and no other stream", async () => {
  await using world = new World({
    onStream: ({ readable, writable }) => {
      const reader = readable.getReader();
      reader.read().then(({ value }) => {
        reader.releaseLock();
        if (value![0] === 1) echo({ readable, writable });
      });
    },
  });
  const stuck = world.client.open().writable.getWriter();
  let written = 0;
  const flooding = (async () => {
    for (;; written += 64 * KIB) await stuck.write(new Uint8Array(64 * KIB));
  })().catch(() => {});
  await world.clock.advance(10_000);
  assert(written < 1 * MIB, `${written} bytes`);
  const { readable, writable } = world.client.open();
  const writer = writable.getWriter();
  await world.run(writer.write(new Uint8Array([1])));
  const data = generated(1 * MIB, 7);
  const [back] = await world.run(
    Promise.all([bytesOf(readable), writer.write(data).then(() => writer.close())]),
  );
  assertEquals(sha256(back), sha256(data));
  stuck.abort();
  await flooding;
});

Deno.test("aborting the writable or cancelling the readable resets the stream, and the other end is told why", async () => {
  for (const how of ["abort", "cancel"] as const) {
    const served = Promise.withResolvers<StreamPair>();
    await using world = new World({ onStream: (stream) => served.resolve(stream) });
    const near = world.client.open();
    const far = await world.run(served.promise);
    const reading = assertRejects(() => bytesOf(far.readable), Error, "changed my mind");
    const reason = new Error("changed my mind");
    await world.run(how === "abort" ? near.writable.abort(reason) : near.readable.cancel(reason));
    await world.run(reading);
    await world.run(assertRejects(() => far.writable.getWriter().write(new Uint8Array(1))));
  }
});

Deno.test("a stream that errors with a protocol error of its own is reset like any other", async () => {
  const served = Promise.withResolvers<StreamPair>();
  await using world = new World({ onStream: (stream) => served.resolve(stream) });
  const near = world.client.open();
  const far = await world.run(served.promise);
  const reading = assertRejects(() => bytesOf(far.readable), Error, "larger than");
  await world.run(near.readable.cancel(new TeleError("protocol", "a message larger than allowed")));
  await world.run(reading);
});

Deno.test("a stream that the server's program does not want is refused, with its words", async () => {
  for (const isAsync of [false, true]) {
    await using world = new World({
      onStream: () => {
        if (isAsync) return Promise.reject(new Error("not today"));
        throw new Error("not today");
      },
    });
    const { readable } = world.client.open();
    await world.run(assertRejects(() => bytesOf(readable), Error, "not today"));
  }
});

Deno.test("a program may wait for its stream in the handler, and a handler that fails resets its stream", async () => {
  await using world = new World({
    onStream: async ({ readable, writable }) => {
      let seen = 0;
      const check = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          if ((seen += chunk.length) > 1000) throw new Error("that is too much");
          controller.enqueue(chunk);
        },
      });
      await readable.pipeThrough(check).pipeTo(writable);
    },
  });
  const data = generated(1000, 1);
  assertEquals(await world.run(exchange(world.client.open(), data)), data);
  const { readable, writable } = world.client.open();
  const writing = streamOf(generated(2000, 1)).pipeTo(writable).catch(() => {});
  await world.run(assertRejects(() => bytesOf(readable), Error, "too much"));
  await world.run(writing);
});

Deno.test("too many streams and a closed session are told by errors with a code", async () => {
  const world = new World({ maxStreams: 1 });
  const stream = world.client.open();
  assertEquals(assertThrows(() => world.client.open(), TeleError).code, "refused");
  const reading = assertRejects(() => bytesOf(stream.readable), Error, "the client closed the session");
  await world[Symbol.asyncDispose]();
  await reading;
  assertEquals(assertThrows(() => world.client.open(), TeleError).code, "closed");
  await world.client.close();
});

Deno.test("a server that closes ends its streams with an error, never a clean end", async () => {
  const served = Promise.withResolvers<StreamPair>();
  await using world = new World({ onStream: (stream) => served.resolve(stream) });
  const near = world.client.open();
  const far = await world.run(served.promise);
  const [here, there] = [
    assertRejects(() => bytesOf(near.readable), Error),
    assertRejects(() => bytesOf(far.readable), Error),
  ];
  await world.run(world.server.close("maintenance"));
  assertStringIncludes((await world.run(here)).message, "maintenance");
  assertStringIncludes((await world.run(there)).message, "maintenance");
});

Deno.test("a new session of the same identity ends the older one", async () => {
  const clock = new FakeClock();
  const server = serveSessions({ clock, onStream: echo });
  const network = new MemoryNetwork({ clock, onConnection: (duplex) => void server.accept(streamsFromDuplex(duplex)) });
  const identity = { keys: await makeIdentityKeys(), slot: 0 };
  const connect = (slot: number) =>
    connectSession({
      clock,
      identity: { ...identity, slot },
      dial: async (signal) => streamsFromDuplex(await network.dial(signal)),
    });
  // The killed client says nothing any more: its carrier is a black hole.
  const killed = connect(0);
  const stream = killed.open();
  const writing = stream.writable.getWriter().write(new Uint8Array([1])).catch(() => {});
  const reading = bytesOf(stream.readable).catch(() => {});
  await clock.advance(100);
  network.blackHole();
  const other = connect(1);
  await clock.advance(100);
  assertEquals(server.sessionCount, 2, "another slot is another session");
  const again = connect(0);
  await clock.advance(100);
  assertEquals([server.sessionCount, again.isAttached], [2, true]);
  const closing = Promise.all([killed.close(), other.close(), again.close(), server.close()]);
  await clock.advance(1_000);
  await Promise.all([closing, writing, reading]);
});

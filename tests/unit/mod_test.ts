/** The library as a program sees it: Web Streams all the way, and the same bytes as the pulled path. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { equals } from "@std/bytes/equals";
import {
  duplexFromStreams,
  duplexPair,
  FrameDecoder,
  PingDecoderStream,
  PingEncoderStream,
  streamsFromDuplex,
  TeleError,
  writeFrameHeader,
} from "../../lib/mod.ts";
import { MuxClient, MuxServer } from "../../lib/mux/link.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryNetwork } from "../support/memory_network.ts";
import { generated, sha256 } from "../support/random.ts";
import { readAll, readStream } from "../support/reading.ts";
import { exchange, streamOf, WebWorld } from "../support/web_world.ts";
import { KIB, MIB } from "../support/mux_world.ts";

Deno.test("Web Streams carriers and the pulled path carry the same bytes, each whole", async () => {
  const up = generated(3 * MIB, 1);
  const down = generated(2 * MIB, 2);

  const overStreams = async () => {
    const received = Promise.withResolvers<Uint8Array>();
    await using world = new WebWorld({
      onStream: ({ readable, writable }) => {
        received.resolve(readStream(readable));
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
    const [gotUp, gotDown] = await clock.run(Promise.all([received.promise, back, writing]));
    const stopping = Promise.all([client.stop("the test ends"), server.stop("the test ends")]);
    await clock.advance(1_000);
    await stopping;
    return { up: gotUp, down: gotDown };
  };

  const [streams, duplexes] = [await overStreams(), await pulled()];
  assert(equals(streams.up, up));
  assert(equals(streams.down, down));
  assertEquals([equals(duplexes.up, up), equals(duplexes.down, down)], [true, true]);
});

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

Deno.test("a carrier can be wrapped in ping framing of its own, with pings between the frames", async () => {
  const encoders: PingEncoderStream[] = [];
  let pings = 0;
  await using world = new WebWorld({
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
  const decoded = readStream(
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

/** Sessions and streams as Web Streams. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  connectSession,
  makeIdentityKeys,
  type ServeOptions,
  serveSessions,
  type StreamPair,
  streamsFromDuplex,
  TeleError,
} from "../../../lib/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryNetwork } from "../../support/memory_network.ts";
import { generated, sha256 } from "../../support/random.ts";
import { readStream } from "../../support/reading.ts";
import { echo, exchange, streamOf, WebWorld } from "../../support/web_world.ts";
import { KIB, MIB } from "../../support/mux_world.ts";

Deno.test("a stream outlives carriers that break anywhere", async () => {
  await using world = new WebWorld({ pipe: { maxChunk: 9_000 } });
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
  await using world = new WebWorld();
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

Deno.test("both directions of a stream are on their own: either may end first", async () => {
  const served = Promise.withResolvers<StreamPair>();
  await using world = new WebWorld({ onStream: (stream) => served.resolve(stream) });
  const near = world.client.open();
  const far = await world.run(served.promise);
  const [nearWriter, farWriter] = [near.writable.getWriter(), far.writable.getWriter()];
  await world.run(Promise.all([readStream(near.readable), farWriter.close()]));
  const reading = readStream(far.readable);
  await world.run(nearWriter.write(new Uint8Array([1, 2, 3])));
  await world.run(nearWriter.close());
  assertEquals(await world.run(reading), new Uint8Array([1, 2, 3]));
});

Deno.test("a reader that does not read holds its writer up, and no other stream", async () => {
  await using world = new WebWorld({
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
    Promise.all([readStream(readable), writer.write(data).then(() => writer.close())]),
  );
  assertEquals(sha256(back), sha256(data));
  stuck.abort();
  await flooding;
});

Deno.test("aborting the writable or cancelling the readable resets the stream, and the other end is told why", async () => {
  for (const how of ["abort", "cancel"] as const) {
    const served = Promise.withResolvers<StreamPair>();
    await using world = new WebWorld({ onStream: (stream) => served.resolve(stream) });
    const near = world.client.open();
    const far = await world.run(served.promise);
    const reading = assertRejects(() => readStream(far.readable), Error, "changed my mind");
    const reason = new Error("changed my mind");
    await world.run(how === "abort" ? near.writable.abort(reason) : near.readable.cancel(reason));
    await world.run(reading);
    await world.run(assertRejects(() => far.writable.getWriter().write(new Uint8Array(1))));
  }
});

Deno.test("a stream that errors with a protocol error of its own is reset like any other", async () => {
  const served = Promise.withResolvers<StreamPair>();
  await using world = new WebWorld({ onStream: (stream) => served.resolve(stream) });
  const near = world.client.open();
  const far = await world.run(served.promise);
  const reading = assertRejects(() => readStream(far.readable), Error, "larger than");
  await world.run(near.readable.cancel(new TeleError("protocol", "a message larger than allowed")));
  await world.run(reading);
});

Deno.test("a stream that the server's program does not want is refused, with its words", async () => {
  for (const isAsync of [false, true]) {
    await using world = new WebWorld({
      onStream: () => {
        if (isAsync) return Promise.reject(new Error("not today"));
        throw new Error("not today");
      },
    });
    const { readable } = world.client.open();
    await world.run(assertRejects(() => readStream(readable), Error, "not today"));
  }
});

Deno.test("a program may wait for its stream in the handler, and a handler that fails resets its stream", async () => {
  await using world = new WebWorld({
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
  await world.run(assertRejects(() => readStream(readable), Error, "too much"));
  await world.run(writing);
});

Deno.test("too many streams and a closed session are told by errors with a code", async () => {
  const world = new WebWorld({ maxStreams: 1 });
  const stream = world.client.open();
  assertEquals(assertThrows(() => world.client.open(), TeleError).code, "refused");
  const reading = assertRejects(() => readStream(stream.readable), Error, "the client closed the session");
  await world[Symbol.asyncDispose]();
  await reading;
  assertEquals(assertThrows(() => world.client.open(), TeleError).code, "closed");
  await world.client.close();
});

Deno.test("a server that closes ends its streams with an error, never a clean end", async () => {
  const served = Promise.withResolvers<StreamPair>();
  await using world = new WebWorld({ onStream: (stream) => served.resolve(stream) });
  const near = world.client.open();
  const far = await world.run(served.promise);
  const [here, there] = [
    assertRejects(() => readStream(near.readable), Error),
    assertRejects(() => readStream(far.readable), Error),
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
  const reading = readStream(stream.readable).catch(() => {});
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

Deno.test("a stream of a client is for the service that it names, where the server knows names", async () => {
  const clock = new FakeClock();
  const asked: (string | undefined)[] = [];
  const onStream: ServeOptions["onStream"] = (stream, { service }) => {
    asked.push(service);
    echo(stream);
  };
  const server = serveSessions({ clock, onStream, hasServices: true });
  const network = new MemoryNetwork({ clock, onConnection: (duplex) => void server.accept(streamsFromDuplex(duplex)) });
  const dial = async (signal: AbortSignal) => streamsFromDuplex(await network.dial(signal));
  const client = connectSession({ clock, asksByName: true, dial });
  const data = generated(10, 1);
  for (const service of ["db", undefined]) {
    assertEquals(await clock.run(exchange(client.open(service), data)), data);
  }
  assertEquals(asked, ["db", undefined]);
  await clock.run(Promise.all([client.close(), server.close()]));
});

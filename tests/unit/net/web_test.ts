/** Duplexes as Web Streams, and back. */
import { assertEquals, assertRejects } from "@std/assert";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { duplexFromStreams, streamsFromDuplex } from "../../../lib/net/web.ts";
import { settle } from "../../support/fake_clock.ts";

Deno.test("Web Streams: aborting a writable stops a write that nobody reads", async () => {
  const [near, far] = duplexPair();
  const { writable } = streamsFromDuplex(near);
  const writer = writable.getWriter();
  const writing = assertRejects(() => writer.write(new Uint8Array(1000)));
  await settle();
  const aborting = writer.abort(new Error("enough"));
  await writing;
  await aborting.catch(() => {});
  await assertRejects(() => far.read(new Uint8Array(1)), Error, "enough");
});

Deno.test("Web Streams: a stream that fails fails the duplex, with the same error", async () => {
  const failing = new ReadableStream<Uint8Array>({
    pull: () => Promise.reject(new Error("the socket of this stream broke")),
  });
  const sink = new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error("so did its other side")) });
  const duplex = duplexFromStreams({ readable: failing, writable: sink });
  await assertRejects(() => duplex.read(new Uint8Array(1)), Error, "this stream broke");
  await assertRejects(() => duplex.write(new Uint8Array(1)), Error, "other side");
  duplex.close();
});

Deno.test("Web Streams: a chunk that was written belongs to its writer again", async () => {
  const kept: Uint8Array[] = [];
  const sink = new WritableStream<Uint8Array>({ write: (chunk) => void kept.push(chunk) });
  const duplex = duplexFromStreams({ readable: new ReadableStream(), writable: sink });
  const bytes = new Uint8Array([1, 2, 3]);
  await duplex.write(bytes);
  bytes.fill(9);
  assertEquals(kept, [new Uint8Array([1, 2, 3])]);
  duplex.close();
});

Deno.test("Web Streams: empty chunks are no end", async () => {
  const readable = ReadableStream.from([new Uint8Array(0), new Uint8Array([5]), new Uint8Array(0)]);
  const duplex = duplexFromStreams({ readable, writable: new WritableStream() });
  const into = new Uint8Array(4);
  assertEquals([await duplex.read(into), into[0]], [1, 5]);
  assertEquals(await duplex.read(into), null);
  duplex.close();
});

Deno.test("Web Streams: a byte stream's consumer may bring its own buffer", async () => {
  const [near, far] = duplexPair();
  const { readable, writable } = streamsFromDuplex(near);
  const reader = readable.getReader({ mode: "byob" });
  const writing = far.write(new Uint8Array([1, 2, 3, 4, 5]));
  const first = await reader.read(new Uint8Array(2));
  assertEquals(first.value, new Uint8Array([1, 2]));
  const second = await reader.read(new Uint8Array(10));
  assertEquals(second.value, new Uint8Array([3, 4, 5]));
  await writing;
  await far.closeWrite();
  assertEquals((await reader.read(new Uint8Array(1))).done, true);
  await writable.getWriter().write(new Uint8Array(0)); // nobody reads: an empty chunk must not wait
  near.close();
});

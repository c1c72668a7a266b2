/** Ping framing as Web Streams. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TeleError } from "../../../lib/net/error.ts";
import { PingDecoderStream, PingEncoderStream } from "../../../lib/ping/streams.ts";
import { EXAMPLE, type Seen, wireOf } from "../../support/ping_frames.ts";

const SEED = 80;

async function bytesOf(readable: ReadableStream<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of readable) all.push(...chunk);
  return all;
}

Deno.test("the encoder puts each chunk into a frame, splits long ones and sends nothing for empty ones", async () => {
  const chunks = [new Uint8Array([1, 2, 3, 4, 5, 6, 7]), new Uint8Array(0), new Uint8Array([8])];
  const framed = ReadableStream.from(chunks).pipeThrough(new PingEncoderStream({ frameBytes: 3 }));
  assertEquals(await bytesOf(framed), [...wireOf([[1, 2, 3], [4, 5, 6], [7], [8]])]);
});

Deno.test("the encoder's pings stand between frames, and one after the end does nothing", async () => {
  const encoder = new PingEncoderStream();
  const writer = encoder.writable.getWriter();
  const reading = bytesOf(encoder.readable);
  encoder.ping();
  await writer.write(new Uint8Array([1, 2]));
  encoder.ping();
  await writer.close();
  encoder.ping();
  assertEquals(await reading, [...wireOf(["ping", [1, 2], "ping"])]);
});

Deno.test("pings for a reader that has stopped do not pile up", async () => {
  const encoder = new PingEncoderStream();
  for (let i = 0; i < 10_000; i++) encoder.ping();
  const reading = bytesOf(encoder.readable);
  await encoder.writable.close();
  const { length } = await reading;
  assert(length > 0 && length < 1_000, `${length} bytes`);
});

Deno.test("a ping on an encoder that failed does nothing", async () => {
  const encoder = new PingEncoderStream();
  await encoder.writable.abort(new Error("gone"));
  encoder.ping();
});

Deno.test("frame and message sizes that cannot be are refused", () => {
  for (const size of [0, -1, NaN]) {
    assertEquals(assertThrows(() => new PingEncoderStream({ frameBytes: size }), TeleError).code, "bad-input");
    assertEquals(assertThrows(() => new PingDecoderStream({ maxMessageBytes: size }), TeleError).code, "bad-input");
  }
  assertThrows(() => new PingEncoderStream({ frameBytes: 2 ** 32 }), TeleError);
  assertThrows(() => new PingEncoderStream({ frameBytes: 1.5 }), TeleError);
});

Deno.test("the decoder stream hands on the payload wherever the wire is cut, and counts pings", async () => {
  const wire = wireOf(EXAMPLE);
  const plain = EXAMPLE.flatMap((frame) => frame === "ping" ? [] : frame);
  for (let cut = 0; cut <= wire.length; cut++) {
    let pings = 0;
    const pieces = [wire.subarray(0, cut), wire.subarray(cut)].filter((piece) => piece.length > 0);
    const decoder = new PingDecoderStream({ onPing: () => pings++ });
    assertEquals(await bytesOf(ReadableStream.from(pieces).pipeThrough(decoder)), plain, `cut at ${cut}`);
    assertEquals(pings, 4);
  }
});

Deno.test("input that ends inside a frame errors the decoder stream, between frames it does not", async () => {
  const frames: Seen[] = ["ping", [1, 2, 3], [4]];
  const wire = wireOf(frames);
  const boundaries = [0, 4, 11, 16];
  for (let end = 0; end <= wire.length; end++) {
    const plain = ReadableStream.from([wire.subarray(0, end)]).pipeThrough(new PingDecoderStream());
    if (boundaries.includes(end)) {
      await bytesOf(plain);
      continue;
    }
    const error = await assertRejects(() => bytesOf(plain), TeleError, "ended inside a frame");
    assertEquals(error.code, "protocol");
  }
});

Deno.test("a message above the limit errors the decoder stream before any of it is handed on", async () => {
  const seen: number[] = [];
  const wire = wireOf([[1, 2], [3, 4, 5]]);
  const plain = ReadableStream.from([wire]).pipeThrough(new PingDecoderStream({ maxMessageBytes: 2 }));
  const error = await assertRejects(async () => {
    for await (const chunk of plain) seen.push(...chunk);
  }, TeleError);
  assertEquals(error.code, "protocol");
  assert(seen.every((byte) => byte < 3), "nothing of the large message came out");
});

Deno.test("what one stream encodes the other decodes, in any pieces (fuzz)", async () => {
  const chunk = fc.uint8Array({ maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 8 }), fc.integer({ min: 1, max: 20 }), async (chunks, frameBytes) => {
      const through = ReadableStream.from(chunks)
        .pipeThrough(new PingEncoderStream({ frameBytes }))
        .pipeThrough(new PingDecoderStream({ maxMessageBytes: frameBytes }));
      assertEquals(await bytesOf(through), chunks.flatMap((bytes) => [...bytes]));
    }),
    { seed: SEED, numRuns: 50 },
  );
});

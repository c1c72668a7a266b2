import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TeleError } from "../../../lib/net/error.ts";
import { FRAME_HEADER_BYTES, FrameDecoder, MAX_FRAME_LENGTH, writeFrameHeader } from "../../../lib/ping/codec.ts";
import { EXAMPLE, type Seen, wireOf } from "../../support/ping_frames.ts";

const SEED = 80;

/** Collects what a decoder finds, and checks the order in which it is told. */
class Collector {
  readonly seen: Seen[] = [];
  readonly decoder: FrameDecoder;
  #open: { length: number; bytes: number[] } | undefined;

  constructor(maxFrameBytes = 1 << 20) {
    this.decoder = new FrameDecoder(maxFrameBytes, {
      frameStart: (length) => {
        assert(length > 0 && this.#open === undefined);
        this.#open = { length, bytes: [] };
      },
      frameData: (bytes) => {
        assert(bytes.length > 0, "an empty piece says nothing");
        this.#open!.bytes.push(...bytes);
      },
      frameEnd: () => {
        assertEquals(this.#open!.bytes.length, this.#open!.length);
        this.seen.push(this.#open!.bytes);
        this.#open = undefined;
      },
      ping: () => {
        assert(this.#open === undefined, "a ping stands between frames");
        this.seen.push("ping");
      },
    });
  }
}

Deno.test("a frame header is a big-endian uint32, up to the largest", () => {
  const bytes = new Uint8Array(8).fill(0xaa);
  for (const [length, header] of [[0, [0, 0, 0, 0]], [258, [0, 0, 1, 2]], [MAX_FRAME_LENGTH, [255, 255, 255, 255]]]) {
    writeFrameHeader(bytes, 2, length as number);
    assertEquals([...bytes], [0xaa, 0xaa, ...header as number[], 0xaa, 0xaa]);
  }
});

Deno.test("a length that does not fit in 32 bits is refused when writing", () => {
  for (const length of [-1, 1.5, 2 ** 32, NaN, Infinity]) {
    const error = assertThrows(() => writeFrameHeader(new Uint8Array(4), 0, length), TeleError);
    assertEquals(error.code, "bad-input");
  }
});

Deno.test("frames come out whole wherever the stream is cut in two", () => {
  const wire = wireOf(EXAMPLE);
  for (let cut = 0; cut <= wire.length; cut++) {
    const { decoder, seen } = new Collector();
    decoder.push(wire.subarray(0, cut));
    decoder.push(wire.subarray(cut));
    assertEquals(seen, EXAMPLE, `cut at ${cut}`);
    assert(decoder.atBoundary);
  }
});

Deno.test("frames come out whole when the stream comes byte by byte", () => {
  const { decoder, seen } = new Collector();
  for (const byte of wireOf(EXAMPLE)) decoder.push(new Uint8Array([byte]));
  assertEquals(seen, EXAMPLE);
});

Deno.test("the decoder knows at every byte whether it stands between two frames", () => {
  const wire = wireOf(EXAMPLE);
  const boundaries = new Set([0]);
  for (const frame of EXAMPLE) {
    boundaries.add(Math.max(...boundaries) + FRAME_HEADER_BYTES + (frame === "ping" ? 0 : frame.length));
  }
  const { decoder } = new Collector();
  assert(decoder.atBoundary);
  for (let at = 0; at < wire.length; at++) {
    decoder.push(wire.subarray(at, at + 1));
    assertEquals(decoder.atBoundary, boundaries.has(at + 1), `after byte ${at + 1}`);
  }
});

Deno.test("the largest frame allowed is taken, one byte more is refused before any of it is handed over", () => {
  const taken = new Collector(5);
  taken.decoder.push(wireOf([[1, 2, 3, 4, 5]]));
  assertEquals(taken.seen, [[1, 2, 3, 4, 5]]);

  for (const header of [[0, 0, 0, 6], [255, 255, 255, 255], [128, 0, 0, 0]]) {
    const told: string[] = [];
    const decoder = new FrameDecoder(5, {
      frameStart: () => told.push("start"),
      frameData: () => told.push("data"),
      frameEnd: () => told.push("end"),
    });
    const error = assertThrows(() => decoder.push(new Uint8Array([...header, 1, 2, 3])), TeleError);
    assertEquals([error.code, told], ["protocol", []]);
  }
});

Deno.test("a frame as long as the limit is taken", () => {
  const { decoder, seen } = new Collector(4);
  decoder.push(wireOf([[1]]));
  decoder.push(wireOf([[1, 2, 3, 4]]));
  assertEquals(seen, [[1], [1, 2, 3, 4]]);
});

Deno.test("any frames cut into any pieces come out as they were (fuzz)", () => {
  const frame = fc.oneof(
    fc.constant<Seen>("ping"),
    fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 40 }),
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(600), { maxLength: 12 }), (frames, cuts) => {
      const wire = wireOf(frames);
      const { decoder, seen } = new Collector();
      let at = 0;
      for (const cut of [...cuts, wire.length].filter((cut) => cut <= wire.length).sort((a, b) => a - b)) {
        decoder.push(wire.subarray(at, cut));
        at = cut;
      }
      assertEquals(seen, frames);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test("any garbage is either decoded or refused as a protocol error (fuzz)", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 }), (pieces) => {
      const { decoder } = new Collector(64);
      try {
        for (const piece of pieces) decoder.push(piece);
      } catch (error) {
        assert(error instanceof TeleError && error.code === "protocol", String(error));
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});

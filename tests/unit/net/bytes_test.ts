/** Numbers in bytes: every width comes back as it was written, and nothing is read beyond the end. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  ByteReader,
  ByteWriter,
  readU16,
  readU32,
  readU64,
  writeU16,
  writeU32,
  writeU64,
} from "../../../lib/net/bytes.ts";
import { TeleError } from "../../../lib/net/error.ts";

const SEED = 7;
const LARGEST_COUNT = Number.MAX_SAFE_INTEGER;

const count = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, LARGEST_COUNT));

Deno.test("16-bit numbers survive writing and reading", () => {
  const bytes = new Uint8Array(4);
  for (const value of [0, 1, 0xff, 0x100, 0x7fff, 0x8000, 0xffff]) {
    writeU16(bytes, 1, value);
    assertEquals(new DataView(bytes.buffer).getUint16(1), value);
    assertEquals(readU16(bytes, 1), value);
    assertEquals([bytes[0], bytes[3]], [0, 0]);
  }
});

Deno.test("32-bit numbers survive writing and reading", () => {
  const bytes = new Uint8Array(6);
  for (const value of [0, 1, 0xff, 0x100, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
    writeU32(bytes, 1, value);
    assertEquals(readU32(bytes, 1), value);
    assertEquals([bytes[0], bytes[5]], [0, 0]);
  }
});

Deno.test("counts up to 2^53 - 1 come back, larger ones are a protocol error", () => {
  const memory = new Uint8Array(10);
  fc.assert(
    fc.property(count, (value) => {
      writeU64(memory, 1, value);
      assertEquals(new DataView(memory.buffer).getBigUint64(1), BigInt(value));
      assertEquals(readU64(memory, 1), value);
    }),
    { seed: SEED },
  );
  for (const value of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
    new DataView(memory.buffer).setBigUint64(1, value);
    assertEquals(assertThrows(() => readU64(memory, 1), TeleError).code, "protocol");
  }
});

Deno.test("what a writer wrote is read in the same order, however long it became", () => {
  const long = new Uint8Array(3000).map((_, index) => index);
  const writer = new ByteWriter().u8(1).u16(0xfffe).bytes(long).u32(0xffff_fffd).u64(LARGEST_COUNT);
  const reader = new ByteReader(writer.bytes(new Uint8Array([8, 9])).done(), "letter");
  assertEquals([reader.u8(), reader.u16()], [1, 0xfffe]);
  assertEquals(reader.bytes(3000), long);
  assertEquals([reader.u32(), reader.u64()], [0xffff_fffd, LARGEST_COUNT]);
  assertEquals(reader.rest(), new Uint8Array([8, 9]));
  assertEquals(reader.end("all"), "all");
});

Deno.test("a number that is cut off is a protocol error that names what was read", () => {
  const reads: [number, (reader: ByteReader) => unknown][] = [
    [1, (reader) => reader.u8()],
    [2, (reader) => reader.u16()],
    [4, (reader) => reader.u32()],
    [8, (reader) => reader.u64()],
    [5, (reader) => reader.bytes(5)],
  ];
  for (const [bytes, read] of reads) {
    read(new ByteReader(new Uint8Array(bytes), "letter"));
    const cut = new ByteReader(new Uint8Array(bytes - 1), "letter");
    const error = assertThrows(() => read(cut), TeleError, "the letter is too short");
    assertEquals(error.code, "protocol");
  }
});

Deno.test("what nobody read is a protocol error at the end", () => {
  const reader = new ByteReader(new Uint8Array(3), "letter");
  reader.u8();
  const error = assertThrows(() => reader.end("all"), TeleError, "the letter has 2 bytes behind its end");
  assertEquals(error.code, "protocol");
});

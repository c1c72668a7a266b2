/** Memory for reads grows with what comes, and shrinks with what its reader takes. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { ReadBuffer } from "../../../lib/net/read_buffer.ts";

const KIB = 1024;

Deno.test("it doubles while reads fill it, up to 256 KiB", () => {
  const buffer = new ReadBuffer();
  const sizes: number[] = [];
  for (let read = 0; read < 9; read++) {
    const { length } = buffer.memory(KIB * KIB);
    sizes.push(length / KIB);
    buffer.filled(length);
  }
  assertEquals(sizes, [4, 8, 16, 32, 64, 128, 256, 256, 256]);
});

Deno.test("a read that does not fill it leaves it as it is, and the memory is the same", () => {
  const buffer = new ReadBuffer();
  const memory = buffer.memory(KIB * KIB);
  buffer.filled(memory.length - 1);
  assertStrictEquals(buffer.memory(KIB * KIB), memory);
});

Deno.test("who takes little at once has little read for it, but not less than 4 KiB", () => {
  const buffer = new ReadBuffer();
  for (let read = 0; read < 6; read++) buffer.filled(buffer.memory(KIB * KIB).length);
  assertEquals(buffer.memory(10 * KIB).length, 10 * KIB);
  assertEquals(buffer.memory(1).length, 4 * KIB);
  assertEquals(buffer.memory(KIB * KIB).length, 4 * KIB);
});

/** Masking: whole words where they lie at a word, single bytes beside them. */
import { assertEquals } from "@std/assert";
import { mask } from "../../../../lib/net/websocket/mask.ts";
import { generated } from "../../../support/random.ts";

const KEY = new Uint8Array([0x37, 0xfa, 0x21, 0x3d]);

/** RFC 6455, 5.3, as it stands there. */
function masked(bytes: Uint8Array, position: number): Uint8Array {
  return bytes.map((byte, at) => byte ^ KEY[(position + at) % 4]!);
}

Deno.test("bytes anywhere in memory and in a frame are masked as RFC 6455 has it, and nothing beside them", () => {
  const all = generated(400, 1);
  for (let start = 0; start < 9; start++) {
    for (const length of [0, 1, 3, 4, 5, 127, 128, 129, 130, 131, 255, 300]) {
      for (const position of [0, 1, 2, 3, 65_537]) {
        const memory = all.slice();
        mask(memory.subarray(start, start + length), KEY, position);
        const due = all.slice();
        due.set(masked(all.subarray(start, start + length), position), start);
        assertEquals(memory, due, `${length} bytes at ${start}, position ${position}`);
      }
    }
  }
});

Deno.test("a position beyond 32 bits is where it is", () => {
  const bytes = new Uint8Array(5);
  mask(bytes, KEY, 2 ** 33 + 1);
  assertEquals(bytes, new Uint8Array([0xfa, 0x21, 0x3d, 0x37, 0xfa]));
});

Deno.test("what is masked twice is what it was", () => {
  const bytes = generated(1_001, 2);
  mask(bytes, KEY, 3);
  mask(bytes, KEY, 3);
  assertEquals(bytes, generated(1_001, 2));
});

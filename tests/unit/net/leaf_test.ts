/** Leafs: one certificate has one, another has another. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import { LEAF_BYTES, leafOf, NO_LEAF } from "../../../lib/net/leaf.ts";

Deno.test("a leaf is the SHA-256 of the bytes of a certificate", () => {
  const abc = new TextEncoder().encode("abc");
  // FIPS 180-4's example.
  const expected = decodeHex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assertEquals(leafOf(abc), expected);
  assertNotEquals(leafOf(abc.subarray(1)), expected);
});

Deno.test("what stands for no certificate is as long, and no certificate's", () => {
  assertEquals(NO_LEAF, new Uint8Array(LEAF_BYTES));
  assertNotEquals(leafOf(new Uint8Array(0)), NO_LEAF);
});

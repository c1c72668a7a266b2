/** The keys of an upgrade. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { acceptOf, isKey, makeKey } from "../../../../lib/net/websocket/handshake_key.ts";

Deno.test("each key is a new one, of the form that servers take", () => {
  const keys = Array.from({ length: 10 }, makeKey);
  assertEquals(new Set(keys).size, 10);
  for (const key of keys) assert(isKey(key), key);
});

Deno.test("what is not 16 bytes in base64 is no key", () => {
  for (const text of ["", "x3JJHMbDL1EzLkh9GBhXDw=", "x3JJHMbDL1EzLkh9GBhXDw===", "not base64 at all !!!!==", "AAAA"]) {
    assertFalse(isKey(text), text);
  }
});

Deno.test("the answer to RFC 6455's example is the one there", async () => {
  assertEquals(await acceptOf("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

/** What TLS looks like from outside. */
import { assertEquals } from "@std/assert";
import { tlsRecordKind } from "../../../lib/net/tls_record.ts";

Deno.test("bytes that begin a TLS record are recognised", () => {
  assertEquals(tlsRecordKind(new Uint8Array([0x16, 0x03, 0x01, 0x02])), "handshake");
  assertEquals(tlsRecordKind(new Uint8Array([0x15, 0x03, 0x03])), "alert");
  for (const bytes of [[0x16], [0, 0, 0, 3], [0x16, 2, 0], []]) {
    assertEquals(tlsRecordKind(new Uint8Array(bytes)), undefined);
  }
});

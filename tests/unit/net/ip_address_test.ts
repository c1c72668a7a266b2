/** IP addresses in every spelling. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { ipBytes, isLoopback, unmapped } from "../../../lib/net/ip_address.ts";

Deno.test("loopback is known in every spelling", () => {
  const loopback = ["localhost", "LocalHost", "localhost.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"];
  for (const host of [...loopback, "0:0:0:0:0:0:0:1", "::0001", "::ffff:127.0.0.1", "::ffff:127.200.3.4"]) {
    assert(isLoopback(host), host);
  }
  const reachable = ["0.0.0.0", "::", "10.0.0.1", "::2", "::ffff:10.0.0.1", "fe80::1%lo", "example.com"];
  for (const host of [...reachable, "127.0.0.1.example.com", "127.1", "notlocalhost", ""]) {
    assertFalse(isLoopback(host), host);
  }
});

Deno.test("an IPv4 address mapped into IPv6 is that address in every spelling, and nothing else changes", () => {
  for (const host of ["::ffff:10.0.0.1", "::FFFF:0a00:0001", "0:0:0:0:0:ffff:a00:1", "10.0.0.1"]) {
    assertEquals(unmapped(host), "10.0.0.1");
  }
  for (
    const host of ["::1", "::10.0.0.1", "::ffff:0:10.0.0.1", "fe80::1%eth0", "2001:db8::ffff:1:2", "a.example", ""]
  ) {
    assertEquals(unmapped(host), host);
  }
});

Deno.test("the bytes of an address are those that its every spelling means, and a name has none", () => {
  const hex = (host: string) => {
    const bytes = ipBytes(host);
    return bytes && encodeHex(bytes);
  };
  assertEquals(hex("192.0.2.255"), "c00002ff");
  assertEquals(hex("::"), "0".repeat(32));
  assertEquals(hex("1::"), `0001${"0".repeat(28)}`);
  assertEquals(hex("2001:DB8:0:0:1::ff"), "20010db80000000000010000000000ff");
  assertEquals(hex("1:2:3:4:5:6:7:8"), "00010002000300040005000600070008");
  assertEquals(hex("::ffff:192.0.2.1"), "00000000000000000000ffffc0000201");
  assertEquals(hex("fe80::1%eth0"), `fe80${"0".repeat(27)}1`);
  for (const host of ["example.com", "", "1.2.3", "::g"]) assertEquals(ipBytes(host), undefined);
});

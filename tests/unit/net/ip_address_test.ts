/** IP addresses in every spelling. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { isLoopback, unmapped } from "../../../lib/net/ip_address.ts";

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

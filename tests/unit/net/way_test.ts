/** Ways: how `--out` of a client is read, named, and tried. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { parseProxy } from "../../../lib/net/proxy/proxy.ts";
import { byProxy, certifiedNames, formatWay, parseWay, proxyTarget, wayCandidates } from "../../../lib/net/way.ts";

Deno.test("a way is named as it was written, whatever its kind", () => {
  for (const text of ["example.com:40300", "[2001:db8::1]:443", ":40300", "unix:/run/tele.sock"]) {
    assertEquals(formatWay(parseWay(text)), text);
  }
});

Deno.test("a way that leads nowhere is refused with a sentence", () => {
  assertThrows(() => parseWay("example.com:0"), TeleError, "port 0, to which nothing can connect");
  assertThrows(() => parseWay("example.com", 40300), TeleError, "for example example.com:40300");
});

Deno.test("a way without a host is tried on loopback in both families, and every other is one candidate", () => {
  assertEquals(wayCandidates(parseWay(":1")).map(formatWay), ["127.0.0.1:1", "[::1]:1"]);
  assertEquals(wayCandidates(parseWay("unix:/run/tele.sock")), [{ kind: "unix", path: "/run/tele.sock" }]);
  assertEquals(wayCandidates(parseWay("example.com:1")).map(formatWay), ["example.com:1"]);
});

Deno.test("the certificate's name is the way's host without its zone, or a name of this machine", () => {
  assertEquals(certifiedNames(parseWay("example.com:1")), ["example.com"]);
  assertEquals(certifiedNames(parseWay("[fe80::1%eth0]:1")), ["fe80::1"]);
  const here = ["localhost", "127.0.0.1", "::1"] as const;
  assertEquals(certifiedNames(parseWay(":1")), here);
  assertEquals(certifiedNames(parseWay("unix:/run/tele.sock")), here);
});

Deno.test("a proxy leads to a host and a port, and to nothing that means something on this machine alone", () => {
  const proxy = parseProxy("http://alice:hush@proxy.example.com:3128");
  const way = byProxy(parseWay("example.com:1"), proxy);
  assertEquals(way, { kind: "proxy", proxy, to: { host: "example.com", port: 1 } });
  for (const text of [":1", "[fe80::1%eth0]:1", "unix:/run/tele.sock"]) {
    assertEquals(proxyTarget(parseWay(text)), undefined);
    assertEquals(byProxy(parseWay(text), proxy), parseWay(text));
  }
});

Deno.test("a way by a proxy is named without its login, and verified by the name of the server", () => {
  const way = byProxy(parseWay("[2001:db8::1]:1"), parseProxy("socks5://alice:hush@proxy"));
  assertEquals(formatWay(way), "[2001:db8::1]:1 by socks5://proxy:1080");
  assertEquals(certifiedNames(way), ["2001:db8::1"]);
  assertEquals(wayCandidates(way), [way]);
});

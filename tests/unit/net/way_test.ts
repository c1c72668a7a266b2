/** Ways: how `--out` of a client is read, named, and tried. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { formatAddress } from "../../../lib/net/address.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { parseProxy } from "../../../lib/net/proxy/proxy.ts";
import {
  addressOf,
  byProxy,
  certifiedNames,
  formatWay,
  hostField,
  parseWay,
  proxyTarget,
  wayCandidates,
} from "../../../lib/net/way.ts";

Deno.test("a way is named as it was written, whatever its kind", () => {
  for (
    const text of [
      "example.com:40300",
      "[2001:db8::1]:443",
      ":40300",
      "unix:/run/tele.sock",
      "ws://example.com/",
      "wss://h:8443/a",
    ]
  ) {
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

Deno.test("a WebSocket's URL has a host, the usual port unless it says another, and a path that is sent as it is", () => {
  const read = (text: string) => {
    const way = parseWay(text);
    assert(way.kind === "websocket");
    return [way.isSecure, formatAddress(way.address), hostField(way), way.target];
  };
  assertEquals(read("ws://example.com"), [false, "example.com:80", "example.com", "/"]);
  assertEquals(read("WSS://example.com/tele/a?b=c"), [true, "example.com:443", "example.com", "/tele/a?b=c"]);
  assertEquals(read("wss://example.com:80/x"), [true, "example.com:80", "example.com:80", "/x"]);
  assertEquals(read("ws://[2001:db8::1]:8080?x"), [false, "[2001:db8::1]:8080", "[2001:db8::1]:8080", "/?x"]);
  assertEquals(read("wss://[::1]/a b/ü"), [true, "[::1]:443", "[::1]", "/a%20b/%C3%BC"]);
  assertEquals(read("ws://[fe80::1%eth0]/"), [false, "[fe80::1%eth0]:80", "[fe80::1]", "/"]);
  assertEquals(read("ws://münchen.example/"), [false, "xn--mnchen-3ya.example:80", "xn--mnchen-3ya.example", "/"]);
});

Deno.test("a URL that is no WebSocket's is refused with a sentence", () => {
  const refusals: [text: string, sentence: string][] = [
    ["https://example.com/tele", "is a page: for a WebSocket write wss://example.com/tele"],
    ["http://example.com", "is a page: for a WebSocket write ws://example.com"],
    ["wss:///tele", "has no host"],
    ["wss://", "has no host"],
    ["wss://:443/", "has no host"],
    ["wss://user:secret@example.com/", "names no user"],
    ["wss://example.com/#part", "has no good path"],
    ["wss://example.com:0/", "port 0, to which nothing can connect"],
    ["wss://example.com:99999/", "port 99999 does not exist"],
    ["wss://unix:/run/tele.sock", "has no host"],
    ["wss://exa mple.com/", "is not a host name"],
    ["ftp://example.com/", "is a URL: write only host and port"],
  ];
  for (const [text, sentence] of refusals) {
    const error = assertThrows(() => parseWay(text), TeleError, sentence, text);
    assertEquals([error.code, error.message.includes("secret")], ["bad-input", false]);
  }
});

Deno.test("a query is not shown, since it may be a secret; what is dialed is the web server", () => {
  const way = parseWay("wss://example.com/tele?key=secret");
  assert(way.kind === "websocket");
  assertEquals(formatWay(way), "wss://example.com/tele?…");
  assertEquals(proxyTarget(way), { host: "example.com", port: 443 });
  assertEquals(formatAddress(addressOf(way)!), "example.com:443");
  assertEquals([wayCandidates(way), certifiedNames(way)], [[way], ["example.com"]]);
});

Deno.test("a command is a way, named as it was written and split into words at once", () => {
  const way = parseWay("exec: ssh -W 'localhost:40300' example.com ");
  const words = ["ssh", "-W", "localhost:40300", "example.com"] as [string, ...string[]];
  assertEquals(way, { kind: "command", text: "ssh -W 'localhost:40300' example.com", words });
  assertEquals(formatWay(way), "exec:ssh -W 'localhost:40300' example.com");
  assertEquals([wayCandidates(way), proxyTarget(way), addressOf(way)], [[way], undefined, undefined]);
  for (const text of ["exec:", "exec: ", "exec:''"]) {
    assertThrows(() => parseWay(text), TeleError, "exec: has no command: write for example");
  }
  assertThrows(() => parseWay("exec:ssh 'a"), TeleError, "has no end");
});

/** How a carrier goes, in one word. */
import { assertEquals } from "@std/assert";
import { CARRIER_WAYS, wayOf } from "../../../lib/net/carrier_way.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { PrefixedDuplex } from "../../../lib/net/prefixed_duplex.ts";
import { WebSocketDuplex } from "../../../lib/net/websocket/websocket_duplex.ts";

Deno.test("a plain socket is TCP or unix, one with a certificate is TLS, and what is neither is called other", () => {
  const leaf = new Uint8Array(32);
  const ways = [
    wayOf({ peer: "192.0.2.1:40300" }),
    wayOf({ peer: "[2001:db8::1]:40300" }),
    wayOf({ peer: "unix:/run/tele" }),
    wayOf({ peer: "192.0.2.1:40300", leaf }),
    wayOf({ peer: "unix:/run/tele", leaf }),
    wayOf({ peer: "in memory" }),
  ];
  assertEquals(ways, ["TCP", "TCP", "unix", "TLS", "TLS", "other"]);
});

Deno.test("a WebSocket and a command stay what they are inside a seal, and behind bytes that were read already", () => {
  assertEquals(wayOf({ peer: "192.0.2.1:443", leaf: new Uint8Array(32), medium: "WebSocket" }), "WebSocket");
  assertEquals(wayOf({ peer: "exec:ssh", medium: "command" }), "command");
  const [near] = duplexPair();
  const webSocket = new PrefixedDuplex(new WebSocketDuplex(near, "client"), new Uint8Array(1));
  assertEquals(wayOf(webSocket), "WebSocket");
  webSocket.close();
});

Deno.test("no way is listed twice", () => {
  assertEquals(CARRIER_WAYS.length, new Set(CARRIER_WAYS).size);
});

/** A connection that hands everything on. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { ForwardedDuplex } from "../../../lib/net/forwarded_duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";

Deno.test("bytes go both ways, and each direction ends by itself", async () => {
  const [near, far] = duplexPair();
  const duplex = new ForwardedDuplex(near);
  const into = new Uint8Array(4);
  for (const [from, to] of [[duplex, far], [far, duplex]] as const) {
    const writing = from.write(new Uint8Array([7]));
    assertEquals([await to.read(into), into[0]], [1, 7]);
    await writing;
    const ending = from.closeWrite();
    assertEquals(await to.read(into), null);
    await ending;
  }
});

Deno.test("what is known of the connection is known here, now and later; another peer may be told", () => {
  const inner = {
    peer: "socket",
    peerName: "laptop",
    leaf: new Uint8Array(32),
    localAddress: "192.0.2.1",
    localPort: 22,
    readsAfterFailedWrite: true,
  };
  const duplex = new ForwardedDuplex(inner as unknown as Duplex);
  const { peer, peerName, leaf, localAddress, localPort, readsAfterFailedWrite } = duplex;
  assertEquals({ peer, peerName, leaf, localAddress, localPort, readsAfterFailedWrite }, inner);
  inner.peerName = "desk";
  assertEquals(duplex.peerName, "desk");
  assertEquals(new ForwardedDuplex(inner as unknown as Duplex, "example.com:1").peer, "example.com:1");
});

Deno.test("both ways to end at once are handed on, with the reason", async () => {
  const told: unknown[] = [];
  const [near] = duplexPair();
  const inner = Object.assign(new ForwardedDuplex(near), { abort: (reason?: unknown) => void told.push(reason) });
  new ForwardedDuplex(inner).abort("broken");
  assertEquals(told, ["broken"]);
  new ForwardedDuplex(inner).close();
  await assertRejects(() => near.read(new Uint8Array(1)));
});

Deno.test("the cheap calls, which would go past one that sees what passes, are not handed on", () => {
  const [near] = duplexPair();
  const cheap = Object.assign(near, { readWith() {}, writeNow: () => undefined });
  const duplex: Duplex = new ForwardedDuplex(cheap);
  assertEquals([duplex.readWith, duplex.writeNow], [undefined, undefined]);
});

/** A user's program that ends its own direction first, and then reads slowly. */
import { assertEquals } from "@std/assert";
import net from "node:net";
import { dial } from "../../../lib/net/dial.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { hasNodeDuplex, NodeDuplex } from "../../../lib/net/node_duplex.ts";
import { readAll } from "../../support/reading.ts";
import { pause } from "../../support/wait.ts";

const ALL_BYTES = 16 << 20;
const PIECE_BYTES = 64 * 1024;

async function connect(): Promise<{ user: Duplex; peer: Deno.Conn }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dialing = dial({ kind: "tcp", host: "127.0.0.1", port: listener.addr.port });
  return { peer: await listener.accept(), user: await dialing };
}

async function sendAll(user: Duplex, isLast: boolean = false): Promise<void> {
  const piece = new Uint8Array(PIECE_BYTES);
  for (let sent = 0; sent < ALL_BYTES; sent += piece.length) await user.write(piece);
  await user.closeWrite(isLast);
}

/** How many bytes come before the end. */
async function countAll(peer: Deno.Conn): Promise<number> {
  let received = 0;
  const into = new Uint8Array(PIECE_BYTES);
  for (let count = await peer.read(into); count !== null; count = await peer.read(into)) received += count;
  return received;
}

for (const [before, firstBytes] of [["before it has sent a byte", 0], ["after some bytes", 10]] as const) {
  Deno.test(`a peer that half-closes ${before} and reads slowly gets everything`, async () => {
    const { user, peer } = await connect();
    using _ = peer;
    await peer.write(new Uint8Array(firstBytes));
    await peer.closeWrite();
    const into = new Uint8Array(64);
    if (firstBytes > 0) assertEquals(await user.read(into), firstBytes);
    assertEquals(await user.read(into), null);

    const sending = sendAll(user);
    // So that the kernel's buffers are full, and a write has to wait.
    await pause(300);
    assertEquals(await countAll(peer), ALL_BYTES);
    await sending;
    user.close();
  });
}

Deno.test("the last end of both comes behind all that was written, to a peer that reads slowly too", async () => {
  const { user, peer } = await connect();
  using _ = peer;
  await peer.write(new Uint8Array(10));
  await peer.closeWrite();
  const into = new Uint8Array(64);
  assertEquals([await user.read(into), await user.read(into)], [10, null]);
  const sending = sendAll(user, true);
  await pause(300);
  assertEquals(await countAll(peer), ALL_BYTES);
  await sending;
  user.close();
});

// Not on Deno 2.6.8, which has no such handle: and a skipped test is a failure in CI.
if (hasNodeDuplex()) {
  Deno.test("a peer that half-closes before anyone has looked gets everything that is written at once", async () => {
    for (const bytes of [1, 4096, 4097, 64 * 1024]) {
      for (let round = 0; round < 10; round++) await halfCloseAtOnce(bytes);
    }
  });
}

Deno.test("a connection that was moved behind its peer's early end still knows from where to where it goes", async () => {
  const { user, peer } = await connect();
  using _ = peer;
  const { hostname, port } = peer.remoteAddr as Deno.NetAddr;
  await peer.closeWrite();
  assertEquals(await user.read(new Uint8Array(1)), null);
  // So that it has moved.
  await pause(100);
  assertEquals([user.localAddress, user.localPort], [hostname, port]);
  user.close();
  assertEquals(user.localPort, port);
});

/** The first write comes in the very turn in which the connection does. */
async function halfCloseAtOnce(bytes: number): Promise<void> {
  const sent = crypto.getRandomValues(new Uint8Array(bytes));
  const serving = Promise.withResolvers<void>();
  const server = net.createServer();
  const onUser = (user: NodeDuplex) => {
    const end = user.read(new Uint8Array(1)).then((count) => assertEquals(count, null));
    const sending = user.write(sent).then(() => user.closeWrite());
    serving.resolve(Promise.all([end, sending]).then(() => {}).finally(() => user.close()));
  };
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  NodeDuplex.acceptAll(server, onUser, serving.reject);
  const { port } = server.address() as net.AddressInfo;
  using peer = await Deno.connect({ hostname: "127.0.0.1", port });
  const [, received] = await Promise.all([peer.closeWrite(), readAll(peer, PIECE_BYTES), serving.promise]);
  assertEquals(received, sent);
  server.close();
}

Deno.test(
  "a peer that half-closes while a write waits gets everything, or a reset: never a clean end on a part",
  async () => {
    const { user, peer } = await connect();
    using _ = peer;
    const reading = user.read(new Uint8Array(1)).catch(() => null);
    const sending = sendAll(user).then(() => "sent", () => "failed");
    await pause(300);
    await peer.closeWrite();
    await pause(100);
    const received = await countAll(peer).catch(() => "failed");
    assertEquals(await sending, received === ALL_BYTES ? "sent" : "failed");
    if (received !== ALL_BYTES) assertEquals(received, "failed");
    await reading;
    user.close();
  },
);

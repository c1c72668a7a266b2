/** TLS connections over real sockets: bytes, ends and cuts. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { equals } from "@std/bytes/equals";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { NodeDuplex } from "../../../lib/net/node_duplex.ts";
import { generated } from "../../support/random.ts";
import { readAll } from "../../support/reading.ts";
import { tlsTest, TlsWorld } from "../../support/tls_world.ts";
import { pause, within } from "../../support/wait.ts";

const MIB = 1024 * 1024;
const hello = new TextEncoder().encode("hello");

tlsTest("what was agreed on, and who is there", async () => {
  const world = await TlsWorld.start({ protocols: ["tele/2", "teleport-tcp-ping"] });
  const [near, far] = await world.pair({ protocols: ["teleport-tcp-ping", "tele/2"] });
  assertEquals([near.protocol, far.protocol], ["tele/2", "tele/2"]);
  assertEquals(near.duplex.peer, world.listening.addresses[0]);
  assertEquals([near.duplex.localAddress, far.duplex.localAddress], ["127.0.0.1", "127.0.0.1"]);
  assert(far.duplex.peer.startsWith("127.0.0.1:"));
  assertEquals(world.listening.strangers, 0);
  world.close();
});

tlsTest("either side speaks first", async () => {
  const world = await TlsWorld.start();
  for (const pick of [0, 1]) {
    const pair = await world.pair();
    const into = new Uint8Array(16);
    const reading = pair[1 - pick]!.duplex.read(into);
    await pair[pick]!.duplex.write(hello);
    assertEquals(into.subarray(0, (await reading)!), hello);
  }
  world.close();
});

tlsTest("8 MiB each way at once, in odd sizes", async () => {
  const world = await TlsWorld.start();
  const [near, far] = await world.pair();
  const bytes = [generated(8 * MIB, 1), generated(8 * MIB, 2)];
  const sizes = [1, 16_383, 16_385, 262_144, 7, 1_000_003];
  async function send(duplex: Duplex, all: Uint8Array) {
    for (let at = 0, turn = 0; at < all.length; turn++) {
      const count = sizes[turn % sizes.length]!;
      await duplex.write(all.subarray(at, at + count));
      at += count;
    }
    await duplex.closeWrite();
  }
  const [there, back] = await Promise.all([
    readAll(far.duplex, 100_003),
    readAll(near.duplex, 777),
    send(near.duplex, bytes[0]!),
    send(far.duplex, bytes[1]!),
  ]);
  assert(equals(there, bytes[0]!));
  assert(equals(back, bytes[1]!));
  world.close();
});

tlsTest("a reader that waits holds the writer back", async () => {
  const world = await TlsWorld.start();
  const [near, far] = await world.pair();
  let written = 0;
  const writing = (async () => {
    for (; written < 32 * MIB; written += MIB) await near.duplex.write(new Uint8Array(MIB));
    await near.duplex.closeWrite();
  })();
  let stuck = -1;
  while (written !== stuck) {
    stuck = written;
    await pause(100);
  }
  assert(stuck < 16 * MIB, `${stuck} bytes were written and nobody read`);
  assertEquals((await readAll(far.duplex, 256 * 1024)).length, 32 * MIB);
  await writing;
  world.close();
});

tlsTest("who reads little at a time has little read for it, though much came before", async () => {
  const world = await TlsWorld.start();
  const [{ duplex: dialed }, { duplex: accepted }] = await world.pair();
  const { read } = NodeDuplex.prototype;
  let asked = 0;
  NodeDuplex.prototype.read = function (into) {
    asked = into.length;
    return read.call(this, into);
  };
  try {
    const writing = accepted.write(new Uint8Array(8 * 1024 * 1024));
    const large = new Uint8Array(256 * 1024);
    for (let left = 8 * 1024 * 1024; left > 0;) left -= (await dialed.read(large))!;
    await writing;
    assert(asked > 16 * 1024, `much was read at once: ${asked} bytes`);
    const reading = dialed.read(new Uint8Array(8 * 1024));
    assertEquals(asked, 8 * 1024);
    await accepted.write(new Uint8Array(1));
    assertEquals(await reading, 1);
  } finally {
    NodeDuplex.prototype.read = read;
  }
  world.close();
});

tlsTest("half-close, either side first: the other direction goes on", async () => {
  const world = await TlsWorld.start();
  for (const pick of [0, 1]) {
    const pair = await world.pair();
    const [ender, other] = [pair[pick]!.duplex, pair[1 - pick]!.duplex];
    const into = new Uint8Array(16);
    await ender.write(hello);
    await ender.closeWrite();
    assertEquals(new TextDecoder().decode(await readAll(other)), "hello");
    assertEquals(await other.read(into), null);
    // The ends of TLS and of TCP are both told; a while later it still goes on.
    await pause(50);
    for (let turn = 0; turn < 3; turn++) {
      await other.write(hello);
      assertEquals(await ender.read(into), 5);
    }
    await other.closeWrite();
    assertEquals(await ender.read(into), null);
  }
  world.close();
});

tlsTest("a cut is not an end: close and abort without closeWrite", async () => {
  const world = await TlsWorld.start();
  for (const how of ["close", "abort"] as const) {
    for (const pick of [0, 1]) {
      const pair = await world.pair();
      const [ender, other] = [pair[pick]!.duplex, pair[1 - pick]!.duplex];
      await ender.write(hello);
      const into = new Uint8Array(16);
      assertEquals(await other.read(into), 5);
      ender[how]();
      const error = await assertRejects(() => other.read(into), TeleError);
      assertEquals(error.code, "carrier-lost");
      if (how === "abort") assert(/reset/i.test(error.message), error.message);
      await assertRejects(() => other.read(into));
      await assertRejects(() => ender.read(into));
      await assertRejects(() => ender.write(hello));
      ender.close();
    }
  }
  world.close();
});

tlsTest("close ends pending reads and writes", async () => {
  const world = await TlsWorld.start();
  const [near] = await world.pair();
  const reading = assertRejects(() => near.duplex.read(new Uint8Array(8)));
  const writing = assertRejects(async () => {
    for (;;) await near.duplex.write(new Uint8Array(MIB));
  });
  await pause(300);
  near.duplex.close();
  await within(Promise.all([reading, writing]), 10_000, "the ends");
  world.close();
});

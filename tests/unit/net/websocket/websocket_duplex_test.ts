/** A WebSocket as a connection: its ends, its pings, and whose memory is whose. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { WebSocketDuplex } from "../../../../lib/net/websocket/websocket_duplex.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";
import { generated } from "../../../support/random.ts";
import { collect, readAll, readExactly } from "../../../support/reading.ts";
import { pause, within } from "../../../support/wait.ts";

const bytes = (...values: number[]) => new Uint8Array(values);
const END = bytes(0x82, 0);
const CLOSE_1000 = bytes(0x88, 2, 0x03, 0xe8);

/** A client's WebSocket, and a server's bare connection behind the upgrade. */
function clientAndWire(early?: Uint8Array): [client: Duplex, wire: Duplex] {
  const [near, far] = duplexPair();
  return [new WebSocketDuplex(near, "client", early), far];
}

/** A server's WebSocket, whose frames are not masked, and a client's bare connection. */
function serverAndWire(): [server: Duplex, wire: Duplex] {
  const [near, far] = duplexPair();
  return [new WebSocketDuplex(near, "server"), far];
}

/** A client's frame with the key 0, which hides nothing. */
const clientFrame = (first: number, ...payload: number[]) =>
  bytes(first, 0x80 | payload.length, 0, 0, 0, 0, ...payload);

Deno.test("bytes that came behind the upgrade are read first, in buffers of any size", async () => {
  const [client, wire] = clientAndWire(bytes(0x82, 3, 1, 2, 3));
  assertEquals(await readExactly(client, 2), bytes(1, 2));
  const writing = wire.write(bytes(0x82, 1, 4));
  assertEquals(await readExactly(client, 2), bytes(3, 4));
  await writing;
  client.close();
});

Deno.test("an end is an empty message, and the close behind both ends is sent by whoever ends last", async () => {
  const [server, wire] = serverAndWire();
  const ended = server.closeWrite();
  assertEquals(await readExactly(wire, 2), END);
  await ended;
  const more = wire.write(concat([clientFrame(0x82, 9), clientFrame(0x82)]));
  assertEquals(await readAll(server), bytes(9));
  await more;
  assertEquals(await within(readAll(wire), 1_000, "the close"), CLOSE_1000);
  server.close();
});

Deno.test("whoever reads the other's end and then ends, sends both at once", async () => {
  const [server, wire] = serverAndWire();
  const writing = wire.write(clientFrame(0x82));
  assertEquals(await server.read(new Uint8Array(9)), null);
  await writing;
  const [rest] = await Promise.all([readAll(wire), server.closeWrite()]);
  assertEquals(rest, concat([END, CLOSE_1000]));
  assertEquals(await server.read(new Uint8Array(9)), null, "the end is read again");
});

Deno.test("a close without an end is a cut, told with its code and words, and is answered", async () => {
  const [client, wire] = clientAndWire();
  const reading = collect(client);
  const reason = new TextEncoder().encode("reboot\x07");
  await wire.write(concat([bytes(0x82, 1, 7, 0x88, 2 + reason.length, 0x03, 0xf4), reason]));
  const { bytes: got, end } = await reading;
  assertEquals([got, end], [
    bytes(7),
    'the WebSocket was closed on the way or at the other end (1012 "reboot\\u0007")',
  ]);
  assertEquals((await readExactly(wire, 8))[0], 0x88);
  await assertRejects(() => client.write(bytes(1)), TeleError, "the WebSocket is closed");
  client.close();
});

Deno.test("an end of the transport without an end is a cut, within a frame and behind one", async () => {
  for (const before of [bytes(), bytes(0x82), bytes(0x82, 3, 1), bytes(0x82, 1, 5)]) {
    const [client, wire] = clientAndWire();
    const reading = collect(client);
    if (before.length > 0) await wire.write(before);
    await wire.closeWrite();
    assertEquals((await reading).end, "the WebSocket was cut: it ended without an end");
    client.close();
  }
});

Deno.test("a rule that is broken is an error, and the other side is told 1002", async () => {
  const [server, wire] = serverAndWire();
  const reading = assertRejects(() => server.read(new Uint8Array(9)), TeleError, "is not masked");
  await wire.write(bytes(0x82, 1, 1));
  await reading;
  assertEquals(await readExactly(wire, 4), bytes(0x88, 2, 0x03, 0xea));
  server.close();
});

Deno.test("a ping is answered while one reads, behind the write that is under way", async () => {
  const [server, wire] = serverAndWire();
  const reading = server.read(new Uint8Array(9));
  const payload = generated(150_000, 1);
  const writing = server.write(payload);
  await wire.write(clientFrame(0x89, 1, 2));
  const half = await readExactly(wire, 10 + 65_536);
  assertEquals(half.subarray(0, 2), bytes(0x82, 127));
  await readExactly(wire, 10 + 65_536 + 4 + 150_000 - 131_072);
  await writing;
  assertEquals(await readExactly(wire, 4), bytes(0x8a, 2, 1, 2));
  server.close();
  await assertRejects(() => reading);
});

Deno.test("whoever sends pings and reads nothing gets the newest answered, and no memory grows", async () => {
  const [server, wire] = serverAndWire();
  const reading = server.read(new Uint8Array(64));
  for (let turn = 0; turn < 1_000; turn++) await wire.write(clientFrame(0x89, turn & 255));
  // The first answer was on its way; the second is to all the others.
  assertEquals(await readExactly(wire, 6), bytes(0x8a, 1, 0, 0x8a, 1, 999 & 255));
  const silence = wire.read(bytes(0)).then(() => "more", () => "no more");
  await pause(5);
  server.close();
  assertEquals(await silence, "no more");
  await assertRejects(() => reading);
});

Deno.test("pongs that nobody asked for are skipped", async () => {
  const [client, wire] = clientAndWire();
  const reading = readExactly(client, 1);
  await wire.write(bytes(0x8a, 0, 0x8a, 1, 1, 0x82, 1, 8));
  assertEquals(await reading, bytes(8));
  client.close();
});

Deno.test("memory of a write is read until it settles, and of a read never touched behind that", async () => {
  // This network borrows as a system does, and fails the test if that shows.
  const pipe = memoryPipe({ maxChunk: 3_000, bufferBytes: 10_000 });
  const [client, server] = [new WebSocketDuplex(pipe.a, "client"), new WebSocketDuplex(pipe.b, "server")];
  const [up, down] = [generated(200_000, 1), generated(200_000, 2)];
  const send = async (duplex: Duplex, all: Uint8Array) => {
    const lent = new Uint8Array(70_000);
    for (let at = 0; at < all.length; at += lent.length) {
      const part = all.subarray(at, at + lent.length);
      lent.set(part);
      await duplex.write(lent.subarray(0, part.length));
      lent.fill(0xee);
    }
    await duplex.closeWrite();
  };
  const [gotUp, gotDown] = await Promise.all([readAll(server), readAll(client), send(client, up), send(server, down)]);
  assert(gotUp.every((byte, at) => byte === up[at]) && gotUp.length === up.length);
  assert(gotDown.every((byte, at) => byte === down[at]) && gotDown.length === down.length);
});

Deno.test("it is named after its transport", () => {
  const transport = { ...duplexPair()[0], peer: "192.0.2.1:5", peerName: "laptop", localAddress: "192.0.2.2" };
  const { peer, peerName, localAddress, readsAfterFailedWrite } = new WebSocketDuplex(transport as Duplex, "client");
  assertEquals([peer, peerName, localAddress, readsAfterFailedWrite], [
    "192.0.2.1:5",
    "laptop",
    "192.0.2.2",
    undefined,
  ]);
});

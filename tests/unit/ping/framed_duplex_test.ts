/** Ping framing over a connection: what is written comes out framed, what comes in loses its frames. */
import { assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { TeleError } from "../../../lib/net/error.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { FramedDuplex } from "../../../lib/ping/framed_duplex.ts";
import { readAll } from "../../support/reading.ts";
import { settle } from "../../support/fake_clock.ts";

/** A frame around `payload`, which is short. */
function frame(...payload: number[]): Uint8Array {
  return new Uint8Array([0, 0, 0, payload.length, ...payload]);
}

Deno.test("two ends read what the other wrote, and each one's end behind it", async () => {
  const [near, far] = duplexPair().map((each) => new FramedDuplex(each)) as [FramedDuplex, FramedDuplex];
  const sent = new Uint8Array(600_000).map((_, at) => at % 251);
  const [got] = await Promise.all([readAll(far), near.write(sent).then(() => near.closeWrite())]);
  assertEquals(got, sent);
  const [answer] = await Promise.all([readAll(near), far.write(new Uint8Array([1])).then(() => far.closeWrite())]);
  assertEquals(answer, new Uint8Array([1]));
});

Deno.test("on the wire are frames no longer than the limit that both have, and nothing for nothing", async () => {
  const [near, wire] = duplexPair();
  const framed = new FramedDuplex(near, 2);
  const [got] = await Promise.all([
    readAll(wire),
    framed.write(new Uint8Array([1, 2, 3])).then(() => framed.write(new Uint8Array(0))).then(() => framed.closeWrite()),
  ]);
  assertEquals(got, concat([frame(1, 2), frame(3)]));
});

Deno.test("pings are sent between writes, one at a time, and not behind the end", async () => {
  const [near, wire] = duplexPair();
  const framed = new FramedDuplex(near);
  const reading = readAll(wire);
  framed.ping();
  framed.ping();
  const writing = framed.write(new Uint8Array([7]));
  framed.ping();
  await writing;
  await settle();
  framed.ping();
  await framed.closeWrite();
  framed.ping();
  assertEquals(await reading, concat([frame(), frame(7), frame()]));
});

Deno.test("pings that come are read by nobody", async () => {
  const [near, wire] = duplexPair();
  const framed = new FramedDuplex(near);
  const sending = wire.write(concat([frame(), frame(), frame(5, 6), frame()])).then(() => wire.closeWrite());
  assertEquals(await readAll(framed), new Uint8Array([5, 6]));
  await sending;
});

Deno.test("an end inside a frame is a protocol error, and so is a frame above the limit, behind what came before", async () => {
  const [near, wire] = duplexPair();
  wire.write(frame(1, 2, 3).subarray(0, 6)).then(() => wire.closeWrite()).catch(() => {});
  const framed = new FramedDuplex(near);
  const into = new Uint8Array(100);
  assertEquals(await framed.read(into), 2);
  assertEquals((await assertRejects(() => framed.read(into), TeleError, "inside a frame")).code, "protocol");

  const [other, otherWire] = duplexPair();
  const limited = new FramedDuplex(other, 2);
  otherWire.write(concat([frame(1), frame(1, 2, 3)])).catch(() => {});
  assertEquals(await limited.read(into), 1);
  assertEquals((await assertRejects(() => limited.read(into), TeleError, "the limit is 2")).code, "protocol");
});

/** The ring of sends: what an acknowledgement lets go of, and what it tells. */
import { assertEquals } from "@std/assert";
import { type Send, SendRing } from "../../../../lib/session/path/send_ring.ts";

function sendOf(end: number, sentMs: number, others: Partial<Send> = {}): Send {
  return { end, sentMs, acked: 0, ackedMs: 0, firstSentMs: 0, isLimited: false, ...others };
}

Deno.test("send ring: an acknowledgement tells of the send that holds its last byte", () => {
  const ring = new SendRing();
  const last = sendOf(300, 2, { acked: 7, ackedMs: 1.5, firstSentMs: 0.5, isLimited: true });
  ring.add(sendOf(100, 1));
  ring.add(last);
  assertEquals(ring.acknowledge(0, 40, 11).send.end, 100);
  assertEquals(ring.acknowledge(40, 200, 11).send, last);
  assertEquals(ring.acknowledge(200, 300, 11).send, last);
});

Deno.test("send ring: the times that bytes were under way are summed, byte by byte", () => {
  const ring = new SendRing();
  ring.add(sendOf(100, 1));
  ring.add(sendOf(300, 2));
  assertEquals(ring.acknowledge(0, 40, 11).waitedByteMs, 40 * 10);
  assertEquals(ring.acknowledge(40, 200, 21).waitedByteMs, 60 * 20 + 100 * 19);
  assertEquals(ring.acknowledge(200, 300, 31).waitedByteMs, 100 * 29);
});

Deno.test("send ring: sends in one tick share a row, unless something was acknowledged between them", () => {
  const ring = new SendRing();
  ring.add(sendOf(100, 1));
  ring.add(sendOf(200, 1));
  ring.add(sendOf(300, 1, { acked: 50 }));
  assertEquals(ring.acknowledge(50, 60, 2).send.end, 200);
  assertEquals(ring.acknowledge(60, 300, 2).send.acked, 50);
});

Deno.test("send ring: it grows while it wraps around, and forgets nothing", () => {
  const ring = new SendRing();
  let sent = 0, acked = 0;
  for (let round = 0; round < 2_000; round++) {
    for (let send = 0; send < 3; send++) ring.add(sendOf(sent += 10, sent, { acked }));
    const { send, waitedByteMs } = ring.acknowledge(acked, acked += 10, acked + 5);
    assertEquals([send.end, waitedByteMs], [acked, 50]);
  }
  for (; acked < sent; acked += 10) assertEquals(ring.acknowledge(acked, acked + 10, 0).send.end, acked + 10);
});

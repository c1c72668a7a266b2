import { assertEquals, assertRejects } from "@std/assert";
import { WatchedDuplex } from "../../../../lib/tunnel/doctor/watched_duplex.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";

function watched() {
  const clock = new FakeClock();
  const pipe = memoryPipe({ clock, names: ["here", "there"], localAddress: "192.0.2.7" });
  return { clock, pipe, duplex: new WatchedDuplex(pipe.a, clock) };
}

/** What one read of at most `most` bytes gives. */
async function read(duplex: WatchedDuplex, most = 8): Promise<number[] | null> {
  const into = new Uint8Array(most);
  const count = await duplex.read(into);
  return count === null ? null : [...into.subarray(0, count)];
}

Deno.test("everything is passed on in both directions, with what the connection is", async () => {
  const { pipe, duplex } = watched();
  assertEquals([duplex.peer, duplex.localAddress, duplex.leaf], ["there", "192.0.2.7", undefined]);
  assertEquals([duplex.peerName, duplex.readsAfterFailedWrite], [undefined, undefined]);
  await duplex.write(new Uint8Array([1, 2]));
  await duplex.closeWrite();
  const into = new Uint8Array(8);
  assertEquals([await pipe.b.read(into), await pipe.b.read(into)], [2, null]);
  await pipe.b.write(new Uint8Array([3]));
  assertEquals(await read(duplex), [3]);
});

Deno.test("that something came is told when it is read, and only the next time", async () => {
  const { pipe, duplex } = watched();
  await pipe.b.write(new Uint8Array([1]));
  await read(duplex);
  let came = 0;
  duplex.came().then(() => came++);
  await Promise.resolve();
  assertEquals(came, 0);
  await pipe.b.write(new Uint8Array([2]));
  await read(duplex);
  await Promise.resolve();
  assertEquals(came, 1);
});

Deno.test("an end is seen while nobody reads, with its time and reason, and by who reads then", async () => {
  const { clock, pipe, duplex } = watched();
  const end = duplex.silentEnd();
  clock.setTimer(() => pipe.b.close(), 3_000);
  assertEquals(await clock.run(end), { atMs: 4_000, reason: "it was closed" });
  assertEquals(await read(duplex), null);
  const other = watched();
  const reset = other.duplex.silentEnd();
  other.pipe.cut();
  assertEquals((await other.clock.run(reset)).reason, "connection reset");
  await assertRejects(() => read(other.duplex));
});

Deno.test("bytes that come while nobody reads are no end, and are read later, in parts too", async () => {
  const { clock, pipe, duplex } = watched();
  let ended = false;
  duplex.silentEnd().then(() => ended = true);
  await pipe.b.write(new Uint8Array([1, 2, 3]));
  await clock.settle();
  assertEquals(ended, false);
  await pipe.b.write(new Uint8Array([4]));
  assertEquals([await read(duplex, 2), await read(duplex, 2), await read(duplex)], [[1, 2], [3], [4]]);
});

Deno.test("close and abort end the connection", async () => {
  for (const end of ["close", "abort"] as const) {
    const { pipe, duplex } = watched();
    duplex[end]();
    assertEquals(pipe.isOver, true);
    await assertRejects(() => read(duplex));
  }
});

/** A connection in memory behaves as TCP does, and finds who breaks the contract of a `Duplex`. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { onMemoryFault } from "../../support/lent_memory.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";
import { generated } from "../../support/random.ts";
import { readAll, readExactly } from "../../support/reading.ts";

Deno.test("memoryPipe moves bytes both ways and half-closes", async () => {
  const { a, b } = memoryPipe();
  await a.write(new Uint8Array([1, 2]));
  await a.write(new Uint8Array([3]));
  await a.closeWrite();
  assertEquals(await readAll(b), new Uint8Array([1, 2, 3]));
  assertEquals(await b.read(new Uint8Array(1)), null);
  assertEquals(await b.read(new Uint8Array(1)), null);
  await b.write(new Uint8Array([4]));
  await b.closeWrite();
  assertEquals(await readAll(a), new Uint8Array([4]));
});

Deno.test("memoryPipe is bounded: a write waits for the reader", async () => {
  const { a, b, aToB } = memoryPipe({ bufferBytes: 10 });
  let written = false;
  const data = generated(25, 1);
  const writing = a.write(data).then(() => written = true);
  await settle();
  assertEquals([written, aToB.acceptedBytes, aToB.queuedBytes], [false, 10, 10]);
  assertEquals(await readExactly(b, 14), data.subarray(0, 14));
  await settle();
  assertEquals([written, aToB.acceptedBytes], [false, 24]);
  assertEquals(await readExactly(b, 11), data.subarray(14));
  await writing;
});

Deno.test("memoryPipe keeps the contract: one read, one write, buffers belong to it", async () => {
  const { a, b } = memoryPipe({ bufferBytes: 4 });
  const reading = a.read(new Uint8Array(1));
  await assertRejects(() => a.read(new Uint8Array(1)), Error, "second read");
  await assertRejects(() => a.read(new Uint8Array(0)), TypeError, "empty");
  const bytes = new Uint8Array(8).fill(1);
  const writing = a.write(bytes);
  const faults: string[] = [];
  onMemoryFault((fault) => faults.push(fault));
  bytes.fill(2); // Too early: the pipe must show it.
  await assertRejects(() => a.write(bytes), Error, "second write");
  assertEquals(await readExactly(b, 8), new Uint8Array(8).fill(2));
  await writing;
  onMemoryFault(undefined);
  assertEquals(faults[0], "memory was written into while a write had it: byte 0 of 8");
  await a.closeWrite();
  await assertRejects(() => a.write(bytes), Error, "after closeWrite");
  const ended = assertRejects(() => reading, Deno.errors.Interrupted);
  a.close();
  await ended;
});

Deno.test("memoryPipe finds who touches memory while a read or a write has it, after close too, until that settles", async () => {
  const faults: string[] = [];
  onMemoryFault((fault) => faults.push(fault));
  const pool = new SegmentPool({ plenty: 1 });
  try {
    const { a } = memoryPipe({ bufferBytes: 4 });
    const [read, written] = [pool.take(), pool.take()];
    written.memory.fill(7);
    const ended = [a.read(read.memory), a.write(written.memory)].map((pending) => pending.catch(() => {}));
    await settle();
    a.close();
    read.release();
    written.release();
    await Promise.all(ended);
  } finally {
    onMemoryFault(undefined);
  }
  assertEquals(faults.map((fault) => fault.replace(/:.*/, "")), [
    "memory was given back to its pool while a write had it",
    "memory was given back to its pool while a read had it",
  ]);
});

Deno.test("memoryPipe close: the peer reads what was sent, then the end, and cannot write", async () => {
  const { a, b } = memoryPipe({ bufferBytes: 8 });
  await a.write(new Uint8Array([1, 2, 3]));
  const pendingRead = assertRejects(() => a.read(new Uint8Array(1)), Deno.errors.Interrupted);
  const pendingWrite = assertRejects(() => a.write(new Uint8Array(100)), Deno.errors.Interrupted);
  await settle();
  a.close();
  a.close();
  await Promise.all([pendingRead, pendingWrite]);
  await assertRejects(() => a.write(new Uint8Array(1)), Deno.errors.Interrupted);
  await assertRejects(() => a.closeWrite(), Deno.errors.Interrupted);
  await assertRejects(() => b.write(new Uint8Array(1)), Deno.errors.BrokenPipe);
  assertEquals((await readAll(b)).length, 8);
  assertEquals(await b.read(new Uint8Array(1)), null);
});

Deno.test("memoryPipe abort: the peer's pending and later calls fail, unread bytes are lost", async () => {
  const { a, b } = memoryPipe({ bufferBytes: 4 });
  await a.write(new Uint8Array([1, 2, 3]));
  const writing = assertRejects(() => b.write(new Uint8Array(10)), Deno.errors.ConnectionReset);
  await settle();
  a.abort("test");
  await writing;
  await assertRejects(() => b.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
  await assertRejects(() => b.closeWrite(), Deno.errors.ConnectionReset);
});

Deno.test("memoryPipe cutAfter: exactly so many bytes arrive, then both ends fail", async () => {
  for (const bytes of [1, 2, 9, 10, 11, 99]) {
    const { a, b, aToB } = memoryPipe({ bufferBytes: 10, maxChunk: 4, seed: bytes });
    aToB.cutAfter(bytes);
    const data = generated(200, 1);
    const [got] = await Promise.all([
      (async () => {
        const got: number[] = [];
        const into = new Uint8Array(7);
        await assertRejects(async () => {
          while (true) {
            const n = await b.read(into);
            got.push(...into.subarray(0, n!));
          }
        }, Deno.errors.ConnectionReset);
        return got;
      })(),
      assertRejects(() => a.write(data), Deno.errors.ConnectionReset),
      assertRejects(() => a.read(new Uint8Array(1)), Deno.errors.ConnectionReset),
    ]);
    assertEquals(new Uint8Array(got), data.subarray(0, bytes));
    await assertRejects(() => b.write(data), Deno.errors.ConnectionReset);
  }
});

Deno.test("memoryPipe delivers in pieces that the seed repeats", async () => {
  const sizes = async (seed: number) => {
    const { a, b } = memoryPipe({ maxChunk: 5, seed });
    const data = generated(200, 1);
    await a.write(data);
    await a.closeWrite();
    const got: number[] = [];
    const sizes: number[] = [];
    const into = new Uint8Array(64);
    for (let n = await b.read(into); n !== null; n = await b.read(into)) {
      sizes.push(n);
      got.push(...into.subarray(0, n));
    }
    assertEquals(new Uint8Array(got), data);
    return sizes;
  };
  const first = await sizes(7);
  assertEquals([...new Set(first)].sort(), [1, 2, 3, 4, 5]);
  assertEquals(await sizes(7), first);
  assert((await sizes(8)).join() !== first.join());
});

Deno.test("memoryPipe delays bytes, FIN and RST, and paces by rate", async () => {
  const clock = new FakeClock({ nowMs: 0 });
  const { a, b, bToA } = memoryPipe({ clock, delayMs: 50, bytesPerSecond: 1000 });
  await a.write(new Uint8Array(100));
  await a.closeWrite();
  const arrivals: [number, number][] = [];
  const reading = (async () => {
    const into = new Uint8Array(1000);
    for (let n = await b.read(into); n !== null; n = await b.read(into)) arrivals.push([clock.now(), n]);
  })();
  await clock.advance(50);
  assertEquals(arrivals, []);
  await clock.advance(99);
  assert(arrivals.length >= 10 && arrivals.every(([, n]) => n <= 10));
  await clock.advance(1);
  await reading;
  assertEquals(arrivals.at(-1)![0], 150);
  assertEquals(arrivals.reduce((sum, [, n]) => sum + n, 0), 100);
  bToA.bytesPerSecond = undefined;
  let failed = 0;
  const failing = a.read(new Uint8Array(1)).catch(() => failed = clock.now());
  b.abort();
  await clock.advance(49);
  assertEquals(failed, 0);
  await clock.advance(1);
  await failing;
  assertEquals(failed, 200);
});

Deno.test("memoryPipe swallows a write that is too large, and all that is behind it", async () => {
  const pipe = memoryPipe({ largestBytes: 3 });
  await pipe.a.write(new Uint8Array(3));
  await pipe.a.write(new Uint8Array(4));
  await pipe.a.write(new Uint8Array(1));
  const buffer = new Uint8Array(10);
  assertEquals(await pipe.b.read(buffer), 3);
  let got: number | null | undefined;
  pipe.b.read(buffer).then((count) => got = count, () => {});
  await settle();
  assertEquals(got, undefined);
  await pipe.b.write(new Uint8Array(3)); // the other direction has swallowed nothing
  assertEquals(await pipe.a.read(new Uint8Array(5)), 3);
  pipe.cut();
});

Deno.test("memoryPipe black hole and hold: nothing comes out, not even an abort", async () => {
  const held = memoryPipe({ bufferBytes: 10 });
  held.aToB.hold();
  await held.a.write(new Uint8Array([1, 2]));
  await held.a.closeWrite();
  let got: number | null | undefined;
  const reading = held.b.read(new Uint8Array(5)).then((n) => got = n);
  await settle();
  assertEquals(got, undefined);
  await held.b.write(new Uint8Array(1)); // the other direction is free
  assertEquals(await held.a.read(new Uint8Array(5)), 1);
  held.release();
  await reading;
  assertEquals(got, 2);
  assertEquals(await held.b.read(new Uint8Array(5)), null);

  const hole = memoryPipe({ bufferBytes: 10 });
  hole.aToB.blackHole();
  let settled = false;
  hole.b.read(new Uint8Array(5)).catch(() => {}).finally(() => settled = true);
  await hole.a.write(new Uint8Array(10));
  const stuck = assertRejects(() => hole.a.write(new Uint8Array(1)), Deno.errors.Interrupted);
  await settle();
  hole.a.abort();
  await stuck;
  await settle();
  assertEquals(settled, false);
});

/** The test support is code too: what the other tests rely on is proven here. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { sleep } from "../../../lib/net/clock.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { onMemoryFault } from "../../support/lent_memory.ts";
import { MemoryNetwork, memoryPipe } from "../../support/memory_network.ts";
import { Random, SeededData, sha256 } from "../../support/random.ts";
import { program, requires } from "../../support/skip.ts";

/** Reads up to `bytes` bytes and stops at the end of file. */
async function readBytes(duplex: Duplex, bytes: number, bufferBytes = 1024): Promise<Uint8Array> {
  const all = new Uint8Array(bytes);
  let filled = 0;
  while (filled < bytes) {
    const n = await duplex.read(all.subarray(filled, Math.min(bytes, filled + bufferBytes)));
    if (n === null) break;
    filled += n;
  }
  return all.subarray(0, filled);
}

function generated(bytes: number, seed = 1): Uint8Array {
  const data = new Uint8Array(bytes);
  const source = new SeededData(bytes, seed);
  let at = 0;
  for (let block = source.next(); block; block = source.next()) {
    data.set(block, at);
    at += block.length;
  }
  return data;
}

Deno.test("FakeClock fires timers in order of time, then of setting", async () => {
  const clock = new FakeClock({ nowMs: 0 });
  const fired: string[] = [];
  const at = (name: string, ms: number) => clock.setTimer(() => fired.push(`${name}@${clock.now()}`), ms);
  at("c", 30);
  at("a", 10);
  at("b1", 20);
  at("b2", 20);
  at("gone", 15).cancel();
  await clock.advance(20);
  assertEquals(fired, ["a@10", "b1@20", "b2@20"]);
  assertEquals([clock.now(), clock.pendingTimers, clock.nextDueMs], [20, 1, 30]);
  await clock.advance(100);
  assertEquals(fired.length, 4);
});

Deno.test("FakeClock lets promise chains and WebCrypto finish between timers", async () => {
  const clock = new FakeClock({ nowMs: 0 });
  const seen: string[] = [];
  const work = async (name: string) => {
    for (let i = 0; i < 20; i++) await crypto.subtle.digest("SHA-256", new Uint8Array(1000));
    const keys = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]) as CryptoKeyPair;
    await crypto.subtle.sign("Ed25519", keys.privateKey, new Uint8Array(10));
    seen.push(`${name}@${clock.now()}`);
    clock.setTimer(() => seen.push(`${name}'@${clock.now()}`), 5);
  };
  clock.setTimer(() => void work("a"), 10);
  clock.setTimer(() => void work("b"), 11);
  await clock.advance(20);
  assertEquals(seen, ["a@10", "b@11", "a'@15", "b'@16"]);
});

Deno.test("FakeClock runs a week of timers in moments", async () => {
  const clock = new FakeClock();
  let beats = 0;
  const beating = (async () => {
    while (beats < 7 * 24 * 60) {
      await sleep(clock, 60_000);
      beats++;
    }
  })();
  await clock.advance(7 * 24 * 3600_000);
  await beating;
  assertEquals(beats, 7 * 24 * 60);
});

Deno.test("FakeClock sleeps, stalls, and refuses delays that a real timer cannot take", async () => {
  const clock = new FakeClock({ nowMs: 0, wallMs: 1_000_000 });
  const fired: number[] = [];
  clock.setTimer(() => fired.push(clock.now()), 100);
  clock.setTimer(() => fired.push(clock.now()), 200);
  clock.jumpWall(5_000);
  assertEquals([clock.now(), clock.wallNow()], [0, 1_005_000]);
  await clock.stall(1_000);
  assertEquals(fired, [1_000, 1_000]);
  assertEquals([clock.now(), clock.wallNow()], [1_000, 1_006_000]);
  let thrown: unknown;
  try {
    clock.setTimer(() => {}, 30 * 24 * 3600_000);
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof RangeError);
});

Deno.test("FakeClock.advanceUntil stops at the condition, and says when it cannot come", async () => {
  const clock = new FakeClock({ nowMs: 0 });
  let ready = false;
  clock.setTimer(() => ready = true, 40);
  clock.setTimer(() => {}, 900);
  await clock.advanceUntil(() => ready, 1_000);
  assertEquals(clock.now(), 40);
  await assertRejects(() => clock.advanceUntil(() => false, 100), Error, "not within 100 ms");
  await assertRejects(() => clock.advanceUntil(() => false, 5_000), Error, "nothing is left");
});

Deno.test("memoryPipe moves bytes both ways and half-closes", async () => {
  const { a, b } = memoryPipe();
  await a.write(new Uint8Array([1, 2]));
  await a.write(new Uint8Array([3]));
  await a.closeWrite();
  assertEquals(await readBytes(b, 100), new Uint8Array([1, 2, 3]));
  assertEquals(await b.read(new Uint8Array(1)), null);
  assertEquals(await b.read(new Uint8Array(1)), null);
  await b.write(new Uint8Array([4]));
  await b.closeWrite();
  assertEquals(await readBytes(a, 100), new Uint8Array([4]));
});

Deno.test("memoryPipe is bounded: a write waits for the reader", async () => {
  const { a, b, aToB } = memoryPipe({ bufferBytes: 10 });
  let written = false;
  const data = generated(25);
  const writing = a.write(data).then(() => written = true);
  await settle();
  assertEquals([written, aToB.acceptedBytes, aToB.queuedBytes], [false, 10, 10]);
  assertEquals(await readBytes(b, 14, 7), data.subarray(0, 14));
  await settle();
  assertEquals([written, aToB.acceptedBytes], [false, 24]);
  assertEquals(await readBytes(b, 11), data.subarray(14));
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
  assertEquals(await readBytes(b, 8), new Uint8Array(8).fill(2));
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
  assertEquals((await readBytes(b, 100)).length, 8);
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
    const data = generated(200);
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
    const data = generated(200);
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

Deno.test("MemoryNetwork answers, refuses, and keeps dials waiting", async () => {
  const accepted: Duplex[] = [];
  const network = new MemoryNetwork({ onConnection: (duplex) => void accepted.push(duplex) });
  const a = await network.dial();
  await a.write(new Uint8Array([9]));
  assertEquals(await readBytes(accepted[0], 1), new Uint8Array([9]));
  network.state = "refusing";
  await assertRejects(() => network.dial(), Deno.errors.ConnectionRefused);
  network.state = "unreachable";
  const aborting = new AbortController();
  const aborted = assertRejects(() => network.dial(aborting.signal), Error, "given up");
  const patient = network.dial();
  await settle();
  aborting.abort(new Error("given up"));
  await aborted;
  network.state = "up";
  await patient;
  assertEquals([network.dials, network.pipes.length, accepted.length], [4, 2, 2]);
  network.cut();
  await assertRejects(() => a.write(new Uint8Array(1)), Deno.errors.ConnectionReset);
});

Deno.test("SeededData is the same for the same seed, and its hash is of all blocks", () => {
  const data = generated(200_001, 5);
  const again = new SeededData(200_001, 5);
  while (again.next());
  assertEquals(again.sha256(), sha256(data));
  assertEquals(generated(1000, 5), data.subarray(0, 1000));
  assert(sha256(generated(200_001, 6)) !== sha256(data));
  assertEquals(new Random(3).next32(), new Random(3).next32());
});

Deno.test("requires: present programs run, missing ones are ignored outside CI and fail inside", () => {
  assertEquals(requires("cat"), { ignore: false });
  assert(program("cat").endsWith("/cat"));
  const ci = Deno.env.get("CI");
  const said = console.error;
  try {
    console.error = () => {};
    Deno.env.delete("CI");
    assertEquals(requires("cat", "no-such-program"), { ignore: true });
    Deno.env.set("CI", "1");
    assertEquals(requires("cat", "no-such-program"), { ignore: false });
  } finally {
    console.error = said;
    if (ci === undefined) Deno.env.delete("CI");
    else Deno.env.set("CI", ci);
  }
  let message = "";
  try {
    program("no-such-program");
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(message, "this test needs no-such-program");
});

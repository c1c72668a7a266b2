/** What arrives for one user: at once where it can be, in order and whole in any case. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { InboundQueue } from "../../../lib/mux/inbound.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { Segment, SegmentPool } from "../../../lib/session/segment_pool.ts";
import { settle } from "../../support/fake_clock.ts";

/** A user's connection that takes what it has room for at once; writes beyond that wait for {@linkcode User.drain}. */
class User {
  room = Infinity;
  /** Bytes taken, and whether the end was told behind them, as the last of both ends. */
  readonly taken: number[] = [];
  hasEnd = false;
  isOver = false;
  /** Writes, in the order in which they were begun. */
  writes = 0;
  #waiting: { bytes: Uint8Array; resolve(): void } | undefined;

  readonly duplex = {
    write: (bytes: Uint8Array) => this.#write(bytes) ?? Promise.resolve(),
    writeNow: (bytes: Uint8Array) => this.#write(bytes),
    closeWrite: (isLast) => {
      assert(this.#waiting === undefined && !this.hasEnd);
      this.hasEnd = true;
      this.isOver = isLast === true;
      return Promise.resolve();
    },
  } as Duplex;

  #write(bytes: Uint8Array): Promise<void> | undefined {
    assert(this.#waiting === undefined, "a second write while one waits");
    this.writes++;
    if (bytes.length <= this.room) return this.#take(bytes);
    return new Promise((resolve) => this.#waiting = { bytes, resolve });
  }

  #take(bytes: Uint8Array): undefined {
    this.room -= bytes.length;
    this.taken.push(...bytes);
  }

  /** It reads again: what waits is taken as it is now, and all that follows at once. */
  drain(): void {
    this.room = Infinity;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    this.#take(waiting.bytes);
    waiting.resolve();
  }
}

interface Scene {
  user: User;
  queue: InboundQueue;
  pool: SegmentPool;
  /** Bytes of which the queue has told that they are written. */
  written(): number;
  hasFinished(): boolean;
  /** Gives pieces of one step to the queue, as views of one segment, which is overwritten behind it. */
  step(...pieces: number[][]): void;
}

function scene(options: { plenty?: number; isStarted?: boolean; other?: { isEndSent: boolean } } = {}): Scene {
  const pool = new SegmentPool({ plenty: options.plenty ?? 8 });
  const user = new User();
  let [step, written, hasFinished] = [1, 0, false];
  const queue = new InboundQueue({
    host: {
      pool,
      get step() {
        return step;
      },
    },
    written: (bytes) => void (written += bytes),
    allWritten: () => void (hasFinished = true),
    writeFailed: (error) => {
      throw error;
    },
  }, options.other ?? { isEndSent: false });
  if (options.isStarted ?? true) queue.start(user.duplex);
  let segment = new Segment(new Uint8Array(100_000));
  return {
    user,
    queue,
    pool,
    written: () => written,
    hasFinished: () => hasFinished,
    step(...pieces) {
      step++;
      let at = 0;
      for (const piece of pieces) {
        segment.memory.set(piece, at);
        queue.push(segment.memory.subarray(at, at += piece.length), segment);
      }
      // As a carrier does: memory that nobody keeps is read into again.
      if (segment.isExclusive) segment.memory.fill(255);
      else segment = new Segment(new Uint8Array(100_000));
    },
  };
}

Deno.test("the first piece of each step is written before push returns, the others together behind it", async () => {
  const { user, queue, step, written } = scene();
  step([1, 2, 3]);
  assertEquals([user.taken, written()], [[1, 2, 3], 3]);
  step([4], [5], [6, 7]);
  assertEquals(user.taken, [1, 2, 3, 4]);
  assertEquals(queue.waitingBytes, 3);
  await settle();
  assertEquals([user.taken, user.writes, written()], [[1, 2, 3, 4, 5, 6, 7], 3, 7]);
  assertEquals(queue.waitingBytes, 0);
});

Deno.test("a piece that has to wait keeps its memory, and what follows waits behind it", async () => {
  const { user, step, written } = scene();
  user.room = 2;
  step([1, 2, 3]);
  step([4]);
  step([5]);
  await settle();
  assertEquals([user.taken, written()], [[], 0]);
  user.drain();
  await settle();
  assertEquals([user.taken, user.writes, written()], [[1, 2, 3, 4, 5], 2, 5]);
});

Deno.test("nothing is written before the user is there", async () => {
  const { user, queue, step } = scene({ isStarted: false });
  step([1], [2]);
  step([3]);
  await settle();
  assertEquals(user.writes, 0);
  queue.start(user.duplex);
  assertEquals(user.taken, [1, 2, 3]);
});

Deno.test("the end is told behind what is written at once, and behind what waits", async () => {
  const first = scene();
  first.step([1]);
  first.queue.finish();
  assert(first.user.hasEnd);
  await settle();
  assert(first.hasFinished());

  const second = scene();
  second.step([1], [2]);
  second.queue.finish();
  assert(!second.user.hasEnd);
  await settle();
  assertEquals([second.user.taken, second.user.hasEnd, second.hasFinished()], [[1, 2], true, true]);
});

Deno.test("where segments are scarce nothing is kept in one: a piece is copied and written a little later", async () => {
  // The carrier's, and not those that users are read into: of these there are enough.
  const carrier = new SegmentPool({ plenty: 1 });
  const { user, queue } = scene();
  const segment = carrier.take();
  segment.memory.fill(7);
  queue.push(segment.memory.subarray(0, 2), segment);
  assert(segment.isExclusive);
  assertEquals(user.writes, 0);
  segment.memory.fill(255);
  await settle();
  assertEquals(user.taken, [7, 7]);
  segment.release();
});

Deno.test("users that take nothing keep no more segments than there are plenty of, however many they are", async () => {
  const plenty = 4;
  const carrier = new SegmentPool({ plenty });
  const kept: Segment[] = [];
  const users = Array.from({ length: 40 }, () => scene());
  for (const { user, queue } of users) {
    user.room = 0;
    const segment = carrier.take();
    for (const from of [0, 5_000]) queue.push(segment.memory.subarray(from, from + 5_000), segment);
    await settle();
    if (!segment.isExclusive) kept.push(segment);
    segment.release();
  }
  assertEquals(users.map(({ queue }) => queue.waitingBytes), users.map(() => 10_000));
  assert(kept.length < plenty, `${kept.length} segments are kept`);
});

Deno.test("a queue that was dropped writes nothing more and lets go of its segments", async () => {
  const { user, queue, pool } = scene();
  user.room = 0;
  const segment = pool.take();
  queue.push(segment.memory.subarray(0, 10), segment);
  queue.push(segment.memory.subarray(10, 5_000), segment);
  queue.drop();
  assert(!segment.isExclusive, "the write that waits needs it still");
  user.drain();
  await settle();
  assert(segment.isExclusive);
  assertEquals([user.writes, queue.waitingBytes], [1, 0]);
});

Deno.test("whatever comes in whatever steps to a user that stalls at any moment: every byte once and in order", async () => {
  const piece = fc.integer({ min: 1, max: 6_000 });
  const act = fc.oneof(
    { weight: 4, arbitrary: fc.record({ sizes: fc.array(piece, { minLength: 1, maxLength: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ room: fc.integer({ min: 0, max: 5_000 }) }) },
    { weight: 1, arbitrary: fc.constant("drain" as const) },
    { weight: 1, arbitrary: fc.constant("settle" as const) },
  );
  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 30 }), async (acts) => {
    const { user, queue, step, written, hasFinished } = scene();
    const sent: number[] = [];
    for (const act of acts) {
      if (act === "drain") user.drain();
      else if (act === "settle") await settle();
      else if ("room" in act) user.room = Math.min(user.room, act.room);
      else {
        step(...act.sizes.map((size) => {
          const bytes = Array.from({ length: size }, (_, at) => (sent.length + at) % 251);
          sent.push(...bytes);
          return bytes;
        }));
      }
    }
    queue.finish();
    for (let round = 0; round < 3; round++) {
      user.drain();
      await settle();
    }
    assertEquals([written(), hasFinished(), user.hasEnd], [sent.length, true, true]);
    assert(sent.every((byte, at) => byte === user.taken[at]), "other bytes, or another order");
  }));
});

Deno.test("a user is told the end as the last of both where its own is on its way, looked at behind all data", async () => {
  for (const [before, behind] of [[false, false], [false, true], [true, true]] as const) {
    const other = { isEndSent: before };
    const { user, queue, step, hasFinished } = scene({ other });
    user.room = 0;
    step([1, 2, 3]);
    queue.finish();
    other.isEndSent = behind;
    user.drain();
    await settle();
    assertEquals([user.taken.length, user.hasEnd, user.isOver, hasFinished()], [3, true, behind, true]);
  }
});

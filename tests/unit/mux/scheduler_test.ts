/** Who sends next: a keystroke before bulk, bulk in turns, and nobody for ever. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { BULK_AFTER_MS, QUIET_AFTER_MS, QUIET_BYTES, QUIET_SPAN_MS } from "../../../lib/mux/mux_constants.ts";
import { Scheduler, Turn } from "../../../lib/mux/scheduler.ts";

interface Sender {
  name: string;
  turn: Turn;
}

function sender(name: string, sentBytes = 0, nowMs = 0): Sender {
  const turn = new Turn();
  if (sentBytes > 0) turn.sent(sentBytes, nowMs);
  return { name, turn };
}

/** A clock that stands still. */
function stoppedAt(nowMs: number): { now(): number } {
  return { now: () => nowMs };
}

/** All of a queue, in order. */
function drain(next: () => Sender | undefined): string[] {
  const names: string[] = [];
  for (let each = next(); each !== undefined; each = next()) names.push(each.name);
  return names;
}

Deno.test("a stream is quiet until it has sent much within a short span, and again when that is over", () => {
  const turn = new Turn();
  assert(turn.isQuiet(0));
  turn.sent(QUIET_BYTES - 1, 0);
  assert(turn.isQuiet(1));
  turn.sent(1, 1);
  assert(!turn.isQuiet(2));
  assert(!turn.isQuiet(QUIET_SPAN_MS - 1));
  assert(turn.isQuiet(QUIET_SPAN_MS));
});

Deno.test("keystrokes over a long time never make a stream bulk", () => {
  const turn = new Turn();
  for (let nowMs = 0; nowMs < 60_000; nowMs += 10) {
    turn.sent(100, nowMs);
    assert(turn.isQuiet(nowMs));
  }
});

Deno.test("quiet streams and bulk streams wait in queues of their own, each first come first served", () => {
  const scheduler = new Scheduler<Sender>();
  for (const name of ["a", "b", "c"]) {
    scheduler.add(sender(`bulk ${name}`, QUIET_BYTES), stoppedAt(1));
    scheduler.add(sender(`quiet ${name}`), stoppedAt(1));
  }
  assert(scheduler.hasBulk);
  assertEquals(drain(() => scheduler.nextQuiet()), ["quiet a", "quiet b", "quiet c"]);
  assertEquals(drain(() => scheduler.nextBulk()), ["bulk a", "bulk b", "bulk c"]);
  assert(!scheduler.hasBulk);
  assertStrictEquals(scheduler.nextQuiet(), undefined);
});

Deno.test("a stream that is ready twice waits once, and can wait again after its turn", () => {
  const scheduler = new Scheduler<Sender>();
  const bulk = sender("bulk", QUIET_BYTES);
  scheduler.add(bulk, stoppedAt(1));
  scheduler.add(bulk, stoppedAt(2));
  scheduler.add(bulk, stoppedAt(QUIET_SPAN_MS + 1)); // quiet by now, but it has its place already
  assertStrictEquals(bulk.turn.waitsIn, scheduler);
  assertEquals([...drain(() => scheduler.nextQuiet()), ...drain(() => scheduler.nextBulk())], ["bulk"]);
  assertStrictEquals(bulk.turn.waitsIn, undefined);
  scheduler.add(bulk, stoppedAt(QUIET_SPAN_MS + 1));
  assertEquals(drain(() => scheduler.nextQuiet()), ["bulk"]);
});

Deno.test("a stream that moves to another session while it waits has its turn there, once, and none in the former", () => {
  const former = new Scheduler<Sender>(), next = new Scheduler<Sender>();
  const streams = [sender("keys"), sender("stays"), sender("bulk", QUIET_BYTES)] as const;
  for (const stream of streams) former.add(stream, stoppedAt(1));
  const [keys, , bulk] = streams;
  for (const stream of [keys, bulk, keys]) next.add(stream, stoppedAt(2));
  assertEquals(drain(() => former.nextQuiet()), ["stays"]);
  assertEquals(drain(() => former.nextBulk()), []);
  assertEquals([...drain(() => next.nextQuiet()), ...drain(() => next.nextBulk())], ["keys", "bulk"]);
});

Deno.test("the clock is read for a stream that has sent much, once, and for no other", () => {
  const scheduler = new Scheduler<Sender>();
  let reads = 0;
  const clock = { now: () => ++reads };
  scheduler.add(sender("keys", QUIET_BYTES - 1), clock);
  assertEquals(reads, 0);
  scheduler.add(sender("bulk", QUIET_BYTES), clock);
  assertEquals(reads, 1);
  assertEquals([...drain(() => scheduler.nextQuiet()), ...drain(() => scheduler.nextBulk())], ["keys", "bulk"]);
});

Deno.test("bulk streams that always have more take turns", () => {
  const scheduler = new Scheduler<Sender>();
  const senders = ["a", "b", "c"].map((name) => sender(name, QUIET_BYTES));
  for (const each of senders) scheduler.add(each, stoppedAt(1));
  let order = "";
  for (let turn = 0; turn < 9; turn++) {
    const next = scheduler.nextBulk()!;
    order += next.name;
    next.turn.sent(QUIET_BYTES, 1);
    scheduler.add(next, stoppedAt(1));
  }
  assertEquals(order, "abcabcabc");
});

Deno.test("among thousands that always have more nobody is passed over", () => {
  const scheduler = new Scheduler<Sender>();
  const count = 5_000;
  const turns = new Map<string, number>();
  for (let at = 0; at < count; at++) scheduler.add(sender(`${at}`, QUIET_BYTES), stoppedAt(1));
  for (let turn = 0; turn < 3 * count; turn++) {
    const next = scheduler.nextBulk()!;
    turns.set(next.name, (turns.get(next.name) ?? 0) + 1);
    scheduler.add(next, stoppedAt(1));
  }
  assertEquals(turns.size, count);
  assert([...turns.values()].every((each) => each === 3));
});

Deno.test("any adding and taking keeps the order of both queues and loses nobody", () => {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ act: fc.constant("add" as const), who: fc.integer({ min: 0, max: 2_000 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({ act: fc.constantFrom("quiet" as const, "bulk" as const), who: fc.constant(0) }),
    },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 3_000, size: "max" }), (actions) => {
      const scheduler = new Scheduler<Sender>();
      // Even ones are bulk for the whole test.
      const senders = Array.from({ length: 2_001 }, (_, at) => sender(`${at}`, at % 2 === 0 ? QUIET_BYTES : 0));
      const model = { quiet: [] as Sender[], bulk: [] as Sender[] };
      for (const { act, who } of actions) {
        if (act === "add") {
          const each = senders[who];
          const queue = who % 2 === 0 ? model.bulk : model.quiet;
          if (!queue.includes(each)) queue.push(each);
          scheduler.add(each, stoppedAt(1));
        } else {
          const next = act === "quiet" ? scheduler.nextQuiet() : scheduler.nextBulk();
          assertStrictEquals(next, model[act].shift());
        }
        assertEquals(scheduler.hasBulk, model.bulk.length > 0);
      }
      assertEquals(drain(() => scheduler.nextQuiet()), model.quiet.map(({ name }) => name));
      assertEquals(drain(() => scheduler.nextBulk()), model.bulk.map(({ name }) => name));
    }),
    { numRuns: 25 },
  );
});

Deno.test("a stream behind whose turns something waits all the time is bulk, however little it sends", () => {
  const scheduler = new Scheduler<Sender>();
  const slow = sender("slow");
  for (let nowMs = 0; nowMs <= 300; nowMs += 50) {
    scheduler.addAgain(slow, nowMs);
    const isBulk = nowMs >= BULK_AFTER_MS;
    assertEquals([slow.turn.isBulk(nowMs), slow.turn.isQuiet(nowMs)], [isBulk, !isBulk]);
    assertStrictEquals(isBulk ? scheduler.nextBulk() : scheduler.nextQuiet(), slow);
  }
  assert(slow.turn.isBulk(300 + QUIET_AFTER_MS), "something waits still");
  slow.turn.sent(10, 310);
  assert(!slow.turn.isBulk(310 + QUIET_AFTER_MS));
  assert(slow.turn.isQuiet(310 + QUIET_AFTER_MS));
});

Deno.test("a stream whose turns are seconds apart, since the path is full, stays bulk though a turn takes all", () => {
  const scheduler = new Scheduler<Sender>();
  const bulk = sender("bulk", QUIET_BYTES);
  for (const nowMs of [0, 50, 100]) {
    scheduler.addAgain(bulk, nowMs);
    assertStrictEquals(scheduler.nextBulk(), bulk);
    bulk.turn.sent(2_000, nowMs === 100 ? 3_000 : nowMs);
  }
  assert(!bulk.turn.isQuiet(3_001), "the turn took all, but that had waited until then");
  scheduler.waits(bulk, 3_050);
  assert(bulk.turn.isBulk(3_050));
  assertEquals(scheduler.backlog.ageMs(3_050), 3_050);
});

Deno.test("what waited among bulk for 100 ms is bulk, and what waited less or was quiet is not", () => {
  const isBulk = [BULK_AFTER_MS, BULK_AFTER_MS - 1].map((waitedMs) => {
    const scheduler = new Scheduler<Sender>();
    const upload = sender("upload", QUIET_BYTES);
    scheduler.add(upload, stoppedAt(1));
    scheduler.nextBulk()!.turn.sent(2_000, 1 + waitedMs);
    scheduler.waits(upload, 1 + waitedMs);
    return upload.turn.isBulk(1 + waitedMs);
  });
  assertEquals(isBulk, [true, false]);
  const scheduler = new Scheduler<Sender>();
  const keys = sender("keys");
  scheduler.add(keys, stoppedAt(1));
  scheduler.nextQuiet()!.turn.sent(1, 500);
  scheduler.waits(keys, 500);
  assert(!keys.turn.isBulk(500));
});

Deno.test("many short streams stay quiet, however long each waits for its turn because there are many", () => {
  const scheduler = new Scheduler<Sender>();
  const streams = Array.from({ length: 300 }, (_, at) => sender(`${at}`));
  for (const stream of streams) scheduler.add(stream, stoppedAt(0));
  // A piece each 10 ms: a stream has its next turn after three seconds.
  for (let nowMs = 10; nowMs <= 6 * 3_000; nowMs += 10) {
    assertEquals(scheduler.hasBulk, false);
    const stream = scheduler.nextQuiet()!;
    stream.turn.sent(1_000, nowMs);
    scheduler.addAgain(stream, nowMs);
  }
});

Deno.test("the backlog of a scheduler is that of all its streams together", () => {
  const scheduler = new Scheduler<Sender>();
  assertEquals([scheduler.backlog.isBulk(0), scheduler.backlog.ageMs(0)], [false, 0]);
  const streams = ["a", "b"].map((name) => sender(name));
  for (let nowMs = 0; nowMs <= 150; nowMs += 50) scheduler.addAgain(streams[nowMs / 50 % 2], nowMs);
  assertEquals([scheduler.backlog.isBulk(150), scheduler.backlog.ageMs(150)], [true, 150]);
});

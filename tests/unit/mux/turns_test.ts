/** Small things go first, then streams that send little, then bulk, each a turn. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  BULK_AFTER_MS,
  EARLY_STREAMS,
  LEAST_TURN_BYTES,
  MOST_EXCESS_BYTES,
  MOST_PULL_BYTES,
  QUIET_BYTES,
} from "../../../lib/mux/mux_constants.ts";
import { Turn } from "../../../lib/mux/scheduler.ts";
import { Turns, type TurnTaker } from "../../../lib/mux/turns.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { DATA_HEADER_BYTES } from "../../../lib/session/session_constants.ts";
import { BULK, LONE_BULK, SPREAD_FRAME_BYTES, SPREAD_ROOM_BYTES } from "../../../lib/session/share.ts";

/** Turns at a log, and what is written down of them. */
function setUp({ limitBytes = 1 << 20, rateBytesPerMs = 0, frameBytes = Infinity } = {}) {
  const budget = new LogBudget({ limitBytes });
  const log = new FrameLog(budget);
  const told: string[] = [];
  const clock = { nowMs: 0, looks: 0, now: () => (clock.looks++, clock.nowMs) };
  const turns = new Turns(clock);
  turns.bind({
    wake: () => void told.push("wake"),
    wakeNow: () => void told.push("wake now"),
    drained: () => undefined,
    isEmpty: true,
    roundTripMs: 0,
    rateBytesPerMs,
    frameBytes,
    budget,
  });
  let ids = 0;
  /** A stream with so many bytes to send; those with much behind them are bulk. */
  const stream = (waiting: number, sentBefore = 0): TurnTaker & { waiting: number } => {
    const made = {
      id: ++ids,
      turn: new Turn(),
      window: { granted: 0 },
      waiting,
      get wantsTurn() {
        return made.waiting > 0;
      },
      get sendable() {
        return { nextBytes: made.waiting, creditBytes: 2 * made.waiting };
      },
      takeTurn(into: FrameLog, maxBytes: number) {
        const bytes = Math.max(0, Math.min(maxBytes, made.waiting));
        told.push(`${made.id} takes ${bytes}`);
        if (bytes > 0) into.reserve(bytes);
        made.waiting -= bytes;
        made.turn.sent(bytes, 0);
        return bytes;
      },
    };
    made.turn.sent(sentBefore, 0);
    return made;
  };
  const news = () => told.splice(0);
  return { turns, budget, log, stream, news, clock };
}

Deno.test("who has something to send wakes the session, and many of them at once", () => {
  const { turns, stream, news } = setUp();
  turns.ready(stream(1));
  for (let count = 2; count < EARLY_STREAMS; count++) turns.arrived(stream(1));
  assertEquals(new Set(news()), new Set(["wake"]));
  turns.arrived(stream(1));
  assertEquals(news(), ["wake now"]);
});

Deno.test("nobody looks at the clock for a small message, nor while nobody waits for a turn", () => {
  const { turns, log, stream, news, clock } = setUp();
  turns.pull(log, 1e6, 1e6, 0);
  turns.arrived(stream(64));
  turns.pull(log, 1e6, 1e6, 0);
  assertEquals([news(), turns.hasBacklog, clock.looks], [["wake", "1 takes 64"], false, 0]);
});

Deno.test("a backlog is told of once something has waited behind turns for a while, and while a stream waits", () => {
  const { turns, log, stream, clock } = setUp({ limitBytes: 1e8 });
  turns.ready(stream(1e6, 1e6));
  assertEquals([turns.hasBulk, turns.hasBacklog], [true, false]);
  for (clock.nowMs = 0; clock.nowMs <= BULK_AFTER_MS; clock.nowMs += BULK_AFTER_MS / 2) {
    turns.pull(log, 10_000, 10_000, clock.nowMs);
  }
  assertEquals([turns.hasBulk, turns.hasBacklog], [true, true]);
  turns.pull(log, 1e6, 1e6, 0);
  turns.pull(log, 1e6, 1e6, 0);
  turns.pull(log, 1e6, 1e6, 0);
  turns.pull(log, 1e6, 1e6, 0);
  assertEquals([turns.hasBulk, turns.hasBacklog], [false, false]);
});

Deno.test("what the peer takes of bulk is told while some waits, for each that waits that of the next", () => {
  const { turns, log, stream } = setUp();
  turns.ready(stream(1));
  assertEquals(turns.bulkCreditBytes, undefined);
  turns.ready(stream(1_000, 1e6));
  turns.ready(stream(5_000, 1e6));
  assertEquals([turns.bulkCreditBytes, turns.bulkCreditBytes], [4_000, 4_000]);
  turns.pull(log, 1_001, 1_001, 0);
  assertEquals(turns.bulkCreditBytes, 10_000);
});

Deno.test("a quiet stream goes in front of bulk that came before it, and bulk takes turns", () => {
  const { turns, log, stream, news } = setUp();
  const [one, other] = [stream(2 * LEAST_TURN_BYTES, 1e6), stream(2 * LEAST_TURN_BYTES, 1e6)];
  turns.ready(one);
  turns.ready(other);
  const quiet = stream(100);
  turns.ready(quiet);
  news();
  turns.pull(log, 1e6, 1e6, 0);
  const turn = LEAST_TURN_BYTES;
  assertEquals(news().slice(0, 4), [`3 takes 100`, `1 takes ${turn}`, `2 takes ${turn}`, `1 takes ${turn}`]);
});

Deno.test("a turn is long alone, and beside others what the path carries in a moment", () => {
  const alone = setUp();
  assertEquals(alone.turns.turnBytes, MOST_PULL_BYTES);
  for (const [rateBytesPerMs, bytes] of [[1, LEAST_TURN_BYTES], [100_000, 100_000], [1e9, MOST_PULL_BYTES]]) {
    const { turns, stream } = setUp({ rateBytesPerMs });
    turns.ready(stream(1, 1e6));
    assertEquals(turns.turnBytes, bytes);
  }
});

Deno.test("no turn is longer than a frame may be, alone or beside others", () => {
  const { turns, stream } = setUp({ rateBytesPerMs: 1_000, frameBytes: 10_000 });
  assertEquals(turns.turnBytes, 10_000);
  turns.ready(stream(1, 1e6));
  assertEquals(turns.turnBytes, 10_000);
});

Deno.test("of quiet streams what is urgent may go beyond the room of bulk, and counts there", () => {
  const { turns, log, stream, news } = setUp();
  turns.ready(stream(5_000));
  turns.ready(stream(1e6, 1e6));
  news();
  turns.pull(log, 4_000, 10_000, 0);
  assertEquals(news(), ["1 takes 5000"]);
  turns.pull(log, 4_000, 10_000, 0);
  assertEquals(news(), ["2 takes 4000"]);
});

Deno.test("a quiet stream with a backlog does not go on for ever when there is no room", () => {
  const { turns, log, stream, news } = setUp();
  turns.ready(stream(10 * QUIET_BYTES));
  news();
  turns.pull(log, 0, 100, 0);
  assertEquals(news(), ["1 takes 100"]);
  turns.pull(log, 0, 0, 0);
  assertEquals(news(), ["1 takes 0"], "an open or an end would go");
});

Deno.test("resets and windows go in front, and a window of a stream that is over does not", () => {
  const { turns, log, news } = setUp();
  const over = { id: 1, window: { granted: 5 } };
  turns.tellWindow(over);
  turns.forget(over);
  assertEquals([turns.hasResets, news()], [false, ["wake"]]);
  turns.windowLost({ id: 3, window: { granted: 5 } });
  assertEquals(news(), [], "it goes with what is sent next");
  turns.tellReset({ id: 5, offset: 0, code: 1, message: "" });
  assertEquals([turns.hasResets, news()], [true, ["wake"]]);
  turns.pull(log, 0, 0, 0);
  assertEquals([turns.hasResets, log.end], [false, 21 + 17]);
});

Deno.test("a peer that does not acknowledge what it is told breaks a rule when there is more to tell", () => {
  const { turns, log } = setUp({ limitBytes: 1 });
  assert(!turns.leavesTooMuch);
  log.reserve(MOST_EXCESS_BYTES);
  assert(turns.leavesTooMuch);
  turns.pull(log, 0, 0, 0);
  turns.tellWindow({ id: 1, window: { granted: 5 } });
  assertThrows(() => turns.pull(log, 0, 0, 0), TeleError, "does not acknowledge");
});

Deno.test("resets that wait count as well", () => {
  const { turns } = setUp();
  turns.tellReset({ id: 1, offset: 0, code: 1, message: "x".repeat(MOST_EXCESS_BYTES) });
  assert(turns.leavesTooMuch);
});

Deno.test("beside other bulk carriers nothing large is cut, and what is small goes where it may", () => {
  const taken = [
    BULK,
    { ...BULK, smallBulk: true },
    { ...BULK, smallBulk: true, bulk: false },
    LONE_BULK,
  ].map((share) => {
    const { turns, log, stream, news } = setUp();
    for (const bytes of [1_000, 64_000]) turns.ready(stream(bytes, 1e6));
    news();
    turns.pullShare(log, SPREAD_ROOM_BYTES + 500, 0, share, Infinity);
    return news().filter((line) => line.includes("takes"));
  });
  assertEquals(taken, [
    ["2 takes 16901"],
    ["1 takes 1000"],
    ["1 takes 1000"],
    ["1 takes 1000", "2 takes 15901"],
  ]);
});

Deno.test("beside other bulk carriers the last of a chunk is large if it fills a frame with its header", () => {
  const taken = [1, 0].map((lessBytes) => {
    const { turns, log, stream, news } = setUp();
    turns.ready(stream(SPREAD_FRAME_BYTES - DATA_HEADER_BYTES - lessBytes, 1e6));
    news();
    turns.pullShare(log, 2 * SPREAD_ROOM_BYTES, 0, BULK, Infinity);
    return news().filter((line) => line.includes("takes")).length;
  });
  assertEquals(taken, [0, 1]);
});

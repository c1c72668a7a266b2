/** Three bounds as one: the path's, the system's, and the caution that former carriers taught. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { type Caution, NO_CAUTION, SMALL_BYTES } from "../../../../lib/session/carrier/pace.ts";
import { SendRoom } from "../../../../lib/session/carrier/send_room.ts";
import { PathBound } from "../../../../lib/session/path/path_bound.ts";

/** What urgent data may have beyond bulk. */
const URGENT_BYTES = 64 * 1024;

/** A caution that lets only small pieces go. */
const CAUTIOUS = { level: 1, heldUntilMs: -Infinity };

/** A carrier that is alone on its path. */
function roomBehind(caution: Caution): SendRoom {
  return new SendRoom(caution, new PathBound().join());
}

/** Sends `bytes` at `sentMs`, and has them acknowledged at `ackedMs`. Returns the offset behind them. */
function carry(room: SendRoom, from: number, bytes: number, sentMs: number, ackedMs: number): number {
  room.sent(sentMs, from, from + bytes);
  room.acknowledged(ackedMs, from, from + bytes);
  return from + bytes;
}

Deno.test("what is in flight is taken from the path's bound, and urgent data may go beyond it", () => {
  const room = roomBehind(NO_CAUTION);
  const first = room.bulkBytes(0);
  assertEquals([room.urgentBytes(0), room.pieceBytes(0)], [first + URGENT_BYTES, Infinity]);
  room.sent(0, 0, 1_000);
  assertEquals([room.bulkBytes(0), room.urgentBytes(0)], [first - 1_000, first + URGENT_BYTES - 1_000]);
  room.sent(0, 1_000, first);
  assertEquals([room.bulkBytes(0), room.urgentBytes(0)], [0, URGENT_BYTES]);
  room.acknowledged(50, 0, first);
  assertEquals([room.flight.inFlight, room.flight.lowestRoundTripMs], [0, 50]);
});

Deno.test("where only small pieces pass, urgent data is no exception", () => {
  const room = roomBehind(CAUTIOUS);
  assertEquals([room.bulkBytes(0), room.urgentBytes(0), room.pieceBytes(0)], [SMALL_BYTES, SMALL_BYTES, SMALL_BYTES]);
  room.sent(0, 0, SMALL_BYTES);
  assertEquals([room.bulkBytes(1), room.urgentBytes(1)], [0, 0]);
});

Deno.test("pieces that were acknowledged end the caution", () => {
  const room = roomBehind(CAUTIOUS);
  let at = 0;
  for (let piece = 0; piece < 4; piece++) at = carry(room, at, SMALL_BYTES, 10 * piece, 10 * piece + 5);
  at = carry(room, at, room.bulkBytes(50), 50, 60);
  assert(room.pace.isFree);
  assertEquals(room.pieceBytes(60), Infinity);
});

Deno.test("writes that had to wait bound what is in flight by what the system takes", () => {
  const room = roomBehind(NO_CAUTION);
  let at = 0;
  // A path of 100 ms and much rate, so that its bound is far above.
  for (let round = 0; round < 20; round++) {
    at = carry(room, at, room.bulkBytes(100 * round), 100 * round, 100 * round + 100);
  }
  const before = room.bulkBytes(2_000);
  for (const nowMs of [2_000, 2_100]) {
    room.sent(nowMs, at, at += 300_000);
    room.writing(nowMs, 100_000);
    assert(room.isTelling);
    room.written(nowMs + 50);
    room.acknowledged(nowMs + 100, at - 300_000, at);
  }
  assertLess(room.bulkBytes(2_200), before);
  assertEquals(Math.round(room.bulkBytes(2_200) / 1_000), 201, "what was in flight in front of the write");
});

Deno.test("a small write says nothing of the system's buffer, and is not worth looking at the clock", () => {
  const room = roomBehind(NO_CAUTION);
  room.writing(0, 16 * 1024 - 1);
  assertEquals(room.isTelling, false);
  room.writing(0, 16 * 1024);
  assertEquals(room.isTelling, true);
});

Deno.test("a rate that was measured while data was missing does not count as the path's, unless room was missing", () => {
  const rateAfter = (inFlightShare: number): number => {
    const room = roomBehind(NO_CAUTION);
    let at = 0;
    for (let round = 0; round < 12; round++) {
      const nowMs = 100 * round;
      const bytes = Math.floor(room.bulkBytes(nowMs) * inFlightShare);
      room.sent(nowMs, at, at + bytes);
      room.lacksData();
      room.acknowledged(nowMs + 100, at, at += bytes);
    }
    return room.bulkBytes(1_200);
  };
  const room = roomBehind(NO_CAUTION);
  assertEquals(rateAfter(0.25), room.bulkBytes(0), "nothing was learned that would raise the bound");
  assert(rateAfter(0.9) > room.bulkBytes(0));
});

Deno.test("a carrier that has much in flight is taken for limited, before its buffer is full", () => {
  const room = roomBehind(NO_CAUTION);
  room.sent(0, 0, 1_048_575);
  assertEquals(room.isLimited, false);
  room.sent(0, 1_048_575, 1_048_576);
  assertEquals(room.isLimited, true);
});

Deno.test("while the system does not take a write there is no room behind it, whatever the path holds", () => {
  const room = roomBehind(NO_CAUTION), first = room.bulkBytes(0);
  room.sent(0, 0, 20_000);
  room.writing(0, 20_000);
  assertEquals([room.bulkBytes(9), room.bulkBytes(10)], [first - 20_000, 0]);
  room.written(300);
  assertEquals(room.bulkBytes(300), first - 20_000);
});

Deno.test("a small write is not looked at", () => {
  const room = roomBehind(NO_CAUTION), first = room.bulkBytes(0);
  room.sent(0, 0, 1_000);
  room.writing(0, 1_000);
  assertEquals(room.bulkBytes(1_000), first - 1_000);
});

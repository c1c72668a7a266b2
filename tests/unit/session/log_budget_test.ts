/** How much a session holds of what it has sent, and how much more may come. */
import { assert, assertEquals } from "@std/assert";
import { LogBudget, PIECE_BYTES } from "../../../lib/session/log_budget.ts";
import { MemoryPool } from "../../../lib/session/memory_pool.ts";
import { DATA_HEADER_BYTES, LEAST_ROOM_BYTES } from "../../../lib/session/session_constants.ts";

const KIB = 1024;
const RESERVE_BYTES = 128 * KIB;

Deno.test("a budget of which nothing is used has all its room", () => {
  const budget = new LogBudget({ limitBytes: 100 });
  assertEquals([budget.room, budget.heldBytes, budget.excessBytes], [100, 0, 0]);
});

Deno.test("room shrinks with what is held, and with what it takes to hold it, and never goes below zero", () => {
  const each = PIECE_BYTES;
  const budget = new LogBudget({ limitBytes: 1000 + each });
  budget.change(600, 1);
  assertEquals(budget.room, 400);
  budget.change(500, 1);
  assertEquals(budget.room, 0);
  budget.change(10, 1); // what is not data always fits
  assertEquals([budget.room, budget.heldBytes, budget.excessBytes], [0, 1110, 110 + 2 * each]);
  budget.change(-600, -1);
  assertEquals(budget.room, 490 - each);
});

Deno.test("small frames that leave one by one count by their memory, which is many times their bytes", () => {
  const memory = new MemoryPool(64 * KIB * KIB);
  const budget = new LogBudget({ limitBytes: KIB * KIB, memory });
  for (let ends = 0; ends < 10_000; ends++) budget.change(17, 1);
  assertEquals(budget.heldBytes, 170_000);
  assertEquals(budget.room, 0, "no more data");
  assert(budget.excessBytes > 500_000, "a peer that acknowledges none of them is told from one that does");
  assert(memory.used > KIB * KIB, "and it counts among what all sessions hold");
  for (let ends = 0; ends < 10_000; ends++) budget.change(-17, -1);
  assertEquals([memory.used, budget.heldBytes, budget.excessBytes], [0, 0, 0]);
});

Deno.test("a session may hold its reserve whatever others hold, and beyond it its share of what is left", () => {
  const memory = new MemoryPool(300 * KIB);
  const budget = new LogBudget({ limitBytes: KIB * KIB, memory });
  assertEquals(budget.room, RESERVE_BYTES + 100 * KIB, "a third of what is free: twice as much stays for others");
  memory.claim(300 * KIB);
  assertEquals(budget.room, RESERVE_BYTES);
  budget.change(RESERVE_BYTES - PIECE_BYTES, 1);
  assertEquals([budget.room, memory.used], [0, 300 * KIB], "the reserve is nobody else's");
  budget.change(10, 0);
  assertEquals(memory.used, 300 * KIB + 10);
});

Deno.test("with nothing held any room is worth a frame, else only that of a frame that is not all header", () => {
  const budget = new LogBudget({ limitBytes: 10_000 });
  assertEquals(budget.leastRoom, DATA_HEADER_BYTES + 1);
  budget.change(1, 1);
  assertEquals(budget.leastRoom, LEAST_ROOM_BYTES);
});

Deno.test("what lingers counts among what all sessions hold, the reserve included, and not for the limit", () => {
  const memory = new MemoryPool(64 * KIB * KIB);
  const budget = new LogBudget({ limitBytes: KIB * KIB, memory });
  budget.linger(RESERVE_BYTES + 10);
  assertEquals([memory.used, budget.heldBytes, budget.excessBytes, budget.room], [10, 0, 0, KIB * KIB]);
  budget.change(100, 0);
  assertEquals(memory.used, 110);
  memory.claim(64 * KIB * KIB);
  assertEquals(budget.room, 0, "the reserve is used");
  memory.give(64 * KIB * KIB);
  budget.linger(-RESERVE_BYTES - 10);
  assertEquals([memory.used, budget.heldBytes], [0, 100]);
});

Deno.test("frames of streams are counted apart: with others alone nothing would be lost", () => {
  const budget = new LogBudget({ limitBytes: 1000 });
  budget.change(17, 1);
  assertEquals([budget.heldBytes, budget.streamFrames], [17, 0]);
  budget.change(40, 1, 2);
  budget.change(17, 0, 1);
  assertEquals([budget.heldBytes, budget.streamFrames], [74, 3]);
  budget.change(-57, -1, -3);
  assertEquals(budget.streamFrames, 0);
});

Deno.test("an eighth of the limit is for quiet streams alone, 1 MiB at the least, and half at the most", () => {
  const MIB = KIB * KIB;
  const bulkRooms = [32 * MIB, 4 * MIB, 1023].map((limitBytes) => new LogBudget({ limitBytes }).bulkRoom);
  assertEquals(bulkRooms, [28 * MIB, 3 * MIB, 511]);
  const maySpread = [1 * MIB, 128 * KIB, 128 * KIB - 2].map((limitBytes) => new LogBudget({ limitBytes }).mayBeSpread);
  assertEquals(maySpread, [true, true, false]);
  const budget = new LogBudget({ limitBytes: 4 * MIB });
  budget.change(3 * MIB, 0);
  assertEquals([budget.room, budget.bulkRoom], [MIB, 0]);
});

Deno.test("where memory is short bulk has the reserve of its session too: it never stands still", () => {
  const memory = new MemoryPool(0);
  const budget = new LogBudget({ limitBytes: 32 * KIB * KIB, memory });
  assertEquals([budget.room, budget.bulkRoom], [RESERVE_BYTES, RESERVE_BYTES]);
});

/** Whether one more stream may be opened here, and what it begins with. */
import { assertEquals, assertThrows } from "@std/assert";
import { CreditPool } from "../../../lib/mux/credit.ts";
import { GROWTH_POOL_BYTES, MOST_START_CREDIT } from "../../../lib/mux/mux_constants.ts";
import { OwnOpens } from "../../../lib/mux/own_opens.ts";
import { StreamTable } from "../../../lib/mux/stream_table.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { MemoryBudget } from "../../../lib/session/memory_budget.ts";

function setUp({ maxStreams = 10, lastId = 9 } = {}) {
  const open = { count: 0 }, draining = { hasBegun: false };
  const streams = new StreamTable<{ id: number }>({ end: "client", open, lastId });
  const memory = new MemoryBudget(Infinity);
  const growth = new CreditPool(GROWTH_POOL_BYTES, memory.growth);
  const opens = new OwnOpens({ streams, open, maxStreams, growth, memory, draining });
  const add = () => {
    opens.checkOpen();
    const stream = { id: 0 };
    opens.add(stream, opens.start().opening);
    return stream;
  };
  return { opens, streams, draining, add, memory };
}

Deno.test("a stream begins with credit both ways, and waits until its open is sent", () => {
  const { opens, streams, add } = setUp();
  const { window, sendCredit, opening } = opens.start();
  assertEquals([window.granted, sendCredit, opening.send], [MOST_START_CREDIT, MOST_START_CREDIT, MOST_START_CREDIT]);
  const stream = add();
  assertEquals([streams.unopenedCount, streams.number(stream), streams.unopenedCount], [1, 1, 0]);
});

Deno.test("a user is refused beyond the limit, without a number, and in a session that is drained", () => {
  const few = setUp({ maxStreams: 1 });
  few.add();
  assertThrows(() => few.add(), TeleError, "there are 1 streams already");
  const short = setUp({ lastId: 3 });
  for (let count = 0; count < 2; count++) short.add();
  assertThrows(() => short.add(), TeleError, "are used up");
  const drained = setUp();
  drained.draining.hasBegun = true;
  assertEquals(assertThrows(() => drained.add(), TeleError, "is drained").code, "refused");
});

Deno.test("what a stream was granted goes back with its end, or when it is over", () => {
  const { opens, add, memory } = setUp();
  opens.poolBytes = 1 << 20;
  assertEquals(opens.poolBytes, 1 << 20);
  const [one, other] = [add(), add()];
  opens.endTaken(one);
  opens.delete(one);
  opens.delete(other);
  assertEquals(memory.starts.used, 0);
});

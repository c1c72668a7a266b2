/** A number is a stream once, and what was a stream is not forgotten. */
import { assertEquals, assertThrows } from "@std/assert";
import { type End, StreamTable } from "../../../lib/mux/stream_table.ts";
import { TeleError } from "../../../lib/net/error.ts";

/** A table and the count that it shares with others. */
function setUp(end: End, lastId?: number) {
  const open = { count: 5 };
  return { open, table: new StreamTable<{ id: number }>({ end, open, lastId }) };
}

Deno.test("streams of this end have no number before their open goes, and then the next one", () => {
  const { table, open } = setUp("client");
  const [first, second] = [{ id: 0 }, { id: 0 }];
  table.addUnopened(first);
  table.addUnopened(second);
  assertEquals([table.count, open.count, table.unopened], [2, 7, [first, second]]);
  second.id = table.number(second);
  first.id = table.number(first);
  assertEquals([second.id, first.id, table.unopened, table.count], [1, 3, [], 2]);
  assertEquals([table.find(1), table.get(3), table.all], [second, first, [second, first]]);
});

Deno.test("a stream that is over is told apart from one that never was", () => {
  const { table, open } = setUp("client");
  const stream = { id: 0 };
  table.addUnopened(stream);
  stream.id = table.number(stream);
  assertEquals([table.delete(stream), table.delete(stream), open.count], [true, false, 5]);
  assertEquals([table.find(1), table.get(1)], [undefined, undefined]);
  for (const id of [0, 2, 3, -1]) assertThrows(() => table.find(id), TeleError, `stream ${id}, which was never opened`);
});

Deno.test("an unopened stream can be taken away", () => {
  const { table, open } = setUp("client");
  const stream = { id: 0 };
  table.addUnopened(stream);
  assertEquals([table.delete(stream), table.count, open.count], [true, 0, 5]);
});

Deno.test("an open of the peer's opens once, whatever order opens come in", () => {
  const { table, open } = setUp("server");
  assertEquals([table.see(5), table.see(1), table.see(5)], [true, true, false]);
  const stream = { id: 5 };
  table.add(stream);
  assertEquals([table.find(5), table.find(1), table.count, open.count], [stream, undefined, 1, 6]);
  assertThrows(() => table.find(3), TeleError, "never opened");
  table.delete(stream);
  assertEquals([table.see(5), table.find(5)], [false, undefined]);
  assertThrows(() => table.see(2), TeleError);
});

Deno.test("numbers are used up when those without one would need more than there are", () => {
  const { table } = setUp("client", 5);
  assertEquals([table.isHalfUsedUp, table.isUsedUp], [false, false]);
  for (let streams = 0; streams < 3; streams++) table.addUnopened({ id: 0 });
  assertEquals([table.isHalfUsedUp, table.isUsedUp], [false, true]);
  for (const stream of table.unopened) table.number(stream);
  assertEquals([table.isHalfUsedUp, table.isUsedUp], [true, true]);
});

Deno.test("a server gives even numbers, beside the odd ones of its client", () => {
  const { table } = setUp("server");
  const [own, others] = [{ id: 0 }, { id: 1 }];
  table.addUnopened(own);
  own.id = table.number(own);
  assertEquals([own.id, table.see(1)], [2, true]);
  table.add(others);
  assertEquals([table.find(2), table.find(1)], [own, others]);
  for (const id of [0, 3, 4]) assertThrows(() => table.find(id), TeleError, "never opened");
  table.delete(own);
  assertEquals(table.find(2), undefined);
});

Deno.test("half of the numbers are used up by whichever end opens streams", () => {
  const { table } = setUp("client", 9);
  table.see(2);
  assertEquals(table.isHalfUsedUp, false);
  table.see(4);
  assertEquals([table.isHalfUsedUp, table.isUsedUp], [true, false]);
});

Deno.test("a session that was never used is not half used up, however few numbers there are", () => {
  for (const lastId of [1, 2, 3]) {
    const { table } = setUp("client", lastId);
    assertEquals(table.isHalfUsedUp, false);
    const stream = { id: 0 };
    table.addUnopened(stream);
    table.number(stream);
    assertEquals([table.isHalfUsedUp, table.lastOpened], [true, 1]);
  }
});

Deno.test("the last number that came, and whether all up to one have, is known in whatever order they come", () => {
  const { table } = setUp("client");
  assertEquals([table.hasSeenUpTo(0), table.hasSeenUpTo(2)], [true, false]);
  table.see(6);
  table.see(2);
  assertEquals([table.hasSeenUpTo(6), table.hasSeenUpTo(0)], [false, false]);
  table.see(4);
  assertEquals([table.hasSeenUpTo(6), table.hasSeenUpTo(8)], [true, false]);
  for (const last of [6, 8, 2 ** 31 - 2]) table.checkLast(last);
  for (const last of [0, 4, 7, 2 ** 31]) assertThrows(() => table.checkLast(last), TeleError, "cannot be its last");
});

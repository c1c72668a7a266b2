/** What a peer takes for its streams stays taken for as long as it may wait here, and has limits. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  LEAST_START_CREDIT,
  LEAST_START_POOL_BYTES,
  MOST_START_CREDIT,
  START_POOL_BYTES,
} from "../../../lib/mux/mux_constants.ts";
import { PeerStarts } from "../../../lib/mux/peer_starts.ts";
import { MemoryBudget } from "../../../lib/session/memory_budget.ts";

const MIB = 1024 * 1024;

Deno.test("the pool that is told is a share of the memory that is left, within its bounds", () => {
  assertEquals(new PeerStarts(new MemoryBudget(Infinity), "server").poolBytes, START_POOL_BYTES);
  assertEquals(new PeerStarts(new MemoryBudget(16 * MIB), "server").poolBytes, LEAST_START_POOL_BYTES);
  assertEquals(new PeerStarts(new MemoryBudget(256 * MIB), "server").poolBytes, 4 * MIB);
});

Deno.test("a peer that takes twice the pool is refused, and taken again when its streams are over", () => {
  const starts = new PeerStarts(new MemoryBudget(Infinity), "server");
  const most = 2 * starts.poolBytes / MOST_START_CREDIT;
  let streams = 0;
  for (; starts.refusal(MOST_START_CREDIT, streams) === undefined; streams++) starts.take(streams, MOST_START_CREDIT);
  // Each stream that is open has the least beyond the pool.
  assertEquals(
    streams,
    Math.floor((most * MOST_START_CREDIT + LEAST_START_CREDIT) / (MOST_START_CREDIT - LEAST_START_CREDIT)),
  );
  assertStringIncludes(starts.refusal(MOST_START_CREDIT, streams)!, "does not read");
  for (let id = 0; id < streams; id++) starts.delete(id);
  starts.delete(0);
  assertEquals(starts.refusal(2 * starts.poolBytes, 0), undefined);
});

Deno.test("when all has come only what waits for the user is still taken", () => {
  const memory = new MemoryBudget(Infinity);
  const starts = new PeerStarts(memory, "server");
  starts.take(1, 1_000);
  const stream = { id: 1, hasArrived: false, waitingBytes: 300 };
  starts.received(stream);
  assertEquals(memory.starts.used, 1_000);
  stream.hasArrived = true;
  starts.received(stream);
  starts.received({ ...stream, waitingBytes: 400 });
  assertEquals(memory.starts.used, 300);
  starts.received({ id: 9, hasArrived: true, waitingBytes: 0 });
  starts.delete(1);
  assertEquals(memory.starts.used, 0);
});

Deno.test("without memory for more a stream is refused, but each session may open some with the least", () => {
  const memory = new MemoryBudget(16 * MIB);
  const starts = new PeerStarts(memory, "server");
  memory.starts.claim(memory.starts.free - 2 * LEAST_START_CREDIT);
  assertStringIncludes(starts.refusal(MOST_START_CREDIT, 0)!, "--memory");
  assertEquals(starts.refusal(LEAST_START_CREDIT, 0), undefined);
  memory.starts.claim(2 * LEAST_START_CREDIT);
  assertStringIncludes(starts.refusal(LEAST_START_CREDIT, 0)!, "--memory");
});

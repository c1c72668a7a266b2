/** The memory of all sessions together: `--memory`. */
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { LEAST_START_CREDIT, LEAST_START_POOL_BYTES } from "../../../lib/mux/mux_constants.ts";
import { MuxClient } from "../../../lib/mux/link.ts";
import { MemoryBudget } from "../../../lib/session/memory_budget.ts";
import { MemoryPool } from "../../../lib/session/memory_pool.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { echo, KIB, MIB, MuxWorld, text } from "../../support/mux_world.ts";
import { readText } from "../../support/reading.ts";

Deno.test("logs share the memory of all, and each has a reserve that nobody takes", () => {
  const memory = new MemoryPool(MIB);
  const logs = Array.from({ length: 5 }, () => new LogBudget({ limitBytes: 64 * MIB, memory }));
  const pieces = new Map<LogBudget, number>();
  for (const log of logs) {
    assertGreater(log.room, 128 * KIB - 1);
    for (; log.room > 0; pieces.set(log, (pieces.get(log) ?? 0) + 1)) log.change(Math.min(log.room, 4 * KIB), 1);
  }
  assertLessOrEqual(memory.used, MIB);
  assertLessOrEqual(logs.reduce((sum, { heldBytes }) => sum + heldBytes, 0), MIB + 5 * 128 * KIB);
  for (const log of logs) log.change(-log.heldBytes, -pieces.get(log)!);
  assertEquals(memory.used, 0);
});

/** A client whose streams send without end; the user's server never reads. */
function flood(world: MuxWorld, streams: number): MuxClient {
  const client = new MuxClient({ clock: world.clock, dial: (signal) => world.network.dial(signal) });
  for (let left = streams; left > 0; left--) {
    const [user, far] = duplexPair();
    client.open(far);
    const block = new Uint8Array(64 * KIB);
    (async () => {
      for (;;) await user.write(block);
    })().catch(() => {});
  }
  return client;
}

Deno.test("guests fill what there is and no more, others get on beside them, and it comes back when they have left", async () => {
  const memory = new MemoryBudget(64 * MIB);
  let readers = 0;
  await using world = new MuxWorld({ server: { memory }, serve: (user) => readers++ === 0 ? echo(user) : undefined });
  const { user } = world.open();
  await world.attached();
  await world.run(user.write(text("hello")));
  assertEquals(await world.run(readText(user, 5)), "hello");
  const guests = Array.from({ length: 8 }, () => flood(world, 40));
  await world.clock.advance(5_000);
  const { used } = memory;
  assertGreater(used, 8 * MIB);
  assertLessOrEqual(used, 64 * MIB);
  await world.run(user.write(new Uint8Array(200 * KIB)));
  await world.run(readText(user, 200 * KIB));
  // A stream that is opened now begins with less, and gets on.
  const late = world.open();
  await world.run(late.user.write(text("late")));
  assertEquals(await world.run(readText(world.upstream.at(-1)!, 4)), "late");
  await world.run(Promise.all(guests.map((guest) => guest.stop("they leave"))));
  await world.clock.advance(1_000);
  assertLessOrEqual(memory.used, 2 * MIB);
});

Deno.test("when sessions that held much have ended, the collector is told, once", () => {
  let released = 0;
  const budget = new MemoryBudget(512 * MIB, () => released++);
  const held = new MemoryPool(Infinity, budget.logs);
  held.claim(100 * MIB);
  for (let ended = 1; ended <= 10; ended++) {
    budget.sessionEnding();
    held.give(10 * MIB);
    budget.sessionEnded();
    assertEquals(released, ended < 7 ? 0 : 1);
  }
});

Deno.test("a client is told how much start credit it may take, and takes no more", async () => {
  const memory = new MemoryBudget(32 * MIB);
  await using world = new MuxWorld({ server: { memory } });
  await world.attached();
  const opened = Array.from({ length: 200 }, () => world.open());
  await world.clock.advance(100);
  assertEquals(world.ends.client, [], "none is refused");
  const most = LEAST_START_POOL_BYTES + opened.length * LEAST_START_CREDIT;
  assertLessOrEqual(memory.starts.used, most);
});

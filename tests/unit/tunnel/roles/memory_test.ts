import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { MemoryBudget } from "../../../../lib/session/memory_budget.ts";
import { budgetOf, collectSoon, garbageCollector, machineMemoryBytes } from "../../../../lib/tunnel/roles/memory.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const MIB = 1024 * 1024;

Deno.test("the budget is what the user says, else a quarter of the machine's memory", () => {
  const clock = new FakeClock();
  // How many segments may be out follows from the limit.
  const segments = (limitBytes: number) => new MemoryBudget(limitBytes).segments(Infinity);
  assertEquals(budgetOf(64 * MIB, clock).segments(Infinity), segments(64 * MIB));
  assertEquals(budgetOf(undefined, clock).segments(Infinity), segments(machineMemoryBytes() / 4));
  assertEquals(budgetOf(64 * MIB, clock, 2).segments(Infinity), segments(32 * MIB), "workers share it");
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("from Deno 2.9 on, V8 collects when it is asked to", async () => {
  const collect = garbageCollector();
  if (Deno.version.deno.startsWith("2.6.")) return assertEquals(collect, undefined);
  let held: Uint8Array | undefined = new Uint8Array(MIB);
  const weak = new WeakRef(held.buffer);
  assertEquals(weak.deref()?.byteLength, MIB);
  held = undefined;
  // What a WeakRef has told is kept until the step ends.
  await new Promise((resolve) => setTimeout(resolve));
  collect!();
  assertEquals(weak.deref(), undefined);
});

Deno.test("collection is asked for once in a while at most, and not in the step that asks", async () => {
  const clock = new FakeClock();
  let times = 0;
  const ask = collectSoon(clock, () => times++);
  for (let i = 0; i < 5; i++) ask();
  assertEquals(times, 0);
  await clock.advance(1_000);
  assertEquals(times, 1);
  ask();
  await clock.advance(19_000);
  assertEquals(times, 1);
  await clock.advance(1_000);
  assertEquals(times, 2);
  collectSoon(clock, undefined)();
  await clock.advance(60_000);
});

Deno.test("a machine has some memory, and not more than it can have", () => {
  assertGreater(machineMemoryBytes(), 255 * MIB);
  assertLessOrEqual(machineMemoryBytes(), Math.max(256 * MIB, Deno.systemMemoryInfo().total));
});

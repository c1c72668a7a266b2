/** Memory that is promised in parts: what is taken stays within the limit, and leaves the others some. */
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { MemoryPool } from "../../../lib/session/memory_pool.ts";

Deno.test("what pools in a pool take stays within it, and whoever comes later still finds some", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ who: fc.nat(5), bytes: fc.nat(2_000), gives: fc.boolean() }), { maxLength: 200 }),
    (steps) => {
      const all = new MemoryPool(10_000);
      const each = Array.from({ length: 6 }, () => new MemoryPool(8_000, all));
      for (const { who, bytes, gives } of steps) {
        const pool = each[who]!;
        if (gives) pool.give(Math.min(bytes, pool.used));
        else pool.take(bytes);
        assertEquals(all.used, each.reduce((sum, { used }) => sum + used, 0));
        assertLessOrEqual(all.used, 10_000);
        for (const { free } of each) assert(free >= 0);
      }
      for (const pool of each) pool.take(10_000);
      assertGreater(new MemoryPool(8_000, all).free, 100, "the next one");
    },
  ));
});

Deno.test("what is claimed is promised beyond the limit, counts in the common pool, and nothing is free meanwhile", () => {
  const all = new MemoryPool(1_000);
  const pool = new MemoryPool(100, all);
  pool.claim(150);
  assertEquals([pool.used, pool.free, all.used], [150, 0, 150]);
  assertEquals(pool.take(10), 0);
  pool.give(150);
  assertEquals([pool.used, all.used], [0, 0]);
});

import { assertEquals, assertStringIncludes } from "@std/assert";
import { markup } from "../../../../../lib/tunnel/status/page/markup.js";
import { layOutRates, sparkline } from "../../../../../lib/tunnel/status/page/sparkline.js";

Deno.test("each rate holds between its samples, and the highest reaches the top", () => {
  const samples = [{ ms: 60_000, bytes: 0 }, { ms: 61_000, bytes: 512 }, { ms: 63_000, bytes: 512 }];
  assertEquals(layOutRates(samples, 120_000), {
    corners: [[60, 0], [61, 0], [61, 24], [63, 24]],
    highest: 512,
  });
});

Deno.test("what was before the last two minutes is left out, and what reaches into them is cut", () => {
  const samples = [{ ms: 0, bytes: 0 }, { ms: 10_000, bytes: 900_000 }, { ms: 70_000, bytes: 900_060 }];
  assertEquals(layOutRates(samples, 140_000), { corners: [[0, 0], [50, 0]], highest: 1 });
});

Deno.test("counts that started over, and times that stand still, are no rates", () => {
  const samples = [{ ms: 1000, bytes: 50 }, { ms: 1000, bytes: 60 }, { ms: 2000, bytes: 10 }];
  assertEquals(layOutRates(samples, 2000), { corners: [[119, 24], [120, 24]], highest: 0 });
});

Deno.test("a sparkline is an area with the highest rate in words, and nothing without two samples", () => {
  const made = sparkline([{ ms: 0, bytes: 0 }, { ms: 1000, bytes: 2048 }], 1000);
  assertStringIncludes(markup(made!), "<title>the last two minutes: 2 KiB/s at the most</title>");
  assertStringIncludes(markup(made!), '<path d="M119 24L119 0L120 0L120 24Z"></path>');
  assertEquals([sparkline([], 0), sparkline([{ ms: 0, bytes: 5 }], 0)], [null, null]);
});

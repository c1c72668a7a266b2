/** The text format of Prometheus. */
import { assertEquals } from "@std/assert";
import { expose, type Sample } from "../../../../lib/tunnel/status/exposition.ts";
import type { Metric } from "../../../../lib/tunnel/status/metric_table.ts";

const METRIC: Metric = { name: "m", type: "counter", help: "H.", labels: [] };
const HEAD = "# HELP m H.\n# TYPE m counter\n";

Deno.test("each metric has its help and its type once, then its samples", () => {
  const samples: Sample[] = [{ labels: { a: "1", b: "2" }, value: 3 }, { suffix: "_sum", labels: {}, value: 0.5 }];
  assertEquals(expose([[METRIC, samples]]), `${HEAD}m{a="1",b="2"} 3\nm_sum 0.5\n`);
});

Deno.test("a metric without samples is left out, and so is a label without a value", () => {
  assertEquals(expose([[METRIC, []]]), "");
  assertEquals(expose([[METRIC, [{ labels: { a: "" }, value: 0 }]]]), `${HEAD}m 0\n`);
});

Deno.test("no name of a client ends its line or its quotes", () => {
  const value = 'a\n"b\\';
  assertEquals(expose([[METRIC, [{ labels: { client: value }, value: 1 }]]]), `${HEAD}m{client="a\\n\\"b\\\\"} 1\n`);
});

Deno.test("a number without a limit is +Inf", () => {
  assertEquals(expose([[METRIC, [{ labels: {}, value: Infinity }]]]), `${HEAD}m +Inf\n`);
});

import { assertEquals } from "@std/assert";
import { labelsIn, metricsIn } from "../../support/promql.ts";

Deno.test("the metrics of a query are found, and functions, labels, texts and numbers are none", () => {
  const cases: [string, string[]][] = [
    ["up", ["up"]],
    ['up{job="tele"} == 0 or absent(up{job="tele"})', ["up"]],
    ['a_total{reason="b_total} or c"} offset 5m > 1e3', ["a_total"]],
    ["histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))", ["a_bucket"]],
    ["sum(rate(a[15m])) by (b, c) / on (d) group_left (e) f:g and h", ["a", "f:g", "h"]],
    ["time() - process_start_time_seconds", ["process_start_time_seconds"]],
    ["max_over_time(sum(a)[1h:1m]) > bool 1", ["a"]],
  ];
  for (const [query, metrics] of cases) assertEquals(metricsIn(query), metrics, query);
});

Deno.test("the labels of a query are found, in matchers and in clauses", () => {
  assertEquals(labelsIn('sum by (a, b) (c{d=~"x", e!="f=\\"g\\""}) / on (h) group_left () i'), [
    "d",
    "e",
    "a",
    "b",
    "h",
  ]);
  assertEquals(labelsIn("rate(a[5m])"), []);
});

/** The metrics that `/metrics` tells, and where they are documented. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { METRICS } from "../../../../lib/tunnel/status/metric_table.ts";
import { readText } from "../../../support/source_tree.ts";

Deno.test("names, units and types follow the conventions of Prometheus", () => {
  for (const { name, type, help } of METRICS) {
    assertMatch(name, /^(tele|process)_[a-z_]+$/);
    assertEquals(name.endsWith("_total"), type === "counter", name);
    assert(type !== "histogram" || name.endsWith("_seconds"), name);
    assertMatch(help, /^[A-Z1].*\.$/);
  }
  assertEquals(new Set(METRICS.map(({ name }) => name)).size, METRICS.length);
});

Deno.test("the manual lists every metric with its type and labels, and no other", () => {
  const rows = [
    ...readText("lib/tunnel/MANUAL.md").matchAll(/^\| `((?:tele|process)_[a-z_]+)` +\| (\w+) +\| ([^|]*?) +\|/gm),
  ];
  const told = rows.map(([, name, type, labels]) => `${name} ${type} ${labels}`);
  assertEquals(told, METRICS.map(({ name, type, labels }) => `${name} ${type} ${labels.join(", ")}`));
});

/** The metrics of several workers as one text. */
import { assertEquals } from "@std/assert";
import { mergeMetrics } from "../../../../lib/tunnel/workers/merge_metrics.ts";

Deno.test("samples of one metric stand together under one comment, each with its worker's labels", () => {
  const text = (value: number, others = "") =>
    `# HELP a What a is.\n# TYPE a counter\na ${value}\na{x="1"} 2\n${others}# HELP b_seconds B.\n# TYPE b_seconds histogram\n` +
    `b_seconds_bucket{le="+Inf"} ${value}\nb_seconds_sum ${value}\n`;
  const only = "# HELP c C.\n# TYPE c gauge\nc 7\n";
  const merged = mergeMetrics([
    { labels: { worker: 1, generation: 0 }, text: text(5) },
    { labels: { worker: 2, generation: 0 }, text: text(6, only) },
  ]);
  assertEquals(merged.trimEnd().split("\n"), [
    "# HELP a What a is.",
    "# TYPE a counter",
    'a{worker="1",generation="0"} 5',
    'a{worker="1",generation="0",x="1"} 2',
    'a{worker="2",generation="0"} 6',
    'a{worker="2",generation="0",x="1"} 2',
    "# HELP b_seconds B.",
    "# TYPE b_seconds histogram",
    'b_seconds_bucket{worker="1",generation="0",le="+Inf"} 5',
    'b_seconds_sum{worker="1",generation="0"} 5',
    'b_seconds_bucket{worker="2",generation="0",le="+Inf"} 6',
    'b_seconds_sum{worker="2",generation="0"} 6',
    "# HELP c C.",
    "# TYPE c gauge",
    'c{worker="2",generation="0"} 7',
  ]);
});

Deno.test("a label's value may look like anything", () => {
  const text = '# TYPE a gauge\na{client="} {# HELP x"} 1\n';
  assertEquals(
    mergeMetrics([{ labels: { worker: 1 }, text }]),
    '# TYPE a gauge\na{worker="1",client="} {# HELP x"} 1\n',
  );
});

Deno.test("no worker has no metrics", () => {
  assertEquals(mergeMetrics([]), "");
});

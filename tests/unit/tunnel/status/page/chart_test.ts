import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chart, chartSentence } from "../../../../../lib/tunnel/status/page/chart.js";
import { markup } from "../../../../../lib/tunnel/status/page/markup.js";
import { layOut } from "../../../../../lib/tunnel/status/page/timeline.js";
import type { SessionReport } from "../../../../../lib/tunnel/status/report.ts";
import { ago, NOW, outSessionReport, sessionReport } from "../../../../support/status_reports.ts";

/** The line of a session. */
function line(session: SessionReport): ReturnType<typeof layOut> {
  return layOut(session, Date.parse(NOW));
}

Deno.test("a chart has a bar for each carrier, with its number, and a band with a pointer for each outage", () => {
  const made = markup(chart(line(sessionReport())));
  for (const number of [6, 7, 8]) assertStringIncludes(made, `<title>carrier ${number}, `);
  assertEquals(made.match(/class="chart-outage"/g)?.length, 1);
  assertStringIncludes(made, ", 12 s</title>");
  assertStringIncludes(made, '<path d="M-5 0H5L0 8Z">');
});

Deno.test("a chart grows with its rows, to a bound", () => {
  const height = (rows: number) => {
    const from = ago(100);
    const timeline = Array.from({ length: rows }, (_, number) => ({ kind: "carrier", number, from } as const));
    const made = chart(
      line(sessionReport({ timeline: timeline.map((one) => ({ ...one, lane: "bulk", path: 0, to: null })) })),
    );
    return Number(made.attributes.height);
  };
  assert(height(2) > height(1));
  assertEquals(height(0), height(1), "one without carriers has room for outages");
  assertEquals(height(200), height(12));
});

Deno.test("a chart names paths only where there are several", () => {
  const [carrier] = sessionReport().carriers;
  const entry = { kind: "carrier", number: carrier!.number, lane: "quiet", from: ago(9), to: null } as const;
  const labels = (paths: number[]) =>
    markup(chart(line(sessionReport({ timeline: paths.map((path) => ({ ...entry, path })) }))));
  assertStringIncludes(labels([0]), ">quiet</text>");
  assertStringIncludes(labels([0, 1]), ">quiet, path 2</text>");
});

Deno.test("a long outage has its length in the chart, and a short one has no room for it", () => {
  const made = (seconds: number) =>
    markup(chart(line(sessionReport({ timeline: [{ kind: "outage", from: ago(2000), to: ago(2000 - seconds) }] }))));
  assertStringIncludes(made(600), ">10 min</text></g>");
  assert(!made(60).includes(">1 min</text></g>"));
});

Deno.test("what a chart shows is told in a sentence, too", () => {
  const [quiet] = sessionReport().timeline;
  assertEquals(chartSentence(line(sessionReport({ timeline: [] }))), "No carrier yet.");
  assertEquals(chartSentence(line(sessionReport({ timeline: [quiet!] }))), "No outage in the last hour.");
  assertEquals(chartSentence(line(sessionReport())), "1 outage in the last hour: 12 s.");
  assertEquals(
    chartSentence(line(outSessionReport())),
    "2 outages in the last hour: 1 min 14 s together, the longest 1 min 2 s.",
  );
});

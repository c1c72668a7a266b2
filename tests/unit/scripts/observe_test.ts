/** What `scripts/observe` asks Prometheus for is what tele tells it. */
import { assert, assertEquals } from "@std/assert";
import { type Metric, METRICS } from "../../../lib/tunnel/status/metric_table.ts";
import {
  type DashboardPanel,
  dashboardQueries,
  OBSERVE,
  readDashboard,
  readRules,
  variableQueries,
} from "../../support/observed.ts";
import { labelsIn, metricsIn } from "../../support/promql.ts";
import { readText } from "../../support/source_tree.ts";

/** What Prometheus itself adds to whatever it scrapes (prometheus.io, "Jobs and instances"). */
const [SERIES_OF_PROMETHEUS, LABELS_OF_PROMETHEUS] = [["up"], ["job", "instance"]];

/** The series of a metric: a histogram has three. */
function seriesOf({ name, type }: Metric): string[] {
  return type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

const SERIES = [...METRICS.flatMap(seriesOf), ...SERIES_OF_PROMETHEUS];

/** The labels that a query may name: those of its metrics, and Prometheus's own. */
function labelsFor(query: string): string[] {
  const read: Metric[] = METRICS.filter((metric) =>
    seriesOf(metric).some((series) => metricsIn(query).includes(series))
  );
  return [
    ...LABELS_OF_PROMETHEUS,
    ...read.flatMap(({ labels, type }) => type === "histogram" ? [...labels, "le"] : labels),
  ];
}

/** What a query names that tele does not tell. */
function unknownIn(query: string): string[] {
  const labels = labelsFor(query);
  return [
    ...metricsIn(query).filter((metric) => !SERIES.includes(metric)),
    ...labelsIn(query).filter((label) => !labels.includes(label)),
  ];
}

Deno.test("every metric and label of the dashboard and the rules is one of tele's", () => {
  const dashboard = readDashboard();
  const queries = [...dashboardQueries(dashboard), ...readRules().map(({ expr }) => expr)];
  assert(queries.length > 30, `${queries.length} queries`);
  for (const query of queries) assertEquals(unknownIn(query), [], query);
  const variables = variableQueries(dashboard);
  assertEquals(variables.map(({ label }) => label), ["job", "instance", "tunnel"]);
  for (const { query, label } of variables) {
    assertEquals(unknownIn(query), [], query);
    assert(labelsFor(query).includes(label), `${query} has no ${label}`);
  }
  assertEquals(unknownIn("sum by (colour) (tele_gone_total)"), ["tele_gone_total", "colour"]);
});

Deno.test("the dashboard shows every metric of tele", () => {
  const read = new Set(dashboardQueries(readDashboard()).flatMap(metricsIn));
  const unread = METRICS.filter((metric) => !seriesOf(metric).some((series) => read.has(series)));
  assertEquals(unread.map(({ name }) => name), []);
});

Deno.test("the tests of the rules count with series that there are", () => {
  const series = [...readText(`${OBSERVE}/tele.rules.test.yml`).matchAll(/- series: '(.*)'$/gm)].map(([, text]) =>
    text!
  );
  assert(series.length > 20, `${series.length} series`);
  for (const text of series.filter((text) => !text.includes('job="node"'))) assertEquals(unknownIn(text), [], text);
});

Deno.test("the manual tells every alert, with its severity", () => {
  const section = /^## Prometheus and Grafana\n(.*?)^## /ms.exec(readText("lib/tunnel/MANUAL.md"))?.[1] ?? "";
  const told = [...section.matchAll(/^\| `(Tele\w+)` *\|[^|]+\| (\w+) *\|$/gm)].map(([, alert, severity]) => [
    alert,
    severity,
  ]);
  assertEquals(told, readRules().map(({ alert, labels }) => [alert, labels.severity]));
});

Deno.test("every panel says what it shows, asks the chosen data source, and lies beside the others", () => {
  const { panels } = readDashboard();
  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
  const drawn = panels.filter(({ type }) => type !== "row");
  for (const { title, description, targets = [], datasource } of drawn) {
    assert((description?.length ?? 0) > 5, title);
    const sources = [datasource?.uid, ...targets.map(({ datasource }) => datasource.uid)];
    assert(sources.every((uid) => uid === "${datasource}"), title);
  }
  const covers = ({ gridPos: { x, y, w, h } }: DashboardPanel, atX: number, atY: number) =>
    atX >= x && atX < x + w && atY >= y && atY < y + h;
  for (const panel of panels) {
    const { x, y, w, h } = panel.gridPos;
    assert(x + w <= 24, panel.title);
    for (let atX = x; atX < x + w; atX++) {
      for (let atY = y; atY < y + h; atY++) {
        const others = panels.filter((other) => other !== panel && covers(other, atX, atY));
        assertEquals(others.map(({ title }) => title), [], panel.title);
      }
    }
  }
});

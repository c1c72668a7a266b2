/**
 * The chart of the bench: an SVG with horizontal bars, readable on light and on dark ground.
 *
 * @module
 */
import { type Result, spreadOf } from "./result.ts";
import { format } from "./statistics.ts";
import type { Metric } from "./workload.ts";

const WIDTH = 920;
const COLUMNS = 2;
const GAP = 24;
const PANEL_WIDTH = (WIDTH - GAP * (COLUMNS + 1)) / COLUMNS;
const TITLE_HEIGHT = 40;
const ROW_HEIGHT = 20;
const BAR_HEIGHT = 13;
const LABEL_WIDTH = 104;
const VALUE_WIDTH = 72;
const CAPTION_HEIGHT = 34;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .unit, .caption { fill: #59636e; font-size: 11px }
  .bar { fill: #afb8c1 }
  .own { fill: #0969da }
  .spread { stroke: #24292f; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .unit, .caption { fill: #9198a1 }
    .bar { fill: #57606a }
    .own { fill: #4493f8 }
    .spread { stroke: #e6edf3 }
  }`;

/** One panel: one figure of one workload. */
interface Panel {
  result: Result;
  metric: Metric;
  height: number;
}

/** Draws the charted figures. Bars are medians, the lines on them go from quartile to quartile. */
export function chart(results: readonly Result[], caption: string): string {
  const panels = results.flatMap((result) =>
    result.metrics.filter((metric) => metric.isCharted && result.rows.some((row) => spreadOf(row, metric.name)))
      .map((metric): Panel => ({ result, metric, height: TITLE_HEIGHT + result.rows.length * ROW_HEIGHT }))
  );
  const parts: string[] = [];
  let y = GAP;
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const line = panels.slice(first, first + COLUMNS);
    parts.push(...line.map((panel, column) => draw(panel, GAP + column * (PANEL_WIDTH + GAP), y)));
    y += Math.max(...line.map(({ height }) => height)) + GAP;
  }
  const words = `${caption}. Medians, with lines from quartile to quartile.`;
  parts.push(`<text class="caption" x="${GAP}" y="${y}">${escape(words)}</text>`);
  const height = y + CAPTION_HEIGHT - GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>tele beside what people would use instead</title>`,
    `<style>${STYLE}\n</style>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function draw({ result, metric }: Panel, x: number, y: number): string {
  const rows = result.rows.map((row) => ({ row, spread: spreadOf(row, metric.name) }));
  const most = Math.max(...rows.map(({ spread }) => spread?.high ?? 0));
  const space = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const scale = (value: number) => Math.round(value / most * space * 10) / 10;
  const name = metric.name === "rate" || metric.name === "time" ? "" : `${metric.name}, `;
  const lines = [
    `<g transform="translate(${x} ${y})">`,
    `<text class="title" x="0" y="12">${escape(result.title)}</text>`,
    `<text class="unit" x="0" y="28">${name}${escape(metric.unit)}, ${metric.better} is better</text>`,
  ];
  for (const [index, { row, spread }] of rows.entries()) {
    const top = TITLE_HEIGHT + index * ROW_HEIGHT;
    const baseline = top + BAR_HEIGHT - 2;
    lines.push(`<text x="${LABEL_WIDTH - 8}" y="${baseline}" text-anchor="end">${escape(row.contender)}</text>`);
    if (spread === undefined) {
      const why = row.error?.startsWith("missing") ? "missing" : "failed";
      lines.push(`<text class="unit" x="${LABEL_WIDTH}" y="${baseline}">${why}</text>`);
      continue;
    }
    const { low, median, high } = spread;
    const own = row.contender.startsWith("tele") ? "bar own" : "bar";
    const [from, to, middle] = [LABEL_WIDTH + scale(low), LABEL_WIDTH + scale(high), top + BAR_HEIGHT / 2];
    const end = LABEL_WIDTH + scale(Math.max(median, high)) + 6;
    lines.push(
      `<rect class="${own}" x="${LABEL_WIDTH}" y="${top}" width="${scale(median)}" height="${BAR_HEIGHT}" rx="2"/>`,
      `<line class="spread" x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${end}" y="${baseline}">${format(median)}</text>`,
    );
  }
  lines.push("</g>");
  return lines.join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

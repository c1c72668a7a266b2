/**
 * The last hour of a session, a line for each lane.
 *
 * @module
 */
import type { Span } from "./report.ts";
import { line, type Part, type Style, type StyledLine } from "./styled_line.ts";

/** How far back the lines go, in milliseconds. */
const SHOWN_MS = 3_600_000;

/** The lanes, in the order of their lines, each with its label. */
const LANES: readonly (readonly [lane: string, label: string])[] = [["quiet", "quiet  |"], ["bulk", "bulk   |"]];

/** What stands for an outage, for one carrier, and for neither. */
const [OUTAGE, CARRIER, NOTHING] = ["!", "=", " "];

/** Most carriers that a digit tells. */
const MOST_TOLD = 9;

/**
 * The lines: `=` is one carrier, a digit several, `!` an outage, however short. A lane that had no carrier has no line.
 *
 * @param nowMs Milliseconds since 1970.
 * @param width Columns of the longest line; without room for a bar there are no lines.
 *
 * @example
 * ```ts
 * import { timelineLines } from "./timeline_lines.ts";
 * import { textOf } from "./styled_line.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const minuteMs = 60_000;
 * const timeline = [
 *   { isOutage: false, lane: "quiet", fromMs: 15 * minuteMs, toMs: 30 * minuteMs },
 *   { isOutage: true, lane: undefined, fromMs: 30 * minuteMs, toMs: 32 * minuteMs },
 *   { isOutage: false, lane: "quiet", fromMs: 32 * minuteMs, toMs: undefined },
 * ];
 * assertEquals(timelineLines(timeline, 60 * minuteMs, 29).map(textOf), [
 *   "quiet  |     =====!=========|",
 *   "       60 min ago         now",
 * ]);
 * ```
 */
export function timelineLines(timeline: readonly Span[], nowMs: number, width: number): StyledLine[] {
  const cells = width - LANES[0]![1].length - 1;
  const axis = axisLine(width);
  if (timeline.length === 0 || axis === undefined) return [];
  const cellMs = SHOWN_MS / cells;
  const starts = Array.from({ length: cells }, (_, cell) => nowMs - SHOWN_MS + cell * cellMs);
  const lanes = LANES.filter(([lane], at) => at === 0 || timeline.some((span) => span.lane === lane));
  return [
    ...lanes.map(([lane, label]) => {
      const spans = timeline.filter((span) => span.isOutage || span.lane === lane);
      const marks = starts.map((fromMs) => markOf(spans, fromMs, cellMs));
      return [...line(label, "dim"), ...runs(marks), ...line("|", "dim")];
    }),
    axis,
  ];
}

function axisLine(width: number): StyledLine | undefined {
  const left = `${" ".repeat(LANES[0]![1].length - 1)}60 min ago`;
  const blanks = width - left.length - "now".length;
  return blanks < 1 ? undefined : line(`${left}${" ".repeat(blanks)}now`, "dim");
}

/** What stands for a time that begins at `fromMs`. */
function markOf(spans: readonly Span[], fromMs: number, lengthMs: number): string {
  const there = spans.filter((span) => span.fromMs < fromMs + lengthMs && (span.toMs ?? Infinity) > fromMs);
  if (there.some(({ isOutage }) => isOutage)) return OUTAGE;
  if (there.length === 0) return NOTHING;
  // One that follows another has not been beside it.
  const middleMs = fromMs + lengthMs / 2;
  const atOnce = there.filter((span) => span.fromMs <= middleMs && (span.toMs ?? Infinity) > middleMs).length;
  return atOnce > 1 ? String(Math.min(atOnce, MOST_TOLD)) : CARRIER;
}

/** The marks as parts, of which each has one look. */
function runs(marks: readonly string[]): Part[] {
  const parts: Part[] = [];
  for (const mark of marks) {
    const style: Style = mark === OUTAGE ? "bad" : "good";
    const last = parts.at(-1);
    if (last?.style === style) parts[parts.length - 1] = { text: last.text + mark, style };
    else parts.push({ text: mark, style });
  }
  return parts;
}

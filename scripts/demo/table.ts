/**
 * The table at the end of the demo.
 *
 * @module
 */
import { formatSize } from "../../lib/tunnel/values/size.ts";
import { formatMs } from "./duration.ts";
import { countKinds } from "./outages.ts";
import type { Palette } from "./terminal.ts";
import type { TransferResult } from "./user.ts";
import type { Outcome, Replayed } from "./verdict.ts";

/** A line of the table: what it tells, with tele, without. */
type Row = readonly [label: string, withTele: string, without: string];

const LABEL_COLUMNS = 16;
const CELL_COLUMNS = 30;

/** What the two columns compare. */
const NOTE = [
  "  With tele the echo and both transfers are streams of one session, which uses",
  "  both paths; without tele each has a connection of its own, over path 1.",
];

/** The lines of the table, 78 columns at most. */
export function resultTable(
  sizeBytes: number,
  withTele: Outcome,
  without: Outcome,
  replayed: Replayed,
  palette: Palette,
): string[] {
  const again = `${formatSize(replayed.downBytes)} down, ${formatSize(replayed.upBytes)} up`;
  const rows: Row[] = [
    ...transferRows("download", sizeBytes, withTele.download, without.download),
    ...transferRows("upload", sizeBytes, withTele.upload, without.upload),
    ["echo", echoCell(withTele), echoCell(without)],
    ["  answer, alone", formatMs(withTele.echo.aloneMs), formatMs(without.echo.aloneMs)],
    ["  beside both", formatMs(withTele.echo.medianMs), formatMs(without.echo.medianMs)],
    [
      "  longest pause",
      formatMs(withTele.echo.longestMs),
      without.echo.error ? "for ever" : formatMs(without.echo.longestMs),
    ],
    ["  one path torn", tornPathsCell(withTele), tornPathsCell(without)],
    ["outages", countKinds(withTele.outages), countKinds(without.outages)],
    ["replayed", again, "-"],
    ["took", formatMs(withTele.tookMs), formatMs(without.tookMs)],
  ];
  const head = palette.bold(layOut(["", "with tele", "without tele"])[0]);
  const rule = palette.dim(`  ${"─".repeat(LABEL_COLUMNS + 2 * CELL_COLUMNS)}`);
  return [head, rule, ...rows.flatMap(layOut), rule, ...NOTE.map(palette.dim)];
}

function transferRows(name: string, sizeBytes: number, withTele: TransferResult, without: TransferResult): Row[] {
  return [
    [name, bytesCell(sizeBytes, withTele), bytesCell(sizeBytes, without)],
    ["  SHA-256", hashCell(withTele), hashCell(without)],
    ["  error", withTele.error ?? "none", without.error ?? "none"],
  ];
}

function bytesCell(sizeBytes: number, { bytes }: TransferResult): string {
  return bytes === sizeBytes ? `${formatSize(bytes)}, all` : `${formatSize(bytes)} of ${formatSize(sizeBytes)}`;
}

function hashCell({ sentSha256, receivedSha256 }: TransferResult): string {
  if (sentSha256 === undefined || receivedSha256 === undefined) return "-";
  return sentSha256 === receivedSha256 ? `equal (${sentSha256.slice(0, 12)}…)` : "DIFFERS";
}

function echoCell({ echo }: Outcome): string {
  const answers = `${echo.answered} of ${echo.sent} answered`;
  return echo.error === undefined ? answers : `${answers}, then ${echo.error}`;
}

/** The longest pause of the echo while one path alone was torn. */
function tornPathsCell({ tornPaths }: Outcome): string {
  return tornPaths.length === 0 ? "-" : formatMs(Math.max(...tornPaths.map(({ pauseMs }) => pauseMs)));
}

/** The lines of one row: cells that are too long are wrapped. */
function layOut([label, ...cells]: Row): string[] {
  const wrapped = cells.map((cell) => wrap(cell, CELL_COLUMNS - 2));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const columns = wrapped.map((lines) => (lines[line] ?? "").padEnd(CELL_COLUMNS));
    return `  ${(line === 0 ? label : "").padEnd(LABEL_COLUMNS)}${columns.join("")}`.trimEnd();
  });
}

function wrap(text: string, columns: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    const longer = last === "" ? word : `${last} ${word}`;
    if (last === "" || longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

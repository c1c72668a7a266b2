/**
 * The sessions of a process, a line each.
 *
 * @module
 */
import { formatDuration } from "../values/duration.ts";
import { formatSize } from "../values/size.ts";
import { ageOf, formatRate } from "./process_lines.ts";
import { keyOf, type Rates } from "./rates.ts";
import type { Report, SessionReport } from "./report.ts";
import { line, type StyledLine } from "./styled_line.ts";
import { type Column, table } from "./table.ts";

/** Which of the sessions are seen. */
export interface Window {
  /** How many lines there are, with that of the titles. */
  readonly rows: number;
  /** Their width. */
  readonly columns: number;
}

/** A round trip, if it is known. */
export function formatRoundTrip(roundTripMs: number | undefined): string {
  return roundTripMs === undefined ? "-" : formatDuration(roundTripMs);
}

/** Where the chosen session stands, in the order of the report; the first one where it is gone. */
export function placeOf({ sessions }: Report, chosen: string | undefined): number {
  return Math.max(0, sessions.findIndex((session) => keyOf(session) === chosen));
}

/**
 * The titles and the sessions, around the chosen one if there are more than fit.
 *
 * @param chosen Where the chosen session stands in the report.
 */
export function sessionTable(report: Report, rates: Rates, chosen: number, { rows, columns }: Window): StyledLine[] {
  const { sessions } = report;
  if (sessions.length === 0) return [line("no session yet", "dim")];
  const room = Math.max(1, rows - 1);
  const first = Math.max(0, Math.min(chosen - (room >> 1), sessions.length - room));
  const shown = sessions.slice(first, first + room);
  const [titles, ...others] = table(columnsOf(report, rates, sessions[chosen]), shown, columns);
  return [titles!, ...others.map((each, at) => first + at === chosen ? each.map((part) => chosenPart(part)) : each)];
}

function chosenPart(part: StyledLine[number]): StyledLine[number] {
  return { ...part, style: part.style === "bad" ? "bad" : "chosen" };
}

function columnsOf(report: Report, rates: Rates, chosen: SessionReport | undefined): Column<SessionReport>[] {
  const { sessions } = report;
  const columns: (Column<SessionReport> | false)[] = [
    { title: "  SESSION", cell: (session) => `${session === chosen ? ">" : " "} ${session.id}`, rank: 0 },
    sessions.some(({ tunnel }) => tunnel !== undefined) &&
    { title: "TUNNEL", cell: ({ tunnel = "-" }) => tunnel, rank: 2 },
    sessions.some(({ client }) => client !== undefined) &&
    { title: "CLIENT", cell: ({ client = "-" }) => client, rank: 1 },
    {
      title: "STATE",
      cell: ({ isInOutage, stateSinceMs }) => `${isInOutage ? "OUTAGE" : "connected"} ${ageOf(stateSinceMs, report)}`,
      style: ({ isInOutage }) => isInOutage ? "bad" : "good",
      rank: 0,
    },
    { title: "SENDS", cell: (session) => formatRate(rates.ofSession(session).sent), isFigure: true, rank: 3 },
    { title: "RECEIVES", cell: (session) => formatRate(rates.ofSession(session).received), isFigure: true, rank: 3 },
    { title: "STREAMS", cell: ({ streamsOpen }) => String(streamsOpen), isFigure: true, rank: 4 },
    { title: "CARRIERS", cell: ({ carriers }) => String(carriers.length), isFigure: true, rank: 6 },
    { title: "ROUND TRIP", cell: ({ roundTripMs }) => formatRoundTrip(roundTripMs), isFigure: true, rank: 5 },
    { title: "OUTAGES", cell: ({ outages }) => String(outages), isFigure: true, rank: 4 },
    { title: "SENT AGAIN", cell: ({ resentBytes }) => formatSize(resentBytes), isFigure: true, rank: 7 },
    { title: "PEER", cell: ({ peer }) => peer, rank: 8 },
  ];
  return columns.filter((column) => column !== false);
}

/**
 * One session: its last hour, its carriers and its streams.
 *
 * @module
 */
import { formatSize } from "../values/size.ts";
import { ageOf, counted, formatRate } from "./process_lines.ts";
import type { Rates } from "./rates.ts";
import type { CarrierReport, Report, SessionReport, StreamReport } from "./report.ts";
import { formatRoundTrip } from "./session_table.ts";
import { line, type StyledLine } from "./styled_line.ts";
import { type Column, table } from "./table.ts";
import { timelineLines } from "./timeline_lines.ts";

/** Needed to draw it. */
export interface Detail {
  /** What the process tells. */
  readonly report: Report;
  /** How fast bytes move. */
  readonly rates: Rates;
  /** Which of its sessions. */
  readonly session: SessionReport;
  /** Columns of a line. */
  readonly columns: number;
}

/** Its lines, the most important first; nobody has seen how many fit. */
export function sessionDetail({ report, rates, session, columns }: Detail): StyledLine[] {
  const { carriers, streams, streamsOpen, timeline } = session;
  const lines = [
    headLine(session, report),
    line(
      `${session.isInOutage ? "in an outage for" : "connected for"} ${ageOf(session.stateSinceMs, report)}, ` +
        `${counted(session.outages, "outage")} in ${ageOf(session.sinceMs, report)}; ` +
        `sent ${formatSize(session.sentBytes)}, received ${formatSize(session.receivedBytes)}, ` +
        `sent again ${formatSize(session.resentBytes)}`,
    ),
    ...timelineLines(timeline, report.nowMs, columns),
  ];
  if (carriers.length > 0) lines.push(...table(carrierColumns(report, rates, session), carriers, columns));
  if (streams.length > 0) lines.push(...table(streamColumns(report, rates, session), streams, columns));
  const others = streamsOpen - streams.length;
  if (others > 0) lines.push(line(`and ${counted(others, "younger stream")}`, "dim"));
  return lines;
}

function headLine({ id, client, tunnel, peer }: SessionReport, { role }: Report): StyledLine {
  const words = [
    ...client === undefined ? [] : [`of ${client}`],
    ...tunnel === undefined ? [] : [`in tunnel ${tunnel}`],
    ...peer === "" ? [] : [`${role === "client" ? "with" : "from"} ${peer}`],
  ];
  return [...line(`session ${id}`, "title"), ...line(words.length === 0 ? "" : ` ${words.join(", ")}`)];
}

function carrierColumns(report: Report, rates: Rates, session: SessionReport): Column<CarrierReport>[] {
  const rate = (carrier: CarrierReport) => rates.ofCarrier(session, carrier);
  return [
    { title: "CARRIER", cell: ({ number }) => String(number), isFigure: true, rank: 0 },
    { title: "LANE", cell: ({ lane }) => lane, rank: 0 },
    { title: "WAY", cell: ({ way }) => way, rank: 2 },
    { title: "FOR", cell: ({ sinceMs }) => ageOf(sinceMs, report), isFigure: true, rank: 3 },
    { title: "ROUND TRIP", cell: ({ roundTripMs }) => formatRoundTrip(roundTripMs), isFigure: true, rank: 4 },
    { title: "SENDS", cell: (carrier) => formatRate(rate(carrier).sent), isFigure: true, rank: 1 },
    { title: "RECEIVES", cell: (carrier) => formatRate(rate(carrier).received), isFigure: true, rank: 1 },
    { title: "SENT", cell: ({ sentBytes }) => formatSize(sentBytes), isFigure: true, rank: 6 },
    { title: "RECEIVED", cell: ({ receivedBytes }) => formatSize(receivedBytes), isFigure: true, rank: 6 },
    ...session.carriers.some(({ path }) => path > 0)
      ? [{ title: "PATH", cell: ({ path }: CarrierReport) => String(path + 1), isFigure: true as const, rank: 2 }]
      : [],
    { title: "PEER", cell: ({ peer }) => peer, rank: 5 },
  ];
}

function streamColumns(report: Report, rates: Rates, session: SessionReport): Column<StreamReport>[] {
  const rate = (stream: StreamReport) => rates.ofStream(session, stream);
  return [
    { title: " STREAM", cell: ({ id }) => id === "0" ? "-" : id, isFigure: true, rank: 0 },
    ...session.streams.some(({ service }) => service !== undefined)
      ? [{ title: "SERVICE", cell: ({ service = "-" }: StreamReport) => service, rank: 1 }]
      : [],
    { title: "FOR", cell: ({ sinceMs }) => ageOf(sinceMs, report), isFigure: true, rank: 3 },
    { title: "SENDS", cell: (stream) => formatRate(rate(stream).sent), isFigure: true, rank: 0 },
    { title: "RECEIVES", cell: (stream) => formatRate(rate(stream).received), isFigure: true, rank: 0 },
    { title: "SENT", cell: ({ sentBytes }) => formatSize(sentBytes), isFigure: true, rank: 2 },
    { title: "RECEIVED", cell: ({ receivedBytes }) => formatSize(receivedBytes), isFigure: true, rank: 2 },
    { title: "USER", cell: ({ peer }) => peer, rank: 4 },
  ];
}

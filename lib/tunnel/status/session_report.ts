/**
 * A session, as a report has it.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { Mux } from "../../mux/mux.ts";
import type { MuxStream } from "../../mux/stream.ts";
import type { Session } from "../../session/session.ts";
import { type CarrierReport, MOST_STREAMS, type SessionReport, type StreamReport } from "./report.ts";
import type { KnownCarrier, SessionRecord } from "./session_record.ts";
import { iso } from "./timeline.ts";

/** The open streams of a session. */
export function streamsOf({ upper }: Session): readonly MuxStream[] {
  return upper instanceof Mux ? upper.streams.all : [];
}

/** The report of a session of this tunnel. */
export function sessionReport(record: SessionRecord, tunnel: string | null, clock: Clock): SessionReport {
  const { session } = record;
  const streams = streamsOf(session);
  const wallOf = (ms: number) => clock.wallNow() - (clock.now() - ms);
  return {
    id: session.name,
    tunnel,
    client: session.client ?? null,
    since: iso(record.madeAtMs),
    state: record.isUp ? "connected" : "outage",
    stateSince: iso(record.stateSinceMs),
    peer: record.peer,
    sentBytes: session.takenThereBytes,
    receivedBytes: record.receivedBytes,
    resentBytes: session.carriers.remainders.againBytes,
    roundTripSeconds: secondsOf(session.lastRoundTripMs),
    outages: record.outages,
    carriers: record.carriers.map(carrierReport),
    streams: streams.slice(0, MOST_STREAMS).map((stream) => streamReport(stream, wallOf)),
    streamsOpen: streams.length,
    timeline: record.timeline.report(clock.wallNow()),
  };
}

function carrierReport({ attached: { carrier, lane, path, way }, sinceMs }: KnownCarrier): CarrierReport {
  return {
    number: carrier.number,
    way,
    path,
    peer: carrier.peer,
    lane,
    since: iso(sinceMs),
    roundTripSeconds: secondsOf(carrier.roundTripMs),
    sentBytes: carrier.log.acknowledged,
    receivedBytes: carrier.taken,
  };
}

function streamReport(stream: MuxStream, wallOf: (ms: number) => number): StreamReport {
  const { id, origin: { service, atMs }, peer, moved } = stream;
  return { id, service: service ?? null, peer, since: iso(wallOf(atMs)), ...moved };
}

/** Milliseconds as seconds; `null` for 0, which means unknown. */
function secondsOf(ms: number): number | null {
  return ms === 0 ? null : ms / 1000;
}

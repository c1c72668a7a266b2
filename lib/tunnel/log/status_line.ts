/**
 * The state of a client, in one line for a person.
 *
 * @module
 */
import { formatDuration } from "../values/duration.ts";
import { formatSize } from "../values/size.ts";

/** The state of a client. Counts of bytes only grow, but start over with a new session. */
export interface LinkStatus {
  /** Carriers of the session; 0 in an outage. */
  readonly carriers: number;
  /** Paths that it could have. */
  readonly paths: number;
  /** Those of them that have a carrier. */
  readonly upPaths: number;
  /** Duration of the outage that goes on, in milliseconds; without meaning while there is a carrier. */
  readonly outageMs: number;
  /** Whether there has been a carrier: before the first one there is no outage. */
  readonly wasUp: boolean;
  /** Open streams. */
  readonly streams: number;
  /** Bytes that the server has acknowledged. */
  readonly sentBytes: number;
  /** Bytes received. */
  readonly receivedBytes: number;
  /** Bytes that were sent again. */
  readonly replayedBytes: number;
}

/**
 * Makes the line: ASCII only, without colours.
 *
 * @param before The state `elapsedMs` milliseconds ago, for the rates.
 * @param columns Columns of the terminal. One stays free: some terminals wrap a full line, which could not be erased.
 *
 * @example
 * ```ts
 * import { statusLine } from "./status_line.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const before = {
 *   carriers: 1, paths: 1, upPaths: 1, outageMs: 0, wasUp: true, streams: 2, sentBytes: 0, receivedBytes: 0, replayedBytes: 18_432,
 * };
 * const now = { ...before, receivedBytes: 2_516_582 };
 * assertEquals(statusLine(now, before, 2_000, 80), "link up | 2 streams | down 1.2 MiB/s, up 0 B/s | 18 KiB sent again");
 * assertEquals(
 *   statusLine({ ...now, carriers: 0, outageMs: 12_345 }, now, 1_000, 80),
 *   "outage for 12 s | 2 streams wait | 18 KiB sent again",
 * );
 * ```
 */
export function statusLine(now: LinkStatus, before: LinkStatus, elapsedMs: number, columns: number): string {
  const parts = [linkPart(now), streamsPart(now)];
  if (now.carriers > 0) parts.push(ratesPart(now, before, elapsedMs));
  if (now.replayedBytes > 0) parts.push(`${formatSize(now.replayedBytes)} sent again`);
  return parts.join(" | ").slice(0, Math.max(0, columns - 1));
}

function linkPart({ carriers, paths, upPaths, outageMs, wasUp }: LinkStatus): string {
  if (carriers > 0) {
    const parts = ["link up"];
    if (paths > 1) parts.push(`${upPaths} of ${paths} paths`);
    if (carriers > Math.max(1, upPaths)) parts.push(`${carriers} connections`);
    return parts.join(", ");
  }
  return `${wasUp ? "outage" : "connecting"} for ${formatDuration(Math.max(1, Math.floor(outageMs / 1000)) * 1000)}`;
}

function streamsPart({ streams, carriers }: LinkStatus): string {
  const verb = carriers > 0 ? "" : streams === 1 ? " waits" : " wait";
  return streams === 0 ? "no streams" : `${streams} ${streams === 1 ? "stream" : "streams"}${verb}`;
}

function ratesPart(now: LinkStatus, before: LinkStatus, elapsedMs: number): string {
  const rate = (of: (status: LinkStatus) => number) => {
    const bytes = of(now) - of(before);
    // A new session counts from zero.
    return formatSize((bytes < 0 ? of(now) : bytes) / elapsedMs * 1000);
  };
  // Not "in" and "out", which are options of either end.
  return `down ${rate((status) => status.receivedBytes)}/s, up ${rate((status) => status.sentBytes)}/s`;
}

/**
 * What a session's last hour was like.
 *
 * @module
 */
import type { Lane } from "../../session/handshake/messages.ts";
import type { TimelineReport } from "./report.ts";

/** How long something that is over is remembered, in milliseconds. */
const KEPT_MS = 3_600_000;

/** Entries at the most; the oldest that is over goes for the next. */
export const MOST_ENTRIES = 200;

/** Something that began, and may be over; times are milliseconds since 1970. */
export interface Entry {
  /** The carrier that it was; `undefined` for an outage. */
  readonly carrier: { readonly number: number; readonly lane: Lane; readonly path: number } | undefined;
  /** When it began. */
  readonly fromMs: number;
  /** When it was over. */
  toMs: number | undefined;
}

/**
 * Remembers carriers and outages, within a bound. A pure core.
 *
 * @example
 * ```ts
 * import { Timeline } from "./timeline.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const timeline = new Timeline();
 * const outage = timeline.begin(0);
 * timeline.end(outage, 60_000);
 * timeline.begin(60_000, { number: 0, lane: "quiet", path: 0 });
 * assertEquals(timeline.report(61_000).map(({ kind, to }) => [kind, to]), [
 *   ["outage", "1970-01-01T00:01:00.000Z"],
 *   ["carrier", null],
 * ]);
 * ```
 */
export class Timeline {
  #entries: Entry[] = [];

  /** A carrier came, or, without one, an outage began. */
  begin(atMs: number, carrier?: Entry["carrier"]): Entry {
    this.#makeRoom(atMs);
    const entry: Entry = { carrier, fromMs: atMs, toMs: undefined };
    this.#entries.push(entry);
    return entry;
  }

  /** It is over. An outage that lasted for no time was none. */
  end(entry: Entry, atMs: number): void {
    entry.toMs = atMs;
    if (entry.carrier === undefined && atMs === entry.fromMs) {
      this.#entries = this.#entries.filter((other) => other !== entry);
    }
  }

  /** The last hour, oldest first. */
  report(nowMs: number): TimelineReport[] {
    return this.#entries.filter((entry) => !isForgotten(entry, nowMs)).map(({ carrier, fromMs, toMs }) => {
      const span = { from: iso(fromMs), to: toMs === undefined ? null : iso(toMs) };
      return carrier === undefined ? { kind: "outage", ...span } : { kind: "carrier", ...carrier, ...span };
    });
  }

  #makeRoom(nowMs: number): void {
    if (this.#entries.length < MOST_ENTRIES) return;
    this.#entries = this.#entries.filter((entry) => !isForgotten(entry, nowMs));
    if (this.#entries.length < MOST_ENTRIES) return;
    const oldest = this.#entries.findIndex(({ toMs }) => toMs !== undefined);
    this.#entries.splice(Math.max(0, oldest), 1);
  }
}

function isForgotten({ toMs }: Entry, nowMs: number): boolean {
  return toMs !== undefined && toMs < nowMs - KEPT_MS;
}

/** A time in milliseconds since 1970, as JSON has it. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

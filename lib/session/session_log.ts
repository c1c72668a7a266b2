/**
 * What a server's log says of its sessions: every client can begin, lose and end as many as it likes.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import { type LineKind, LineLimiter } from "../net/line_limiter.ts";
import type { Log, LogFields, LogLevel } from "../net/log.ts";
import type { SessionEntry } from "./session_entry.ts";

const MINUTE_MS = 60_000;

function kindOf(what: string): LineKind {
  return {
    lines: 100,
    linesOfAHost: 20,
    spanMs: MINUTE_MS,
    more: (count) => `${count} more sessions ${what} in the last minute`,
    unit: "sessions",
  };
}

/** What happens to sessions. */
export type SessionEvent = "began" | "resumed" | "lost" | "ended" | "offers";

const KINDS: Record<SessionEvent, LineKind> = {
  began: kindOf("began"),
  resumed: kindOf("resumed"),
  lost: kindOf("lost their link"),
  ended: kindOf("ended"),
  offers: kindOf("offered services"),
};

/** Tells of sessions, of each kind 100 lines a minute, and 20 for one host. */
export class SessionLog {
  readonly #limiter: LineLimiter;

  /** Writes to `log`. */
  constructor(clock: Clock, log: Log) {
    this.#limiter = new LineLimiter(clock, log);
  }

  /** Something happened to a session: its title stands in front of `words`. */
  tell(event: SessionEvent, level: LogLevel, entry: SessionEntry, words: string, fields: LogFields = {}): void {
    const { host, title } = entry;
    this.#limiter.tell(KINDS[event], {
      level,
      host,
      message: `${title} ${words}`,
      fields: { ...entry.fields, ...fields },
    });
  }

  /** A session has found a carrier, from `peer`, behind an outage of so many milliseconds. */
  resumed(entry: SessionEntry, outageMs: number, peer: string, againBytes: number): void {
    const words = `resumed after ${(outageMs / 1000).toFixed(1)} s from ${peer}, ${againBytes} bytes sent again`;
    this.tell("resumed", "info", entry, words, { outageMs: Math.round(outageMs), replayedBytes: againBytes });
  }

  /** Tells what was counted, and nothing more. */
  stop(): void {
    this.#limiter.stop();
  }
}

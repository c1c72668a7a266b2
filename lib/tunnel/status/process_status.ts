/**
 * What is known of the process: its tunnels, its memory, and its last log lines.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Log } from "../../net/log.ts";
import type { MemoryBudget } from "../../session/memory_budget.ts";
import { RecentLines } from "./recent_lines.ts";
import { MOST_SESSIONS, type StatusReport } from "./report.ts";
import type { SessionRecord } from "./session_record.ts";
import { sessionReport, streamsOf } from "./session_report.ts";
import { iso } from "./timeline.ts";
import { sum, TunnelStatus, type TunnelStatusOptions } from "./tunnel_status.ts";
import { worstOf } from "./tunnel_state.ts";

/** Options of {@linkcode ProcessStatus}. */
export interface ProcessStatusOptions {
  /** Time. */
  readonly clock: Clock;
  /** What the sessions of all tunnels may hold. */
  readonly memory: MemoryBudget;
  /** Version of the program. */
  readonly version: string;
}

/** What holds for a process. */
export interface ProcessFacts extends Pick<ProcessStatusOptions, "memory" | "version"> {
  /** What its tunnels are. */
  readonly role: StatusReport["role"];
  /** When it began, in milliseconds since 1970. */
  readonly startedAtMs: number;
}

/** Gathers what the tunnels of a process know, when somebody asks. */
export class ProcessStatus {
  readonly #options: ProcessStatusOptions;
  readonly #startedAtMs: number;
  readonly #tunnels: Set<TunnelStatus> = new Set();
  readonly #recent: RecentLines;

  /** The process begins. */
  constructor(options: ProcessStatusOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.wallNow();
    this.#recent = new RecentLines(() => options.clock.wallNow());
  }

  /** A log whose lines are shown, and go on to `log`. */
  beside(log: Log): Log {
    return this.#recent.beside(log);
  }

  /** A tunnel begins: what is told to the result is reported, until it is removed. */
  add(tunnel: Omit<TunnelStatusOptions, "clock">): TunnelStatus {
    const status = new TunnelStatus({ ...tunnel, clock: this.#options.clock });
    this.#tunnels.add(status);
    return status;
  }

  /** A tunnel is over. */
  remove(tunnel: TunnelStatus): void {
    this.#tunnels.delete(tunnel);
  }

  /** Those that run. */
  get tunnels(): readonly TunnelStatus[] {
    return [...this.#tunnels];
  }

  /** What holds for the process. */
  get facts(): ProcessFacts {
    const { memory, version } = this.#options;
    const [role, ...others] = new Set(this.tunnels.map(({ role }) => role));
    return {
      version,
      role: role === undefined || others.length > 0 ? "both" : role,
      startedAtMs: this.#startedAtMs,
      memory,
    };
  }

  /** All of it. Work and size have a bound: {@linkcode MOST_SESSIONS}, and the limits of each. */
  report(): StatusReport {
    const { clock } = this.#options;
    const { version, role, startedAtMs, memory } = this.facts;
    const tunnels = this.tunnels.map(({ report }) => report);
    const all = this.tunnels.flatMap(({ name, records }) => records.map((record) => ({ name, record })));
    const chosen = all.sort((one, other) => urgency(one.record, other.record)).slice(0, MOST_SESSIONS);
    return {
      version,
      role,
      startedAt: iso(startedAtMs),
      now: iso(clock.wallNow()),
      state: worstOf(tunnels.map(({ state }) => state)),
      tunnels,
      ...this.tunnels.map(({ carried }) => carried).reduce(sum, { sentBytes: 0, receivedBytes: 0, resentBytes: 0 }),
      streamsOpen: all.reduce((count, { record: { session } }) => count + streamsOf(session).length, 0),
      memory: { usedBytes: memory.used, limitBytes: memory.limitBytes },
      sessions: chosen.map(({ name, record }) => sessionReport(record, name, clock)),
      sessionsOmitted: all.length - chosen.length,
      log: this.#recent.lines,
    };
  }
}

/** Those in outages first, the longest first; then the oldest first. */
function urgency(one: SessionRecord, other: SessionRecord): number {
  if (one.isUp !== other.isUp) return one.isUp ? 1 : -1;
  return one.isUp ? one.madeAtMs - other.madeAtMs : one.stateSinceMs - other.stateSinceMs;
}

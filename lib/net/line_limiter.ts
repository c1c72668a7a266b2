/**
 * Log lines that strangers can cause at will: a few of each kind, and at the end how many more there were.
 *
 * @module
 */
import type { Clock, Timer } from "./clock.ts";
import type { CountField, Log, LogFields, LogLevel } from "./log.ts";

/** Lines that are counted together. */
export interface LineKind {
  /** Most lines within {@linkcode LineKind.spanMs}; the rest is counted. */
  readonly lines: number;
  /** Most of these lines about one host. */
  readonly linesOfAHost: number;
  /** The span, in milliseconds, from the first line on. */
  readonly spanMs: number;
  /** The sentence about the `count` lines that were not told. */
  more(count: number): string;
  /** Name of the field with that count. */
  readonly unit: CountField;
  /**
   * Level of the line with the count.
   *
   * @default {"warn"}
   */
  readonly countLevel?: LogLevel;
}

/** One line. */
export interface LimitedLine {
  /** Its level in the log. */
  readonly level: LogLevel;
  /** The host that caused it, without its port, which changes; empty if it is not known. */
  readonly host: string;
  /** The sentence. */
  readonly message: string;
  /** Its facts. */
  readonly fields?: LogFields;
  /** Each piece of news about a host is told once within the span; without it, every line is news. */
  readonly news?: string;
}

interface Span {
  lines: number;
  unsaid: number;
  readonly ofHost: Map<string, number>;
  readonly told: Set<string>;
  readonly timer: Timer;
}

/**
 * Tells lines within their limits (invariant 10).
 *
 * @example
 * ```ts
 * import { LineLimiter } from "./line_limiter.ts";
 * import { systemClock } from "./clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: string[] = [];
 * const limiter = new LineLimiter(systemClock, (_level, message) => lines.push(message));
 * const greetings = { lines: 2, linesOfAHost: 1, spanMs: 1000, more: (n: number) => `${n} more`, unit: "sessions" as const };
 * for (const host of ["a", "a", "b", "c"]) {
 *   limiter.tell(greetings, { level: "info", host, message: `hello from ${host}` });
 * }
 * limiter.stop();
 * assertEquals(lines, ["hello from a", "hello from b", "2 more"]);
 * ```
 */
export class LineLimiter {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #spans: Map<LineKind, Span> = new Map();
  #stopped = false;

  /** Writes to `log`. */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Tells `line`, unless there were too many of its kind. */
  tell(kind: LineKind, line: LimitedLine): void {
    if (this.#stopped) return;
    const span = this.#spanOf(kind);
    const { level, host, message, fields, news } = line;
    const key = `${host} ${news}`;
    const ofHost = span.ofHost.get(host) ?? 0;
    const isOld = news !== undefined && span.told.has(key);
    if (isOld || span.lines >= kind.lines || ofHost >= kind.linesOfAHost) {
      span.unsaid++;
      return;
    }
    span.lines++;
    span.ofHost.set(host, ofHost + 1);
    if (news !== undefined) span.told.add(key);
    this.#log(level, message, fields);
  }

  /** Tells what was counted; whatever comes later is not told. */
  stop(): void {
    this.#stopped = true;
    for (const [kind, { timer }] of this.#spans) {
      timer.cancel();
      this.#end(kind);
    }
  }

  #spanOf(kind: LineKind): Span {
    let span = this.#spans.get(kind);
    if (span !== undefined) return span;
    const timer = this.#clock.setTimer(() => this.#end(kind), kind.spanMs);
    span = { lines: 0, unsaid: 0, ofHost: new Map(), told: new Set(), timer };
    this.#spans.set(kind, span);
    return span;
  }

  #end(kind: LineKind): void {
    const unsaid = this.#spans.get(kind)?.unsaid ?? 0;
    this.#spans.delete(kind);
    if (unsaid > 0) this.#log(kind.countLevel ?? "warn", kind.more(unsaid), { [kind.unit]: unsaid });
  }
}

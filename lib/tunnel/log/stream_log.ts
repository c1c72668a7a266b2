/**
 * Log lines about streams: one for each that was refused or cut, and a count in place of a flood.
 *
 * @module
 */
import { hostOfPeer } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { reasonOf } from "../../net/error.ts";
import { type LineKind, LineLimiter } from "../../net/line_limiter.ts";
import { hears, type Log, type LogFields } from "../../net/log.ts";
import type { Shortage } from "../../net/shortage.ts";
import { FrameTooLargeError } from "../../ping/codec.ts";
import { ResetCode } from "../../mux/mux_constants.ts";
import type { MuxStream } from "../../mux/stream.ts";
import type { StreamEnd } from "../../mux/stream_host.ts";

const SPAN_MS = 10_000;

function kindOf(what: string): LineKind {
  return {
    lines: 5,
    linesOfAHost: 5,
    spanMs: SPAN_MS,
    more: (count) => `${count} more streams were ${what} within ${SPAN_MS / 1000} s`,
    unit: "streams",
  };
}

const KINDS = {
  cut: kindOf("cut"),
  // Whoever ends a tele process knows what it carries, so at the other end there is no fault to look for.
  wishedCut: { ...kindOf("cut"), countLevel: "info" as const },
  refused: kindOf("refused"),
  descriptors: kindOf("made to wait for descriptors"),
  ports: kindOf("made to wait for ports"),
  backlog: kindOf("made to wait for a user's server that is slow to accept"),
};

const WAITING: Record<Shortage, string> = {
  descriptors: "this process has too many files open; raise its limit (ulimit -n) or lower --max",
  ports: "this machine has no local port left to connect from; those of ended connections come back after a minute, " +
    "and net.ipv4.ip_local_port_range allows more",
  backlog: "more connections wait for the user's server to accept them than it has room for (the backlog of listen)",
};

/** What both ends call a stream: the short name of its session, and its number; 0 if the peer never heard of it. */
function nameOf({ host: { session } }: MuxStream, id: number): string {
  return `${session?.name ?? "new"}/${id}`;
}

function fieldsOf({ host: { session }, peer, origin: { service } }: MuxStream, id: number): LogFields {
  return { session: session?.name ?? "new", stream: id, peer, ...service !== undefined && { service } };
}

/** How a stream ended, in a word or some. */
export function howItEnded(end: StreamEnd): string {
  if (end.kind !== "reset") return end.kind;
  if (end.code !== ResetCode.reset) return "refused";
  return end.by === "here" ? "reset here" : "reset at the other end";
}

function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Who counts what is told. */
export interface StreamObserver {
  /** A stream is over; see {@linkcode StreamLog.ended}. */
  streamEnded(stream: MuxStream, end: StreamEnd, client?: string): void;
  /** A user's connection was refused before it became a stream. */
  userRefused(): void;
}

/**
 * Logs streams that ended badly.
 *
 * @example
 * ```ts
 * import { StreamLog } from "./stream_log.ts";
 * import { systemClock } from "../../net/clock.ts";
 *
 * const log = new StreamLog(systemClock, (_level, message) => console.error(message));
 * log.refuse("127.0.0.1:50000", "there are 10000 connections already; --max allows more");
 * ```
 */
export class StreamLog {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limiter: LineLimiter;
  readonly #observers: readonly StreamObserver[];

  /** Writes to `log`; `observers` are told too, also of what is not written. */
  constructor(clock: Clock, log: Log, observers: readonly StreamObserver[] = []) {
    this.#clock = clock;
    this.#log = log;
    this.#observers = observers;
    this.#limiter = new LineLimiter(clock, log);
  }

  /** A stream is over; at a server one of `client`, if that has shown who it is. */
  ended(stream: MuxStream, end: StreamEnd, client?: string): void {
    for (const observer of this.#observers) observer.streamEnded(stream, end, client);
    this.#tellLife(stream, end, client);
    if (end.kind === "finished") return;
    const { peer } = stream;
    const names = [...peer === "" ? [] : [peer], ...client === undefined ? [] : [client]];
    const who = names.length === 0 ? "" : ` (${names.join(", ")})`;
    const fields = { peer, ...client !== undefined && { client } };
    if (end.kind === "cut") {
      return this.#tell(end.isWished ? "wishedCut" : "cut", `stream cut${who}: ${end.message}`, fields);
    }
    if (end.code !== ResetCode.reset) this.#tell("refused", `stream refused${who}: ${end.message}`, fields);
  }

  /** A stream has begun at this end, with its number; both ends call it the same. */
  started(stream: MuxStream, id: number): void {
    if (!hears(this.#log, "debug")) return;
    const { peer, origin: { service } } = stream;
    const what = service === undefined ? "" : `, for ${service}`;
    this.#log("debug", `stream ${nameOf(stream, id)} began (${peer})${what}`, fieldsOf(stream, id));
  }

  /** How it went, with what moved. */
  #tellLife(stream: MuxStream, end: StreamEnd, client: string | undefined): void {
    if (!hears(this.#log, "debug")) return;
    const { id, peer, moved, origin } = stream;
    const how = howItEnded(end);
    const lastedMs = Math.round(this.#clock.now() - origin.atMs);
    const why = end.kind === "finished" ? "" : `: ${end.message}`;
    const carried = `${moved.sentBytes} bytes sent, ${moved.receivedBytes} received`;
    const sentence = `stream ${nameOf(stream, id)} ${how} (${peer}) after ${formatSeconds(lastedMs)}, ${carried}${why}`;
    const fields = { ...fieldsOf(stream, id), ...client !== undefined && { client }, ...moved, lastedMs, end: how };
    this.#log("debug", sentence, fields);
  }

  /** The only stream of a process is over, and the process with it: this is the reason for its exit code. */
  onlyStreamEnded(stream: MuxStream, end: StreamEnd): void {
    if (end.kind === "finished") return this.ended(stream, end);
    this.#tellLife(stream, end, undefined);
    const { peer } = stream;
    if (end.kind === "cut") return this.#log("error", `stream cut (${peer}): ${end.message}`, { peer });
    const isReset = end.code === ResetCode.reset;
    const where = !isReset ? "" : end.by === "here" ? ", here" : ", at the other end";
    this.#log("error", `stream ${isReset ? "reset" : "refused"} (${peer})${where}: ${end.message}`, { peer });
  }

  /** A connection of RFD 80 mode is over; `error` is what broke it. */
  relayed(peer: string, error: unknown): void {
    if (error === undefined) return this.#log("debug", `connection finished (${peer})`, { peer });
    const advice = error instanceof FrameTooLargeError ? "; --max-message allows larger ones" : "";
    this.#tell("cut", `connection cut (${peer}): ${reasonOf(error)}${advice}`, { peer });
  }

  /** A user's connection was refused before it became a stream. */
  refuse(peer: string, reason: string): void {
    for (const observer of this.#observers) observer.userRefused();
    this.#tell("refused", `stream refused (${peer}): ${reason}`, { peer });
  }

  /** A stream waits until this machine can make its connection. */
  waitFor(shortage: Shortage): void {
    this.#tell(shortage, `a stream waits: ${WAITING[shortage]}`, { peer: "" });
  }

  /** Tells what was counted; whatever is cut, refused or waits later is not told. Its role ends, the process may go on. */
  stop(): void {
    this.#limiter.stop();
  }

  #tell(name: keyof typeof KINDS, message: string, fields: { peer: string; client?: string }): void {
    const kind: LineKind = KINDS[name];
    this.#limiter.tell(kind, { level: kind.countLevel ?? "warn", host: hostOfPeer(fields.peer), message, fields });
  }
}

/**
 * The report of a process, as it comes: JSON, by somebody who need not be a tele.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { shortenShown } from "../../net/shown_text.ts";
import type { CarrierReport, LogReport, Report, SessionReport, Span, StreamReport, TunnelReport } from "./report.ts";

/** Longest text of a report that is kept, in characters: no terminal is wider. */
const MOST_CHARACTERS = 400;

/**
 * Reads what `/api/sessions` answers. Every text becomes one harmless line: names and log lines are others' words, and
 * must not steer the terminal.
 *
 * @throws {TeleError} `bad-input` that names what is missing, if no tele of this kind says so.
 *
 * @example
 * ```ts
 * import { readReport } from "./report_reader.ts";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => readReport('{"role":"server"}'), Error, "has no version");
 * ```
 */
export function readReport(text: string): Report {
  const root = new Reader(parsed(text), "");
  return {
    role: root.text("role"),
    version: root.text("version"),
    state: root.text("state"),
    tunnels: root.list("tunnels", readTunnel),
    startedAtMs: root.timeMs("startedAt"),
    nowMs: root.timeMs("now"),
    sentBytes: root.count("sentBytes"),
    receivedBytes: root.count("receivedBytes"),
    resentBytes: root.count("resentBytes"),
    streamsOpen: root.count("streamsOpen"),
    memoryUsedBytes: root.object("memory").count("usedBytes"),
    memoryLimitBytes: root.object("memory").count("limitBytes"),
    sessions: root.list("sessions", readSession),
    sessionsOmitted: root.count("sessionsOmitted"),
    log: root.list("log", readLine),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TeleError("bad-input", "it is no JSON", { cause: error });
  }
}

function readTunnel(tunnel: Reader): TunnelReport {
  return { name: tunnel.optional("name")?.text("name"), state: tunnel.text("state") };
}

function readSession(session: Reader): SessionReport {
  return {
    id: session.text("id"),
    tunnel: session.optional("tunnel")?.text("tunnel"),
    client: session.optional("client")?.text("client"),
    isInOutage: session.text("state") === "outage",
    sinceMs: session.timeMs("since"),
    stateSinceMs: session.timeMs("stateSince"),
    peer: session.text("peer"),
    sentBytes: session.count("sentBytes"),
    receivedBytes: session.count("receivedBytes"),
    resentBytes: session.count("resentBytes"),
    roundTripMs: session.optionalMs("roundTripSeconds"),
    outages: session.count("outages"),
    carriers: session.list("carriers", readCarrier),
    streams: session.list("streams", readStream),
    streamsOpen: session.count("streamsOpen"),
    timeline: session.list("timeline", readSpan),
  };
}

function readCarrier(carrier: Reader): CarrierReport {
  return {
    number: carrier.count("number"),
    way: carrier.text("way"),
    path: carrier.count("path"),
    peer: carrier.text("peer"),
    lane: carrier.text("lane"),
    sinceMs: carrier.timeMs("since"),
    roundTripMs: carrier.optionalMs("roundTripSeconds"),
    sentBytes: carrier.count("sentBytes"),
    receivedBytes: carrier.count("receivedBytes"),
  };
}

function readStream(stream: Reader): StreamReport {
  return {
    id: stream.text("id"),
    service: stream.optional("service")?.text("service"),
    peer: stream.text("peer"),
    sinceMs: stream.timeMs("since"),
    sentBytes: stream.count("sentBytes"),
    receivedBytes: stream.count("receivedBytes"),
  };
}

function readSpan(span: Reader): Span {
  const isOutage = span.text("kind") === "outage";
  return {
    isOutage,
    lane: isOutage ? undefined : span.text("lane"),
    fromMs: span.timeMs("from"),
    toMs: span.optional("to")?.timeMs("to"),
  };
}

function readLine(line: Reader): LogReport {
  return { timeMs: line.timeMs("time"), level: line.text("level"), message: line.text("message") };
}

/** An object of the report, and where it stands. */
class Reader {
  readonly #fields: Record<string, unknown>;
  readonly #place: string;

  constructor(value: unknown, place: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw lacks(place);
    this.#fields = value as Record<string, unknown>;
    this.#place = place;
  }

  /** This object, if it has the field and that is not null. */
  optional(name: string): Reader | undefined {
    return (this.#value(name) ?? null) === null ? undefined : this;
  }

  object(name: string): Reader {
    return new Reader(this.#value(name), this.#at(name));
  }

  list<Item>(name: string, read: (item: Reader) => Item): Item[] {
    const value = this.#value(name);
    if (!Array.isArray(value)) throw lacks(this.#at(name));
    return value.map((item, at) => read(new Reader(item, `${this.#at(name)}[${at}]`)));
  }

  /** A text; a number is taken as one, since some names are numbers. */
  text(name: string): string {
    const value = this.#value(name);
    if (typeof value !== "string" && typeof value !== "number") throw lacks(this.#at(name));
    return shortenShown(String(value), MOST_CHARACTERS);
  }

  count(name: string): number {
    const value = this.#value(name);
    if (typeof value !== "number" || !(value >= 0) || value === Infinity) throw lacks(this.#at(name));
    return value;
  }

  timeMs(name: string): number {
    const value = this.#value(name);
    const ms = typeof value === "string" ? Date.parse(value) : NaN;
    if (Number.isNaN(ms)) throw lacks(this.#at(name));
    return ms;
  }

  /** A number of seconds as milliseconds, if there is one. */
  optionalMs(name: string): number | undefined {
    return this.optional(name) && this.count(name) * 1000;
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  #at(name: string): string {
    return this.#place === "" ? name : `${this.#place}.${name}`;
  }
}

function lacks(place: string): TeleError {
  return new TeleError("bad-input", place === "" ? "it is no report" : `it has no ${place} as a tele has it`);
}

/**
 * Spans of streams, for OpenTelemetry, which the runtime has built in.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { MuxStream } from "../../mux/stream.ts";
import type { StreamEnd } from "../../mux/stream_host.ts";
import { howItEnded, type StreamObserver } from "./stream_log.ts";

/** What a span is made by, as far as it is used here (OpenTelemetry's `Tracer`); times are milliseconds since 1970. */
export interface Tracer {
  /** Begins a span. */
  startSpan(name: string, options: SpanOptions): Span;
}

/** What a span begins with. */
export interface SpanOptions {
  /** When. */
  readonly startTime: number;
  /** What it tells. */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** A span that has begun. */
export interface Span {
  /** It failed (code 2), and why. */
  setStatus(status: { readonly code: number; readonly message: string }): unknown;
  /** It is over. */
  end(endTime: number): void;
}

/** `SpanStatusCode.ERROR`. */
const FAILED = 2;

/** Tells each stream as a span when it is over: nothing is kept meanwhile. */
export class StreamSpans implements StreamObserver {
  readonly #tracer: Tracer;
  readonly #clock: Clock;

  /** Makes spans by `tracer`. */
  constructor(tracer: Tracer, clock: Clock) {
    this.#tracer = tracer;
    this.#clock = clock;
  }

  /** @ignore */
  streamEnded(stream: MuxStream, end: StreamEnd, client?: string): void {
    const { id, peer, moved, origin: { service, atMs }, host: { session } } = stream;
    const nowMs = this.#clock.wallNow();
    const attributes = {
      "tele.session": session?.name ?? "new",
      "tele.stream": id,
      "tele.peer": peer,
      ...service !== undefined && { "tele.service": service },
      ...client !== undefined && { "tele.client": client },
      "tele.sent_bytes": moved.sentBytes,
      "tele.received_bytes": moved.receivedBytes,
      "tele.end": howItEnded(end),
    };
    const startTime = nowMs - (this.#clock.now() - atMs);
    const span = this.#tracer.startSpan("tele.stream", { startTime, attributes });
    if (end.kind !== "finished") span.setStatus({ code: FAILED, message: end.message });
    span.end(nowMs);
  }

  /** @ignore */
  userRefused(): void {}
}

/**
 * The runtime's tracer, if `OTEL_DENO` says that it is on; without that, asking it for a span throws.
 *
 * @param asked The value of `OTEL_DENO`. @default {the one of the environment}
 * @param runtime Where the tracer is looked for. @default {Deno}
 */
export function runtimeTracer(asked: string | undefined = readAsked(), runtime: object = Deno): Tracer | undefined {
  if (!["true", "1"].includes(asked ?? "")) return undefined;
  const { telemetry } = runtime as { telemetry?: { tracerProvider?: { getTracer(name: string): Tracer } } };
  return telemetry?.tracerProvider?.getTracer("tele");
}

function readAsked(): string | undefined {
  try {
    return Deno.env.get("OTEL_DENO");
  } catch {
    // No permission (`--allow-env`): then nobody has asked for spans.
    return undefined;
  }
}

/** Who counts and traces streams: `status`, if there is any, and the runtime's tracer, if it is on. */
export function streamObservers(clock: Clock, status: StreamObserver | undefined): StreamObserver[] {
  const tracer = runtimeTracer();
  return [...status === undefined ? [] : [status], ...tracer === undefined ? [] : [new StreamSpans(tracer, clock)]];
}

/** Spans of streams, for OpenTelemetry. */
import { assertEquals } from "@std/assert";
import { ResetCode } from "../../../../lib/mux/mux_constants.ts";
import type { MuxStream } from "../../../../lib/mux/stream.ts";
import {
  runtimeTracer,
  type SpanOptions,
  streamObservers,
  StreamSpans,
  type Tracer,
} from "../../../../lib/tunnel/log/spans.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** A tracer that writes down what it is told. */
function recorder(): { tracer: Tracer; told: unknown[] } {
  const told: unknown[] = [];
  const startSpan = (name: string, options: SpanOptions) => {
    told.push([name, options]);
    return { setStatus: (status: unknown) => told.push(status), end: (atMs: number) => void told.push(atMs) };
  };
  return { tracer: { startSpan }, told };
}

function streamAt(atMs: number, service?: string): MuxStream {
  const moved = { sentBytes: 5, receivedBytes: 7 };
  return {
    id: 17,
    peer: "a:1",
    moved,
    origin: { service, atMs },
    host: { session: { name: "4e2d32b2" } },
  } as MuxStream;
}

Deno.test("a stream is a span from its beginning to its end, with what moved", async () => {
  const clock = new FakeClock();
  const { tracer, told } = recorder();
  const spans = new StreamSpans(tracer, clock);
  const [atMs, startTime] = [clock.now(), clock.wallNow()];
  await clock.advance(2_000);
  spans.streamEnded(streamAt(atMs, "db"), { kind: "finished" }, "alice");
  spans.userRefused();
  const attributes = {
    "tele.session": "4e2d32b2",
    "tele.stream": 17,
    "tele.peer": "a:1",
    "tele.service": "db",
    "tele.client": "alice",
    "tele.sent_bytes": 5,
    "tele.received_bytes": 7,
    "tele.end": "finished",
  };
  assertEquals(told, [["tele.stream", { startTime, attributes }], startTime + 2_000]);
});

Deno.test("one that did not finish has failed, and why", () => {
  const clock = new FakeClock();
  const { tracer, told } = recorder();
  const spans = new StreamSpans(tracer, clock);
  spans.streamEnded(streamAt(0), { kind: "reset", code: ResetCode.limit, message: "--max", by: "peer" });
  assertEquals(told[1], { code: 2, message: "--max" });
});

Deno.test("only where OTEL_DENO says so the runtime is asked for a tracer", () => {
  const { tracer } = recorder();
  const runtime = { telemetry: { tracerProvider: { getTracer: () => tracer } } };
  assertEquals(runtimeTracer(undefined, runtime), undefined);
  assertEquals(runtimeTracer("false", runtime), undefined);
  assertEquals(runtimeTracer("true", runtime), tracer);
  assertEquals(runtimeTracer("true", {}), undefined);
});

Deno.test("without spans and without a status nobody is told of streams", () => {
  assertEquals(streamObservers(new FakeClock(), undefined), []);
  const status = { streamEnded() {}, userRefused() {} };
  assertEquals(streamObservers(new FakeClock(), status), [status]);
});

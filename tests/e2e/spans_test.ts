/** Spans of OpenTelemetry, which the runtime sends to a collector. */
import { assertEquals } from "@std/assert";
import { scenario } from "../support/scenario.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";
import { until } from "../support/wait.ts";

/** A span in OTLP's JSON, as far as it is looked at. */
interface Span {
  name: string;
  attributes: { key: string; value: Record<string, string | number> }[];
}

Deno.test(
  "with OTEL_DENO both ends tell a stream as a span, by the same name",
  scenario(60_000, async (s) => {
    const spans: Span[] = [];
    const collector = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      const body = await request.json();
      for (const { scopeSpans } of body.resourceSpans ?? []) {
        spans.push(...scopeSpans.flatMap((scope: { spans: Span[] }) => scope.spans));
      }
      return new Response("{}");
    });
    s.defer(() => collector.shutdown());
    const env = {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "200",
    };
    const user = s.use(new UserServer(echo));
    const { port } = await s.tunnel(user.port, { client: { env }, server: { env } });
    const connection = await connectTo(port);
    await roundTrip(connection, "hello");
    connection.close();
    const streams = () => spans.filter(({ name }) => name === "tele.stream");
    await until(() => streams().length === 2, 20_000, "a span of each end");
    const told = streams().map(({ attributes }) =>
      Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
    );
    assertEquals(
      told.map((span) => [span["tele.stream"], Number(span["tele.sent_bytes"]), span["tele.end"]]).map(String),
      [
        `${told[0]?.["tele.stream"]},5,finished`,
        `${told[0]?.["tele.stream"]},5,finished`,
      ],
    );
    assertEquals(told[0]?.["tele.session"], told[1]?.["tele.session"]);
  }),
);

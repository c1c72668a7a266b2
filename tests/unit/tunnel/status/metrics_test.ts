/** What `/metrics` tells. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { METRICS } from "../../../../lib/tunnel/status/metric_table.ts";
import { metricsText } from "../../../../lib/tunnel/status/metrics.ts";
import type { ProcessStatus } from "../../../../lib/tunnel/status/process_status.ts";
import { aStatus, StatusWorld } from "../../../support/status_world.ts";

/** The value of a series, as text. */
function valueOf(status: ProcessStatus, series: string): string | undefined {
  return metricsText(status).split("\n").find((line) => line.startsWith(`${series} `))?.slice(series.length + 1);
}

Deno.test("an outage is counted at both ends: carriers, why they went, a resume, and how long it was", async () => {
  await using world = new StatusWorld();
  await world.mux.attached();
  await world.breakNetwork();
  assertEquals(valueOf(world.status, 'tele_tunnel_up{tunnel="near"}'), "0");
  assertEquals(valueOf(world.status, 'tele_sessions_in_outage{tunnel="near"}'), "1");
  await world.mux.clock.advance(20_000);
  await world.mendNetwork();
  for (const tunnel of ["near", "far"]) {
    const value = (name: string, labels = "") => valueOf(world.status, `${name}{tunnel="${tunnel}"${labels}}`);
    assertEquals(value("tele_carriers_total", ',way="other"'), "2", tunnel);
    assertEquals(value("tele_carriers_lost_total", ',way="other",reason="reset"'), "1", tunnel);
    assertEquals([value("tele_resumes_total"), value("tele_outage_seconds_count")], ["1", "1"], tunnel);
    assertEquals(value("tele_outage_seconds_bucket", ',le="10"'), "0", tunnel);
    assertEquals(value("tele_outage_seconds_bucket", ',le="30"'), "1", tunnel);
    assert(Number(value("tele_recovery_seconds_sum")) >= Number(value("tele_outage_seconds_sum")), tunnel);
  }
  const failed = valueOf(world.status, 'tele_attempts_failed_total{tunnel="near",reason="other"}');
  assert(Number(failed) > 0, `${failed} attempts failed`);
});

Deno.test("streams that are open, and those that are over, are counted by service and client", async () => {
  const token = new TextEncoder().encode("correct horse battery staple");
  await using world = new StatusWorld({
    client: { token, tokenName: "alice", onStreamEnd: (...told) => world.client.streamEnded(...told) },
    server: { tokens: [{ name: "alice", token }], onStreamEnd: (...told) => world.server.streamEnded(...told) },
  });
  await world.mux.attached();
  const { user } = world.mux.open();
  world.mux.open();
  await world.mux.clock.advance(100);
  user.abort();
  await world.mux.clock.advance(100);
  const far = 'tunnel="far",client="alice"';
  const values = ["open", "total"].map((what) => valueOf(world.status, `tele_streams_${what}{${far}}`));
  assertEquals(values, ["1", "2"]);
  assertEquals(valueOf(world.status, 'tele_streams_total{tunnel="near"}'), "2");
});

Deno.test("users that are refused, and handshakes under way, are counted", async () => {
  const status = aStatus();
  const tunnel = status.add({ name: undefined, role: "server" });
  const done = Promise.withResolvers<void>();
  tunnel.userRefused();
  tunnel.handshake(done.promise);
  assertEquals([valueOf(status, "tele_users_refused_total"), valueOf(status, "tele_handshakes_in_progress")], [
    "1",
    "1",
  ]);
  done.resolve();
  await done.promise;
  assertEquals(valueOf(status, "tele_handshakes_in_progress"), "0");
});

Deno.test("all that is told is in the table, in its order", async () => {
  await using world = new StatusWorld();
  await world.mux.attached();
  world.mux.open();
  await world.mux.clock.advance(100);
  const text = metricsText(world.status);
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const missing = METRICS.map(({ name, type }) => `${name} ${type}`).filter((each) => !types.includes(each));
  assertEquals(missing, ["tele_carriers_lost_total counter", "tele_attempts_failed_total counter"]);
  assertStringIncludes(text, 'tele_build_info{version="1.2.3",role="both"} 1\n');
});

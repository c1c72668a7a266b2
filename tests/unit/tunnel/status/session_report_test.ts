/** A session, as a report has it. */
import { assert, assertEquals } from "@std/assert";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { MOST_STREAMS } from "../../../../lib/tunnel/status/report.ts";
import { sessionReport, streamsOf } from "../../../../lib/tunnel/status/session_report.ts";
import { iso } from "../../../../lib/tunnel/status/timeline.ts";
import type { TunnelStatus } from "../../../../lib/tunnel/status/tunnel_status.ts";
import { echo, text } from "../../../support/mux_world.ts";
import { readText } from "../../../support/reading.ts";
import { StatusWorld } from "../../../support/status_world.ts";

/** The report of the only session of a tunnel. */
function reportOf({ mux: { clock } }: StatusWorld, { records, name }: TunnelStatus) {
  assertEquals(records.length, 1);
  return sessionReport(records[0]!, name, clock);
}

Deno.test("both ends tell the same of a session, its carrier and its stream", async () => {
  await using world = new StatusWorld({ serve: echo, client: { asksByName: true }, server: { hasServices: true } });
  await world.mux.attached();
  const [user, far] = duplexPair();
  const openedAt = world.mux.clock.wallNow();
  world.mux.client.open(far, "db");
  const writing = user.write(text("hello"));
  assertEquals(await world.mux.run(readText(user, 5)), "hello");
  await writing;
  await world.mux.clock.advance(2_000);
  const [near, other] = [reportOf(world, world.client), reportOf(world, world.server)];
  assertEquals([near.id, near.tunnel, near.state, near.outages], [other.id, "near", "connected", 0]);
  const stream = { id: 1, service: "db", since: iso(openedAt), sentBytes: 5, receivedBytes: 5 };
  assertEquals(near.streams, [{ ...stream, peer: "in memory" }]);
  assertEquals({ ...other.streams[0], since: stream.since }, { ...stream, peer: "in memory" });
  assertEquals([near.streamsOpen, other.streamsOpen], [1, 1]);
  assert(near.sentBytes > 5 && near.receivedBytes > 5, "frames have headers");
  assertEquals([other.receivedBytes, other.sentBytes], [near.sentBytes, near.receivedBytes]);
  const [{ number, way, lane, path, sentBytes }] = near.carriers as [typeof near.carriers[number]];
  assertEquals([number, way, lane, path, sentBytes], [0, "other", "quiet", 0, near.sentBytes]);
});

Deno.test("before its first carrier a client's session is new, and in an outage", async () => {
  await using world = new StatusWorld({ client: { dial: () => Promise.reject(new Error("no network")) } });
  await world.mux.clock.advance(2_000);
  const report = reportOf(world, world.client);
  assertEquals([report.id, report.state, report.peer, report.roundTripSeconds], ["new", "outage", "", null]);
  assertEquals(report.timeline.map(({ kind, to }) => [kind, to]), [["outage", null]]);
});

Deno.test("of very many streams the oldest are told, and how many there are", async () => {
  await using world = new StatusWorld();
  await world.mux.attached();
  for (let count = 0; count < MOST_STREAMS + 10; count++) world.mux.open();
  await world.mux.clock.advance(100);
  const { streams, streamsOpen } = reportOf(world, world.client);
  assertEquals([streams.length, streams[0]?.id, streams.at(-1)?.id], [MOST_STREAMS, 1, 2 * MOST_STREAMS - 1]);
  assertEquals([streamsOpen, streamsOf(world.client.records[0]!.session).length], [
    MOST_STREAMS + 10,
    MOST_STREAMS + 10,
  ]);
});

Deno.test("no secret is in a report", async () => {
  const token = new TextEncoder().encode("correct horse battery staple");
  await using world = new StatusWorld({
    client: { token, tokenName: "alice" },
    server: { tokens: [{ name: "alice", token }] },
  });
  await world.mux.attached();
  const report = reportOf(world, world.server);
  assertEquals(report.client, "alice");
  const { id, joinSecret } = world.server.records[0]!.session;
  const json = JSON.stringify([report, reportOf(world, world.client)]);
  for (const secret of [id, joinSecret]) assert(!json.includes(secret.toHex()), "an identifier or a secret is shown");
  assert(!json.includes("correct horse"));
});

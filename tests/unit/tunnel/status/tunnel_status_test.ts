/** What is known of one tunnel. */
import { assert, assertEquals } from "@std/assert";
import { sum } from "../../../../lib/tunnel/status/tunnel_status.ts";
import { echo, text } from "../../../support/mux_world.ts";
import { readText } from "../../../support/reading.ts";
import { aStatus, StatusWorld } from "../../../support/status_world.ts";

Deno.test("a client waits while it has no carrier, a server serves", async () => {
  await using world = new StatusWorld();
  assertEquals([world.client.report.state, world.server.report.state], ["waiting", "serving"]);
  await world.mux.attached();
  assertEquals(world.client.report, { name: "near", role: "client", state: "serving" });
  await world.breakNetwork();
  assertEquals([world.client.report.state, world.server.report.state], ["waiting", "serving"]);
  await world.mendNetwork();
  assertEquals(world.client.report.state, "serving");
});

Deno.test("a client without sessions, as in RFD 80 mode, serves; what drains says so", () => {
  const tunnel = aStatus().add({ name: undefined, role: "client" });
  assertEquals(tunnel.report, { name: null, role: "client", state: "serving" });
  tunnel.runs(() => true);
  assertEquals(tunnel.report.state, "draining");
});

Deno.test("an outage is in the history of both ends, and the session goes on", async () => {
  await using world = new StatusWorld();
  await world.mux.attached();
  await world.breakNetwork();
  await world.mux.clock.advance(5_000);
  await world.mendNetwork();
  for (const { records: [record] } of [world.client, world.server]) {
    const kinds = record!.timeline.report(world.mux.clock.wallNow()).map(({ kind }) => kind);
    assertEquals([kinds.slice(-3), record!.outages], [["carrier", "outage", "carrier"], 1]);
  }
});

Deno.test("a client that lost its session goes on with its history, and a server forgets what is over", async () => {
  await using world = new StatusWorld();
  await world.mux.attached();
  world.mux.restartServer();
  await world.mux.clock.advance(10_000);
  await world.mux.attached();
  assertEquals(world.client.records.length, 1);
  const [record] = world.client.records;
  const kinds = record!.timeline.report(world.mux.clock.wallNow()).map(({ kind }) => kind);
  assertEquals([kinds.slice(-3), record!.outages], [["carrier", "outage", "carrier"], 1]);
});

Deno.test("bytes of sessions that are over are not forgotten", async () => {
  const world = new StatusWorld({ serve: echo });
  await world.mux.attached();
  const { user } = world.mux.open();
  const writing = user.write(text("hello"));
  await world.mux.run(readText(user, 5));
  await writing;
  await world.mux.clock.advance(1_000);
  const before = [world.client.carried, world.server.carried];
  assert(before.every(({ sentBytes, receivedBytes }) => sentBytes > 5 && receivedBytes > 5));
  await world[Symbol.asyncDispose]();
  const after = [world.client.carried, world.server.carried];
  assertEquals([world.client.records, world.server.records], [[], []]);
  for (const [at, { sentBytes, receivedBytes }] of after.entries()) {
    assert(sentBytes >= before[at]!.sentBytes && receivedBytes >= before[at]!.receivedBytes);
  }
  assertEquals(sum(after[0]!, { sentBytes: 1, receivedBytes: 2, resentBytes: 3 }).resentBytes, 3);
});

Deno.test("what an outage made this end send again is counted", async () => {
  await using world = new StatusWorld();
  await world.mux.attached();
  const { user } = world.mux.open();
  world.mux.network.blackHole();
  const writing = user.write(new Uint8Array(50_000));
  await world.mux.clock.advance(100);
  await world.breakNetwork();
  await world.mendNetwork();
  await world.mux.run(writing);
  await world.mux.clock.advance(1_000);
  assert(world.client.carried.resentBytes >= 32_768, `${world.client.carried.resentBytes} bytes`);
  assertEquals(world.server.carried.resentBytes, 0);
});

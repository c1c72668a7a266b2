/** The two halves of a drain: nothing is called over that may still come. */
import { assertEquals, assertThrows } from "@std/assert";
import { Draining } from "../../../lib/mux/draining.ts";
import { type End, StreamTable } from "../../../lib/mux/stream_table.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { decodeDrain } from "../../../lib/session/frames.ts";
import { ALL_OVER } from "../../../lib/session/session_constants.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { ALL, BULK } from "../../../lib/session/share.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** The end of a client, with its streams and what its session and its owner are told. */
function setUp(end: End = "client") {
  const clock = new FakeClock();
  const told: string[] = [];
  const streams = new StreamTable<{ id: number }>({ end, open: { count: 0 } });
  const session = { isEmpty: true, wake: () => void told.push("wake"), drained: () => void told.push("drained") };
  const peerDrains = () => void told.push("peer drains"), allOver = () => void told.push("all over");
  const draining = new Draining(streams, { end, clock, session: () => session, peerDrains, allOver });
  const log = new FrameLog(new LogBudget({ limitBytes: 1024 }));
  const open = () => {
    const stream = { id: 0 };
    streams.addUnopened(stream);
    return stream;
  };
  return { clock, told, streams, draining, log, open, session };
}

/** The numbers of the drains in `log`. */
function drainsOf(log: FrameLog): number[] {
  const drains: number[] = [];
  const written = log.nextWrite(new WriteHold())!;
  for (let at = 0; at < log.end; at += 9) drains.push(decodeDrain(written.subarray(at + 4, at + 9)));
  return drains;
}

Deno.test("a drain tells the last number that was given, once, on the carrier for what is quiet", () => {
  const { draining, streams, log, open, told } = setUp();
  draining.writeInto(log);
  assertEquals(log.end, 0);
  for (let count = 0; count < 3; count++) streams.number(open());
  draining.begin();
  draining.writeInto(log, BULK);
  assertEquals([log.end, told], [0, ["wake"]]);
  for (let time = 0; time < 2; time++) draining.writeInto(log, ALL);
  assertEquals([drainsOf(log), draining.hasBegun], [[5], true]);
});

Deno.test("a drain waits until the last stream is opened, or has gone", () => {
  for (const how of ["opened", "gone"]) {
    const { draining, streams, log, open, told } = setUp();
    const stream = open();
    draining.begin();
    draining.writeInto(log);
    assertEquals([log.end, told, draining.hasUnopened], [0, [], true]);
    if (how === "opened") streams.number(stream);
    else streams.delete(stream);
    draining.look();
    draining.writeInto(log);
    assertEquals([drainsOf(log), told], [[how === "opened" ? 1 : 0], ["wake"]]);
  }
});

Deno.test("a server says that all is over when both have told theirs, each number has come, and nothing is left", async () => {
  const { draining, streams, log, told, clock, session } = setUp("server");
  const look = () => {
    draining.look();
    draining.writeInto(log);
    return log.end / 9;
  };
  draining.received(3);
  assertEquals([told.splice(0), look()], [["peer drains"], 0]);
  draining.begin();
  assertEquals([look(), draining.isExchanged], [1, false]);
  streams.see(3);
  assertEquals(look(), 1);
  streams.see(1);
  const stream = { id: 1 };
  streams.add(stream);
  assertEquals([look(), draining.isExchanged], [1, true]);
  streams.delete(stream);
  session.isEmpty = false;
  assertEquals([look(), draining.isAllOver], [1, false]);
  session.isEmpty = true;
  assertEquals([look(), look(), draining.isAllOver], [2, 2, true]);
  assertEquals(drainsOf(log), [0, ALL_OVER]);
  await clock.advance(1);
  assertEquals(told.includes("drained"), false, "the client has not taken it");
  log.acknowledge(18);
  await clock.advance(1);
  assertEquals(told.at(-1), "drained");
});

Deno.test("a client is told that all is over behind its own drain, and only by a server", () => {
  const client = setUp("client");
  assertThrows(() => client.draining.received(ALL_OVER), TeleError, "only a server does");
  client.draining.begin();
  client.draining.writeInto(client.log);
  client.draining.received(ALL_OVER);
  assertEquals([client.told, client.draining.isAllOver], [["wake", "all over"], true]);
  const server = setUp("server");
  server.draining.begin();
  server.draining.writeInto(server.log);
  assertThrows(() => server.draining.received(ALL_OVER), TeleError, "only a server does");
});

Deno.test("a drain that comes again changes nothing, and one that cannot be is an error", () => {
  const { draining, streams, told } = setUp();
  streams.see(6);
  for (const last of [4, 0, 7, 2 ** 31]) assertThrows(() => draining.received(last), TeleError, "cannot be its last");
  assertEquals(draining.isPeers, false);
  for (let time = 0; time < 2; time++) draining.received(8);
  assertEquals([told, draining.isPeers], [["peer drains"], true]);
  assertThrows(() => draining.received(10), TeleError, "said 8 before");
});

Deno.test("the peer opens nothing above the number that it has told", () => {
  const { draining } = setUp();
  draining.checkOpen(100);
  draining.received(4);
  for (const id of [2, 4]) draining.checkOpen(id);
  assertThrows(() => draining.checkOpen(6), TeleError, "4 was to be its last");
});

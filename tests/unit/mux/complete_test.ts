/** Complete means taken by the peer: an end that was only sent may be lost with its session. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Mux } from "../../../lib/mux/mux.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { ResendQueue } from "../../../lib/session/resend_queue.ts";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { MuxWorld, text } from "../../support/mux_world.ts";
import { collect, readText } from "../../support/reading.ts";

/** A client's stream that has sent all that it will, and an end; its frames are in a log. */
async function sentStream() {
  const ended: string[] = [];
  const budget = new LogBudget({ limitBytes: 1 << 20 });
  const queue = new ResendQueue({ budget, onWindowLost: () => {} });
  const mux = new Mux({
    end: "client",
    clock: new FakeClock(),
    pool: new SegmentPool({ plenty: 9 }),
    maxStreams: 9,
    open: { count: 0 },
    onStreamEnd: (_stream, { kind }) => void ended.push(kind),
  });
  mux.bind({
    wake() {},
    wakeNow() {},
    drained() {},
    isEmpty: true,
    roundTripMs: 0,
    rateBytesPerMs: 0,
    frameBytes: Infinity,
    budget,
  });
  const [user, far] = duplexPair();
  mux.open(far);
  // The other direction has ended before.
  const log = new FrameLog(budget);
  mux.pull(log, 1e6, 1e6, 0);
  mux.receiveEnd(1, 0);
  user.write(text("0123456789"));
  user.closeWrite();
  for (let round = 0; round < 3; round++) {
    await settle();
    mux.pull(log, 1e6, 1e6, 0);
  }
  while (log.nextWrite(new WriteHold()) !== undefined);
  assertEquals([log.end, ended], [20 + 27 + 17, []]);
  return { ended, budget, queue, mux, log };
}

Deno.test("an end is taken when everything up to it is acknowledged, and not a byte before", async () => {
  for (const short of [64, 17, 1, 0]) {
    const { ended, log } = await sentStream();
    log.acknowledge(log.end - short);
    await settle();
    assertEquals(ended, short === 0 ? ["finished"] : [], `${short} bytes short`);
  }
});

Deno.test("an end is taken when the last frame is, in whichever log that is", async () => {
  const { ended, budget, queue, log } = await sentStream();
  // The end came, and not all in front of it.
  queue.add(log.handOver(), 20 + 20);
  const next = new FrameLog(budget);
  queue.moveTo(next, 1e6);
  assertEquals(next.end, 17 + 7 + 17);
  while (next.nextWrite(new WriteHold()) !== undefined);
  next.acknowledge(next.end - 1);
  assertEquals(ended, []);
  next.acknowledge(next.end);
  assertEquals([ended, budget.heldBytes], [["finished"], 0]);
});

Deno.test("an end that a receipt covers is taken by it", async () => {
  const { ended, queue, log } = await sentStream();
  queue.add(log.handOver(), 64);
  assertEquals([ended, queue.bytes], [["finished"], 0]);
});

Deno.test("who is over is forgotten, though nothing was acknowledged, and is told nothing more", async () => {
  const { ended, mux, log } = await sentStream();
  mux.receiveReset({ id: 1, offset: 0, code: 1, message: "" });
  assertEquals(ended, ["reset"]);
  log.acknowledge(log.end);
  assertEquals(ended, ["reset"]);
});

/**
 * The user's server has ended early; the user's client uploads and ends, and nothing of that reaches the tele server.
 */
async function uploadIntoABlackHole(world: MuxWorld) {
  await world.attached();
  const { user } = world.open();
  await world.clock.advance(100);
  const [upstream] = world.upstream;
  await world.run(Promise.all([upstream.write(text("0123456789")), readText(user, 10)]));
  await upstream.closeWrite();
  await world.clock.advance(100);
  world.network.blackHole();
  world.network.state = "unreachable";
  await world.run(user.write(new Uint8Array(40_000)));
  await user.closeWrite();
  await world.clock.advance(200);
  return { user, upstream };
}

Deno.test("a stream whose last bytes nobody has acknowledged is cut with its session, though both its ends were sent", async () => {
  await using world = new MuxWorld();
  const { user, upstream } = await uploadIntoABlackHole(world);
  collect(upstream);
  world.restartServer();
  world.network.state = "up";
  await world.clock.advance(5_000);
  const here = await world.run(collect(user));
  assertEquals(world.ends.client.map(({ kind }) => kind), ["cut"]);
  assertStringIncludes(here.end, "does not know the session");
});

Deno.test("a stream is finished when its last bytes were acknowledged, however long the network was away", async () => {
  await using world = new MuxWorld();
  const { user, upstream } = await uploadIntoABlackHole(world);
  const here = collect(user);
  const there = collect(upstream);
  await world.clock.advance(60_000);
  assertEquals(world.ends.client, [], "sent is not taken");
  world.network.state = "up";
  assertEquals((await world.run(there)).bytes.length, 40_000);
  assertEquals((await world.run(here)).end, "end");
  await world.clock.advance(1_000);
  assertEquals([world.ends.client, world.ends.server], [[{ kind: "finished" }], [{ kind: "finished" }]]);
});

Deno.test("who ends its session right behind the last byte lets the peer's streams be complete", async () => {
  await using world = new MuxWorld();
  await world.attached();
  const { user } = world.open();
  await user.closeWrite();
  await world.clock.advance(1_000);
  const [upstream] = world.upstream;
  const there = collect(upstream);
  const here = collect(user);
  await world.run(upstream.write(text("the answer")));
  await upstream.closeWrite();
  assertEquals((await world.run(here)).end, "end");
  // Before the time is over within which it acknowledges what came.
  await world.run(world.client.stop("its connection is over"));
  assertEquals((await world.run(there)).end, "end");
  assertEquals(world.ends.server, [{ kind: "finished" }]);
});

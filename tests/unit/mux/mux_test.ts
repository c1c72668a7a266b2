/** Streams inside a session: real muxes and sessions over a network in memory, with a clock that the test moves. */
import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { EARLY_STREAMS, LEAST_START_CREDIT, MOST_START_CREDIT } from "../../../lib/mux/mux_constants.ts";
import { Mux } from "../../../lib/mux/mux.ts";
import { MuxServer } from "../../../lib/mux/link.ts";
import { RecordDecoder, writeDataHeader, writeFin, writeOpen } from "../../../lib/mux/records.ts";
import type { StreamEnd } from "../../../lib/mux/stream.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { Segment, SegmentPool } from "../../../lib/net/segment_pool.ts";
import { SessionClient } from "../../../lib/session/session_client.ts";
import { ReplayLog } from "../../../lib/session/carrier/replay_log.ts";
import type { SessionUser } from "../../../lib/session/session.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { MemoryNetwork } from "../../support/memory_network.ts";
import { generated } from "../../support/random.ts";
import { callingUser, collect, echo, KIB, MIB, readText, type Received, text, World } from "../../support/mux_world.ts";

Deno.test("what users send in one step leaves in one write; of many users, the first write begins before all were read", async () => {
  await using world = new World();
  await world.attached();
  const users = Array.from({ length: 2 * EARLY_STREAMS + 3 }, callingUser);
  for (const { duplex } of users) world.client.open(duplex);
  await world.clock.advance(100);
  for (const count of [EARLY_STREAMS - 1, users.length]) {
    const before = world.clientWrites.length;
    for (const { send } of users.slice(0, count)) send(text("request"));
    assertEquals(world.clientWrites.length - before, count < EARLY_STREAMS ? 0 : 1, `${count} users, at once`);
    await world.clock.advance(100);
    const requests = world.clientWrites.slice(before).map((bytes) =>
      new TextDecoder().decode(bytes).split("request").length - 1
    );
    assertEquals(
      requests.filter((each) => each > 0),
      count < EARLY_STREAMS ? [count] : [EARLY_STREAMS, count - EARLY_STREAMS],
    );
  }
});

Deno.test("open and first data leave without a round trip, and in one write where the data is there", async () => {
  await using world = new World();
  const waiting = world.open();
  const written = waiting.user.write(text("before there was a carrier"));
  await world.attached();
  await world.clock.settle();
  await written;
  const opening = world.clientWrites.filter((bytes) => new TextDecoder().decode(bytes).includes("before there was"));
  assertEquals(opening.length, 1);
  assertEquals(world.clientWrites.indexOf(opening[0]), 2, "it follows hello and commit");
  // On an attached carrier, with the server mute: no answer is needed.
  world.network.last!.bToA.hold();
  const { user } = world.open();
  await user.write(text("hello"));
  await world.clock.settle();
  assertEquals(world.upstream.length, 2);
  assertEquals(await readText(world.upstream[1], 5), "hello");
  world.network.last!.bToA.release();
});

Deno.test("a user's server that speaks first is heard", async () => {
  await using world = new World({ serve: (user) => void user.write(text("220 ready")) });
  await world.attached();
  const { user } = world.open();
  assertEquals(await world.run(readText(user, 9)), "220 ready");
});

Deno.test("the client's user half-closes: the server's user reads the end behind the data, and can go on", async () => {
  await using world = new World();
  const { user } = world.open();
  await world.run(user.write(text("question")));
  await user.closeWrite();
  const [upstream] = world.upstream;
  const question = await world.run(collect(upstream));
  assertEquals([new TextDecoder().decode(question.bytes), question.end], ["question", "end"]);
  await world.clock.advance(60_000);
  const answer = collect(user);
  await world.run(upstream.write(text("a late answer")));
  await upstream.closeWrite();
  const { bytes, end } = await world.run(answer);
  assertEquals([new TextDecoder().decode(bytes), end], ["a late answer", "end"]);
  await world.clock.advance(10);
  assertEquals([world.ends.client, world.ends.server], [[{ kind: "finished" }], [{ kind: "finished" }]]);
  assertEquals(world.client.streamCount, 0);
});

Deno.test("the server's user half-closes: the client's user reads the end behind the data, and can go on", async () => {
  await using world = new World();
  const { user } = world.open();
  await world.attached();
  await world.clock.settle();
  const [upstream] = world.upstream;
  const greeting = collect(user);
  await upstream.write(text("all I have to say"));
  await upstream.closeWrite();
  const { bytes, end } = await world.run(greeting);
  assertEquals([new TextDecoder().decode(bytes), end], ["all I have to say", "end"]);
  const reply = collect(upstream);
  await world.run(user.write(text("but I go on")));
  await user.closeWrite();
  assertEquals(new TextDecoder().decode((await world.run(reply)).bytes), "but I go on");
});

Deno.test("a reset at the client's end aborts the connection at the server's end, with the reason", async () => {
  await using world = new World();
  const { user } = world.open();
  await world.attached();
  await world.clock.settle();
  const received = collect(world.upstream[0]);
  user.abort(new Error("connection reset"));
  const { end } = await world.run(received);
  assertEquals(end, "connection reset");
  const message = "connection reset";
  assertEquals(world.ends.client, [{ kind: "reset", code: 2, message, by: "here" }]);
  assertEquals(world.ends.server, [{ kind: "reset", code: 2, message, by: "peer" }]);
});

Deno.test("a reset at the server's end aborts the connection at the client's end, with the reason", async () => {
  await using world = new World();
  const { user } = world.open();
  await world.attached();
  await world.clock.settle();
  const received = collect(user);
  world.upstream[0].abort(new Error("it broke"));
  assertEquals((await world.run(received)).end, "it broke");
  assertEquals(world.ends.client, [{ kind: "reset", code: 2, message: "it broke", by: "peer" }]);
});

Deno.test("a refused user's server ends the user's connection at once, with the reason", async () => {
  await using world = new World();
  world.dialUpstream = () => Promise.reject(new Error("127.0.0.1:22: connection refused"));
  await world.attached();
  const before = world.clock.now();
  const { user } = world.open();
  const writing = user.write(text("anyone there?")).catch(() => {});
  const { end } = await world.run(collect(user));
  await writing;
  assertEquals(end, "127.0.0.1:22: connection refused");
  assert(world.clock.now() - before < 1_000);
  assertEquals(world.ends.client, [{
    kind: "reset",
    code: 1,
    message: "127.0.0.1:22: connection refused",
    by: "peer",
  }]);
});

Deno.test("a dial that is still under way when the user goes is given up", async () => {
  await using world = new World();
  let aborted = 0;
  world.dialUpstream = (signal) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        aborted++;
        reject(signal.reason);
      })
    );
  await world.attached();
  const { user } = world.open();
  await world.clock.advance(10);
  assertEquals(aborted, 0);
  user.abort();
  await world.clock.advance(10);
  assertEquals([aborted, world.ends.server.length], [1, 1]);
});

Deno.test("a user's server that is reached too late finds its connection aborted", async () => {
  await using world = new World();
  let reached!: () => void;
  world.dialUpstream = () => new Promise((resolve) => reached = resolve);
  await world.attached();
  const { user } = world.open();
  await world.clock.advance(10);
  user.abort();
  await world.clock.advance(10);
  reached();
  await world.clock.settle();
  await assertRejects(() => world.upstream[0].read(new Uint8Array(1)));
});

Deno.test("more streams than the client allows are refused here, and room is made when one ends", async () => {
  await using world = new World({ client: { maxStreams: 2 } });
  const first = world.open();
  world.open();
  const error = assertThrows(() => world.open(), TeleError);
  assertEquals(error.code, "refused");
  first.user.abort();
  await world.clock.settle();
  world.open();
});

Deno.test("more streams than the server allows are reset with a message that names the option", async () => {
  await using world = new World({ server: { maxStreams: 2 } });
  const streams = [world.open(), world.open(), world.open()];
  await world.attached();
  const { end } = await world.run(collect(streams[2].user));
  assertStringIncludes(end, "--max");
  assertEquals(world.ends.client.map((end) => end.kind === "reset" && end.code), [3]);
  assertEquals([world.upstream.length, world.client.streamCount], [2, 2]);
  // The session goes on: data that was on its way for the refused stream does no harm, and room can be made.
  streams[0].user.abort();
  await world.clock.advance(10);
  const next = world.open();
  await world.run(next.user.write(text("hi")));
  assertEquals(await world.run(readText(world.upstream[2], 2)), "hi");
});

Deno.test("a reader that never reads stops only its own stream, and what waits for it stays within its credit", async () => {
  await using world = new World();
  await world.attached();
  const stuck = world.open();
  const other = world.open();
  let written = 0;
  const flooding = (async () => {
    const block = new Uint8Array(64 * KIB);
    for (;; written += block.length) await stuck.user.write(block);
  })().catch(() => {});
  await world.clock.advance(10_000);
  const stuckBytes = written;
  // Nobody takes a byte, so the window stays at its start; a chunk may be read ahead, and one write is under way.
  assert(stuckBytes >= MOST_START_CREDIT, `${stuckBytes} bytes`);
  assert(stuckBytes <= MOST_START_CREDIT + 512 * KIB, `${stuckBytes} bytes`);
  await world.clock.advance(3_600_000);
  assertEquals(written, stuckBytes, "an hour later it is the same");
  const data = generated(2 * MIB, 5);
  const [received] = await world.run(Promise.all([
    collect(world.upstream[1]),
    other.user.write(data).then(() => other.user.closeWrite()),
  ]));
  assertEquals(received.bytes, data);
  stuck.user.abort();
  await flooding;
});

Deno.test("the same from the server: a user's client that never reads stops only its own stream", async () => {
  await using world = new World();
  await world.attached();
  const [stuck, other] = [world.open(), world.open()];
  await world.clock.settle();
  let written = 0;
  const flooding = (async () => {
    const block = new Uint8Array(64 * KIB);
    for (;; written += block.length) await world.upstream[0].write(block);
  })().catch(() => {});
  await world.clock.advance(60_000);
  assert(written <= MOST_START_CREDIT + 512 * KIB, `${written} bytes`);
  assert(stuck.stream.waitingBytes <= MOST_START_CREDIT, `${stuck.stream.waitingBytes} bytes wait`);
  const data = generated(2 * MIB, 6);
  const [received] = await world.run(Promise.all([
    collect(other.user),
    world.upstream[1].write(data).then(() => world.upstream[1].closeWrite()),
  ]));
  assertEquals(received.bytes, data);
  stuck.user.abort();
  await world.clock.advance(10);
  await flooding;
});

Deno.test("beside 200 streams that nobody reads an echo is immediate, and memory stays within the start pool", async () => {
  await using world = new World({ pipe: { delayMs: 20 } });
  await world.attached();
  const stuck = Array.from({ length: 200 }, () => world.open());
  await world.clock.advance(100);
  const floods = world.upstream.map((user) => user.write(new Uint8Array(1 * MIB)).catch(() => {}));
  const uploads = stuck.map(({ user }) => user.write(new Uint8Array(1 * MIB)).catch(() => {}));
  await world.clock.advance(20_000);
  const waiting = stuck.reduce((sum, { stream }) => sum + stream.waitingBytes, 0);
  assert(waiting > 16 * MIB && waiting <= 33 * MIB, `${waiting} bytes wait`);
  const { user } = world.open();
  await world.clock.advance(50);
  void echo(world.upstream.at(-1)!);
  for (let key = 0; key < 20; key++) {
    const before = world.clock.now();
    const [back] = await world.run(Promise.all([readText(user, 3), user.write(text("key"))]));
    assertEquals(back, "key");
    const tookMs = world.clock.now() - before;
    assert(tookMs <= 45, `${tookMs} ms for a round trip of 40 ms`);
  }
  for (const { user } of stuck) user.abort();
  await world.clock.advance(100);
  await Promise.all([...floods, ...uploads]);
});

Deno.test("a keystroke is not behind bulk: beside transfers that fill a slow line an echo stays quick", async () => {
  // 2 MB/s with 20 ms of delay each way.
  await using world = new World({ pipe: { delayMs: 20, bytesPerSecond: 2_000_000, bufferBytes: 16 * KIB } });
  await world.attached();
  const bulks = Array.from({ length: 4 }, () => world.open());
  const { user } = world.open();
  await world.clock.advance(200);
  void echo(world.upstream.at(-1)!);
  const sinks = world.upstream.slice(0, 4).map((upstream) => collect(upstream));
  const floods = bulks.map(async ({ user }) => {
    const block = new Uint8Array(64 * KIB);
    for (;;) await user.write(block);
  });
  floods.forEach((flood) => flood.catch(() => {}));
  await world.clock.advance(3_000);
  const tookMs: number[] = [];
  for (let key = 0; key < 10; key++) {
    const before = world.clock.now();
    await world.run(Promise.all([readText(user, 1), user.write(text("k"))]));
    tookMs.push(world.clock.now() - before);
    await world.clock.advance(130);
  }
  assert(Math.max(...tookMs) < 400, `round trips of ${tookMs} ms`);
  for (const { user } of bulks) user.abort();
  await world.clock.advance(2_000);
  const received = await Promise.all(sinks);
  const least = Math.min(...received.map(({ bytes }) => bytes.length));
  const most = Math.max(...received.map(({ bytes }) => bytes.length));
  assert(least > most / 2, `bulk streams share the line: ${least} to ${most} bytes`);
});

Deno.test("a window grows with use, so that a path with a long round trip is filled", async () => {
  await using world = new World({ pipe: { delayMs: 50, bufferBytes: 16 * MIB } });
  await world.attached();
  const { user } = world.open();
  await world.clock.advance(200);
  const receiving = collect(world.upstream[0], 256 * KIB);
  const data = generated(48 * MIB, 9);
  const before = world.clock.now();
  const [received] = await world.run(Promise.all([receiving, user.write(data).then(() => user.closeWrite())]));
  assertEquals(received.bytes.length, data.length);
  const tookMs = world.clock.now() - before;
  // With the start credit alone it would take 192 round trips of 100 ms.
  assert(tookMs < 6_000, `${tookMs} ms`);
});

Deno.test("streams opened during an outage wait, and go when there is a carrier", async () => {
  await using world = new World({ serve: echo });
  await world.attached();
  world.network.state = "unreachable";
  world.network.blackHole();
  await world.clock.advance(30_000);
  assertEquals(world.client.isAttached, false);
  const users = Array.from({ length: 5 }, () => world.open().user);
  const writing = users.map((user, at) => user.write(text(`from ${at}`)).then(() => user.closeWrite()));
  await world.clock.advance(120_000);
  assertEquals([world.upstream.length, world.client.streamCount], [0, 5]);
  world.network.state = "up";
  const received = await world.run(Promise.all(users.map((user) => collect(user))), 20_000);
  await Promise.all(writing);
  assertEquals(
    received.map(({ bytes, end }) => [new TextDecoder().decode(bytes), end]),
    users.map((_, at) => [`from ${at}`, "end"]),
  );
});

Deno.test("streams opened before the first carrier wait too", async () => {
  const network = { state: "refusing" as const };
  await using world = new World({ serve: echo });
  world.network.state = network.state;
  const { user } = world.open();
  const writing = user.write(text("early"));
  await world.clock.advance(30_000);
  world.network.state = "up";
  assertEquals(await world.run(readText(user, 5)), "early");
  await writing;
});

Deno.test("the open record of the first stream was lost with its carrier: the stream is opened on the next", async () => {
  await using world = new World({ serve: echo });
  await world.attached();
  await world.clock.advance(5_000);
  const pipe = world.network.last!;
  pipe.aToB.blackHole();
  const { user } = world.open();
  await user.write(text("hello"));
  await world.clock.advance(100);
  world.network.state = "unreachable";
  pipe.cut();
  await world.clock.advance(50_000); // within the minute for which a session without streams is kept
  world.network.state = "up";
  assertEquals(await world.run(readText(user, 5)), "hello");
  assertEquals(world.ends.client, []);
});

Deno.test("the server restarts: streams it knew are cut and aborted, unopened ones move to the next session", async () => {
  await using world = new World();
  await world.attached();
  const old = world.open();
  await world.run(old.user.write(text("half of it")));
  const oldReceived = collect(old.user);
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(1_000);
  const fresh = world.open();
  const writing = fresh.user.write(text("for the new one")).then(() => fresh.user.closeWrite());
  await world.clock.advance(1_000);
  world.restartServer();
  world.network.state = "up";
  const { end } = await world.run(oldReceived);
  assertStringIncludes(end, "restarted");
  const received = await world.run(
    (async () => {
      await writing;
      return await collect(world.upstream[1]);
    })(),
  );
  assertEquals([new TextDecoder().decode(received.bytes), received.end], ["for the new one", "end"]);
  assertEquals(world.ends.client.map(({ kind }) => kind), ["cut"]);
  assert(world.log.some((line) => line.includes("session lost")), world.log.join("\n"));
  // Both directions of the moved stream work.
  const answer = collect(fresh.user);
  await world.run(world.upstream[1].write(text("welcome")));
  await world.upstream[1].closeWrite();
  assertEquals(new TextDecoder().decode((await world.run(answer)).bytes), "welcome");
});

Deno.test("a user that went away during an outage leaves nothing behind, whether its stream was opened or not", async () => {
  await using world = new World();
  await world.attached();
  const opened = world.open();
  await world.clock.settle();
  const upstream = collect(world.upstream[0]);
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(1_000);
  const unopened = world.open();
  await world.clock.advance(1_000);
  assertEquals(world.client.streamCount, 2);
  opened.user.abort(new Error("gave up"));
  unopened.user.abort(new Error("gave up too"));
  await world.clock.settle();
  assertEquals(world.client.streamCount, 0);
  world.network.state = "up";
  assertEquals((await world.run(upstream)).end, "gave up");
  await world.clock.advance(1_000);
  assertEquals(world.upstream.length, 1, "nobody was dialed for the other");
});

Deno.test("a user that half-closed during an outage gets its answer after it", async () => {
  await using world = new World({ serve: echo });
  await world.attached();
  const { user } = world.open();
  await world.clock.settle();
  world.network.state = "unreachable";
  world.network.cut();
  const writing = user.write(text("and that was all")).then(() => user.closeWrite());
  await world.clock.advance(60_000);
  world.network.state = "up";
  const { bytes, end } = await world.run(collect(user));
  assertEquals([new TextDecoder().decode(bytes), end], ["and that was all", "end"]);
  await writing;
});

Deno.test("the session expires: streams are cut on both sides with an error, never a clean end", async () => {
  await using world = new World({ client: { resumeTimeoutMs: 60_000 } });
  await world.attached();
  const { user } = world.open();
  await world.run(user.write(text("x")));
  const [here, there] = [collect(user), collect(world.upstream[0])];
  world.network.state = "refusing";
  world.network.cut();
  await world.clock.advance(130_000);
  const [client, server] = await Promise.all([here, there]);
  assertStringIncludes(client.end, "resume timeout");
  assertStringIncludes(server.end, "resume timeout");
  for (const [end] of [world.ends.client, world.ends.server]) {
    assertEquals(end!.kind === "cut" && end!.isWished, false, "nobody wished it");
  }
  // New connections work as soon as the network does.
  world.network.state = "up";
  const next = world.open();
  await world.run(next.user.write(text("again")));
  // Not at once if the last attempt was one of the last 200 ms.
  await world.clock.advanceUntil(() => world.upstream.length === 2, 1_000, "the next stream");
  assertEquals(await world.run(readText(world.upstream[1], 5)), "again");
});

Deno.test("an orderly end of either side cuts streams at once on both", async () => {
  for (const side of ["client", "server"] as const) {
    await using world = new World();
    await world.attached();
    const { user } = world.open();
    await world.run(user.write(text("x")));
    const [here, there] = [collect(user), collect(world.upstream[0])];
    const before = world.clock.now();
    await world.run(world[side].stop("it was asked to"));
    const [client, server] = await world.run(Promise.all([here, there]));
    assert(world.clock.now() - before < 1_000);
    assertStringIncludes(client.end, "it was asked to");
    assertStringIncludes(server.end, "it was asked to");
    const other = side === "client" ? "server" : "client";
    const cut = { kind: "cut" as const, message: "it was asked to" };
    assertEquals(world.ends[other], [{ ...cut, isWished: true }], "nothing to warn of at the other end");
  }
});

Deno.test("a stream that is complete outlives its session: the user's server still gets what has come, and a clean end", async () => {
  await using world = new World();
  await world.attached();
  const { user } = world.open();
  const here = collect(user);
  const bytes = generated(100 * KIB, 1);
  await world.run(user.write(bytes));
  await world.clock.advanceUntil(() => world.upstream.length === 1, 10_000, "the user's server");
  await world.upstream[0]!.closeWrite();
  await user.closeWrite();
  await world.run(here);
  await world.clock.advanceUntil(() => world.ends.client.length > 0, 10_000, "the end of the stream");
  assertEquals(world.ends.client, [{ kind: "finished" }]);
  await world.run(world.client.stop("its connection is over"));
  await world.clock.advance(1_000);
  assertEquals([world.server.sessionCount, world.ends.server], [0, []], "the user's server has not read anything yet");
  const { bytes: received, end } = await world.run(collect(world.upstream[0]!));
  assertEquals([received, end], [bytes, "end"]);
  await world.clock.advance(1_000);
  assertEquals(world.ends.server, [{ kind: "finished" }]);
});

Deno.test("a server that ends itself cuts even complete streams: it cannot wait for their users", async () => {
  await using world = new World();
  await world.attached();
  const { user } = world.open();
  const here = collect(user);
  await world.run(user.write(generated(100 * KIB, 1)));
  await world.clock.advanceUntil(() => world.upstream.length === 1, 10_000, "the user's server");
  await world.upstream[0]!.closeWrite();
  await user.closeWrite();
  await world.run(here);
  const there = collect(world.upstream[0]!, 1_024);
  await world.run(world.server.stop("it was asked to"));
  assertStringIncludes((await world.run(there)).end, "it was asked to");
});

Deno.test("after the end nothing can be opened", async () => {
  await using world = new World();
  await world.attached();
  await world.run(world.client.stop("done"));
  assertEquals(assertThrows(() => world.open(), TeleError).code, "closed");
});

Deno.test("a burst of connections that end early never ends the session, and room is made when its data is read", async () => {
  // The user's server answers and closes its direction at once, and reads nothing: what was sent to it stays here.
  await using world = new World({ serve: (user) => user.closeWrite() });
  await world.attached();
  for (let turn = 0; turn < 400; turn++) {
    const { user } = world.open();
    const writing = user.write(new Uint8Array(128 * KIB)).then(() => user.closeWrite()).catch(() => {});
    await world.run(Promise.all([writing, collect(user)]));
  }
  assertEquals(world.log.filter((line) => line.includes("warn")), []);
  // Further streams may be refused, with a reason, but the session and what it carries go on.
  const kinds = world.ends.client.map((end) => end.kind === "reset" ? `reset ${end.code}` : end.kind);
  assertEquals([...new Set(kinds)].sort(), ["finished", "reset 3"]);
  assert(world.upstream.length >= 128);
  const reading = world.upstream.map((user) => collect(user));
  await world.run(Promise.all(reading));
  await world.clock.settle();
  const { user } = world.open();
  await world.run(collect(user));
  assertEquals(world.upstream.length, reading.length + 1, "there is room again");
});

/** A peer that writes what the test says instead of what a mux would. */
class Rogue implements SessionUser {
  readonly received: string[] = [];
  readonly hints: Uint8Array[] = [];
  readonly streamCount = 1;
  readonly hasUnsent = false;
  error: TeleError | undefined;
  #pending: Uint8Array[] = [];
  readonly #decoder = new RecordDecoder({
    open: (id) => void this.received.push(`open ${id}`),
    data: (id, bytes) => void this.received.push(`data ${id} ${bytes.length}`),
    fin: (id) => void this.received.push(`fin ${id}`),
    reset: (id, code, message) => void this.received.push(`reset ${id} ${code} ${message}`),
  });
  wake: () => void = () => {};

  send(...records: Uint8Array[]): void {
    this.#pending.push(...records);
    this.wake();
  }
  pull(log: ReplayLog): void {
    for (const record of this.#pending.splice(0)) {
      const at = log.reserve(record.length);
      log.arena.set(record, at);
    }
  }
  receive(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
  }
  startPoolBytes = 0;
  turnEnded(): undefined {}
  receiveHint(bytes: Uint8Array): void {
    this.hints.push(bytes.slice());
  }
  get hasHints(): boolean {
    return this.hintsDue.length > 0;
  }
  takeHints(into: Uint8Array): number {
    const hint = this.hintsDue.shift();
    if (hint === undefined) return 0;
    into.set(hint);
    return hint.length;
  }
  hintsDue: Uint8Array[] = [];
  acknowledged(): void {}

  attached(): void {}
  ended(error: TeleError): void {
    this.error = error;
  }
}

function open(id: number, send = MOST_START_CREDIT, receive = MOST_START_CREDIT): Uint8Array {
  const bytes = new Uint8Array(15);
  writeOpen(bytes, 0, id, { send, receive });
  return bytes;
}

function data(id: number, length: number): Uint8Array {
  const bytes = new Uint8Array(9 + length);
  writeDataHeader(bytes, 0, id, length);
  return bytes;
}

function fin(id: number): Uint8Array {
  const bytes = new Uint8Array(5);
  writeFin(bytes, 0, id);
  return bytes;
}

interface RogueWorld {
  rogue: Rogue;
  clock: FakeClock;
  upstream: Duplex[];
  log: string[];
  ends: StreamEnd[];
}

/** A rogue client attached to a real server; the server's users never read unless the test does. */
async function withRogue(body: (world: RogueWorld) => Promise<void>, serve?: (user: Duplex) => unknown): Promise<void> {
  const clock = new FakeClock();
  const upstream: Duplex[] = [];
  const log: string[] = [];
  const ends: StreamEnd[] = [];
  const server = new MuxServer({
    clock,
    log: (level, message) => void log.push(`${level} ${message}`),
    dial: () => {
      const [near, far] = duplexPair();
      upstream.push(near);
      serve?.(near);
      return Promise.resolve(far);
    },
    onStreamEnd: (_stream, end) => void ends.push(end),
  });
  const network = new MemoryNetwork({ clock, onConnection: (carrier) => void server.accept(carrier) });
  const rogues: Rogue[] = [];
  const client = new SessionClient<Rogue>({
    dial: network.dial,
    clock,
    log: () => {},
    pool: new SegmentPool({ plenty: 16 }),
    makeUser: () => {
      const rogue = new Rogue();
      rogues.push(rogue);
      return rogue;
    },
    bindUser: (user, session) => user.wake = () => session.wake(),
    inherit: () => {},
    replayBufferBytes: 16 * MIB,
    pingIntervalMs: 30_000,
    resumeTimeoutMs: 60_000,
  });
  try {
    await clock.advanceUntil(() => client.isAttached, 10_000);
    await body({ rogue: rogues[0], clock, upstream, log, ends });
  } finally {
    const stopped = Promise.all([client.stop("the test ends"), server.stop("the test ends")]);
    await clock.advance(1_000);
    await stopped;
  }
}

/** Sends records that break a rule, and checks that the session ends loudly on both sides. */
async function endsLoudly(records: Uint8Array[], message: string): Promise<void> {
  await withRogue(async ({ rogue, clock, log, ends }) => {
    rogue.send(open(1), data(1, 10));
    await clock.advance(10);
    rogue.send(...records);
    await clock.advance(100);
    assertStringIncludes(rogue.error?.message ?? "(no end)", message);
    assert(log.some((line) => line.includes("ended") && line.includes(message)), log.join("\n"));
    assertEquals(ends.map((end) => end.kind === "cut" && end.message.includes(message)), [true]);
  });
}

Deno.test("data beyond the credit ends the session loudly", async () => {
  await withRogue(async ({ rogue, clock, log, ends }) => {
    rogue.send(open(1), data(1, MOST_START_CREDIT / 2), data(1, MOST_START_CREDIT / 2));
    await clock.advance(1_000);
    assertEquals(rogue.error, undefined, "the whole credit may be used");
    rogue.send(data(1, 1));
    await clock.advance(100);
    assertStringIncludes(rogue.error?.message ?? "", "credit");
    assert(log.some((line) => line.includes("ended") && line.includes("credit")), log.join("\n"));
    assertEquals(ends.map(({ kind }) => kind), ["cut"]);
  });
});

Deno.test("an open record that takes more credit than there is ends the session loudly", () =>
  endsLoudly([open(2, MOST_START_CREDIT + 1)], "credit"));

Deno.test("data behind the end of its direction ends the session loudly", () =>
  endsLoudly([fin(1), data(1, 1)], "had ended"));

Deno.test("a stream that is opened twice ends the session loudly", () => endsLoudly([open(1)], "twice"));

Deno.test("a record of an unknown type ends the session loudly", () => endsLoudly([new Uint8Array([9])], "type 9"));

Deno.test("records of streams that nobody knows are dropped", async () => {
  await withRogue(async ({ rogue, clock }) => {
    const reset = new Uint8Array([4, 0, 0, 0, 77, 0, 2, 0, 0]);
    rogue.send(data(77, 10), fin(77), reset, open(1));
    await clock.advance(100);
    assertEquals(rogue.error, undefined);
  });
});

Deno.test("where acknowledgements make little room, data does not go in pieces that are headers for the most part", async () => {
  const mux = new Mux({
    clock: new FakeClock(),
    pool: new SegmentPool({ plenty: 9 }),
    maxStreams: 9,
    open: { count: 0 },
  });
  // Beyond 20 000 bytes the log is full; a limit of 600 is below the least room that is worth a record.
  for (const [limitBytes, mostRecords] of [[20_000, 100], [600, 300]]) {
    const log = new ReplayLog({ limitBytes });
    const [user, far] = duplexPair();
    mux.open(far);
    let [records, received] = [0, 0];
    const decoder = new RecordDecoder({
      open: () => {},
      data: (_id, bytes) => {
        records++;
        received += bytes.length;
      },
      fin: () => {},
      reset: () => {},
    });
    user.write(new Uint8Array(50_000)).then(() => user.closeWrite(), () => {});
    for (let steps = 0; received < 50_000; steps++) {
      assert(steps < 20_000, `${received} bytes in ${records} records, then nothing`);
      await settle();
      mux.pull(log, 256 * KIB, 64 * KIB);
      const next = () => log.nextWrite(new WriteHold());
      for (let frame = next(); frame !== undefined; frame = next()) decoder.push(frame.slice(5));
      log.acknowledge(Math.min(log.acknowledged + 20, log.sent));
    }
    assertLessOrEqual(records, mostRecords);
    user.abort();
    far.abort();
    await settle();
  }
});

Deno.test("bulk streams take turns of bounded size, and one alone takes all that may go", async () => {
  const mux = new Mux({
    clock: new FakeClock(),
    pool: new SegmentPool({ plenty: 9 }),
    maxStreams: 9,
    open: { count: 0 },
  });
  const log = new ReplayLog({ limitBytes: 16 * MIB });
  let turns: { id: number; bytes: number }[] = [];
  const decoder = new RecordDecoder({
    open: () => {},
    data: (id, bytes) => {
      if (turns.at(-1)?.id === id) turns.at(-1)!.bytes += bytes.length;
      else turns.push({ id, bytes: bytes.length });
    },
    fin: () => {},
    reset: () => {},
  });
  /** Pulls until nothing comes; the frames are taken apart as the peer would, and acknowledged. */
  const pull = async () => {
    for (let end = -1; end !== log.end;) {
      end = log.end;
      await settle();
      mux.pull(log, 256 * KIB, 64 * KIB);
      const next = () => log.nextWrite(new WriteHold());
      for (let frame = next(); frame !== undefined; frame = next()) decoder.push(frame.slice(5));
      log.acknowledge(log.sent);
    }
  };
  const users = [1, 2, 3].map(() => {
    const [user, far] = duplexPair();
    return { user, stream: mux.open(far) };
  });
  await pull();
  for (const { stream } of users) stream.grant(16 * MIB);
  // Reads become large with use.
  const floods = users.map(({ user }) => user.write(new Uint8Array(2 * MIB)));
  await pull();
  await Promise.all(floods);
  const tail = turns.slice(20, -10);
  assert(tail.length > 30, `${turns.length} turns`);
  assert(turns.every(({ bytes }) => bytes <= 64 * KIB), `turns of ${turns.map(({ bytes }) => bytes)}`);
  assert(tail.every(({ id }, at) => at < 3 || id === tail[at - 3].id), `${tail.map(({ id }) => id)}`);
  turns = [];
  const alone = users[0].user.write(new Uint8Array(2 * MIB));
  await pull();
  await alone;
  assertEquals(turns.map(({ bytes }) => bytes), [2 * MIB]);
  mux.ended(new TeleError("closed", "the test ends"));
});

Deno.test("a client refuses streams that the server opens", () => {
  const clock = new FakeClock();
  const mux = new Mux({ clock, pool: new SegmentPool({ plenty: 1 }), maxStreams: 1, open: { count: 0 } });
  const record = open(1);
  const error = assertThrows(() => mux.receive(record, new Segment(record)), TeleError);
  assertEquals(error.code, "protocol");
});

Deno.test("window values that are old, repeated, for unknown streams or far ahead do no harm", async () => {
  const hint = (id: number, offset: number) => {
    const bytes = new Uint8Array(12);
    new DataView(bytes.buffer).setUint32(0, id);
    new DataView(bytes.buffer).setBigUint64(4, BigInt(offset));
    return bytes;
  };
  await withRogue(async ({ rogue, clock, upstream }) => {
    rogue.send(open(1, MOST_START_CREDIT, 1000));
    await clock.advance(10);
    const writing = upstream[0].write(new Uint8Array(5000));
    const sent = () =>
      rogue.received.filter((line) => line.startsWith("data 1")).reduce(
        (sum, line) => sum + Number(line.split(" ")[2]),
        0,
      );
    await clock.advance(100);
    assertEquals(sent(), 1000);
    rogue.hintsDue.push(hint(1, 1500));
    rogue.wake();
    await clock.advance(100);
    assertEquals(sent(), 1500);
    rogue.hintsDue.push(hint(1, 1500), hint(1, 0), hint(1, 1000), hint(42, 9999));
    rogue.wake();
    await clock.advance(2_000);
    assertEquals(sent(), 1500);
    rogue.hintsDue.push(hint(1, 2 ** 50), hint(1, 1600));
    rogue.wake();
    await clock.advance(100);
    assertEquals(sent(), 5000);
    await writing;
    const more = upstream[0].write(new Uint8Array(5000));
    await clock.advance(100);
    assertEquals(sent(), 10_000, "an old value takes nothing back");
    await more;
    assertEquals(rogue.error, undefined);
  });
});

Deno.test("a hint that is not made of window values ends the session loudly", async () => {
  await withRogue(async ({ rogue, clock }) => {
    rogue.send(open(1));
    rogue.hintsDue.push(new Uint8Array(11));
    rogue.wake();
    await clock.advance(100);
    assertStringIncludes(rogue.error?.message ?? "(no end)", "hint");
  });
});

Deno.test("an error of a user's connection, whatever its kind, resets the stream and nothing else", async () => {
  await using world = new World();
  const [first, second] = [world.open(), world.open()];
  await world.attached();
  await world.clock.settle();
  const received = collect(world.upstream[0]);
  first.user.abort(new TeleError("protocol", "the user's own frames were wrong"));
  assertStringIncludes((await world.run(received)).end, "own frames");
  await world.run(second.user.write(text("still here")));
  assertEquals(await world.run(readText(world.upstream[1], 10)), "still here");
});

Deno.test("streams come and go by the thousand without leaving anything behind", async () => {
  await using world = new World({ serve: echo });
  await world.attached();
  for (let round = 0; round < 10; round++) {
    const users = Array.from({ length: 200 }, () => world.open().user);
    const received = users.map((user) => collect(user, 100));
    await world.run(Promise.all(users.map((user, at) => user.write(text(`${at}`)).then(() => user.closeWrite()))));
    const all = await world.run(Promise.all(received));
    assertEquals(all.map(({ bytes, end }) => new TextDecoder().decode(bytes) + end), users.map((_, at) => `${at}end`));
  }
  await world.clock.advance(100);
  assertEquals([world.client.streamCount, world.ends.client.length, world.ends.server.length], [0, 2000, 2000]);
  // The start pool is full again: a new stream starts with the most.
  const { stream } = world.open();
  assertEquals(stream.window.size, MOST_START_CREDIT);
});

Deno.test("with ten thousand streams every one still gets a start", async () => {
  await using world = new World();
  const streams = Array.from({ length: 10_000 }, () => world.open());
  assertEquals(streams.at(-1)!.stream.window.size, LEAST_START_CREDIT);
  await world.attached();
  const last = streams.at(-1)!;
  await world.run(last.user.write(text("me too")));
  await world.clock.advanceUntil(() => world.upstream.length === 10_000, 10_000, "ten thousand dials");
  assertEquals(await world.run(readText(world.upstream.at(-1)!, 6)), "me too");
});

/** What may happen in a run of the property below. */
type Act =
  | { act: "write"; stream: number; up: boolean; bytes: number }
  | { act: "finish"; stream: number; up: boolean }
  | { act: "cut" }
  | { act: "cutAfter"; up: boolean; bytes: number }
  | { act: "blackHole" }
  | { act: "wait"; ms: number };

const STREAMS = 3;
const streamNumber = fc.integer({ min: 0, max: STREAMS - 1 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constant("write" as const),
      stream: streamNumber,
      up: fc.boolean(),
      bytes: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(5_000, 70_000, 300_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("finish" as const), stream: streamNumber, up: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("cut" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("cutAfter" as const),
      up: fc.boolean(),
      bytes: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 600, max: 300_000 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("blackHole" as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constant("wait" as const), ms: fc.constantFrom(0, 1, 5, 40, 700, 5_000) }),
  },
);

/** One direction of a stream as the test drives it: writes wait for each other, as a program's would. */
class Side {
  readonly written: Uint8Array[] = [];
  readonly received: Promise<Received>;
  readonly #from: Promise<Duplex>;
  #tail: Promise<unknown>;
  #finished = false;

  constructor(from: Promise<Duplex>, to: Promise<Duplex>) {
    this.#from = this.#tail = from;
    this.received = to.then((user) => collect(user, 10_000));
  }

  write(bytes: Uint8Array): void {
    if (this.#finished) return;
    this.written.push(bytes);
    this.#tail = this.#tail.then(async () => (await this.#from).write(bytes));
    this.#tail.catch(() => {});
  }

  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#tail = this.#tail.then(async () => (await this.#from).closeWrite());
    this.#tail.catch(() => {});
  }

  async check(): Promise<void> {
    await this.#tail;
    const { bytes, end } = await this.received;
    const whole = new Uint8Array(await new Blob(this.written as BlobPart[]).arrayBuffer());
    assertEquals([bytes.length, end], [whole.length, "end"]);
    assert(bytes.every((byte, at) => byte === whole[at]), "every byte once, in order");
  }
}

Deno.test("whatever is written, half-closed and cut, every byte arrives once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 1, max: 1e6 }),
      async (acts, seed) => {
        const upstream: ((user: Duplex) => void)[] = [];
        const reached = Array.from({ length: STREAMS }, () => new Promise<Duplex>((resolve) => upstream.push(resolve)));
        let served = 0;
        await using world = new World({
          pipe: {
            seed,
            maxChunk: seed % 3 === 0 ? 20 : seed % 3 === 1 ? 5_000 : undefined,
            delayMs: seed % 2 === 0 ? 0 : 15,
          },
          serve: (user) => upstream[served++](user),
        });
        await world.attached();
        // The first byte of each stream is its number, so that the server's ends can be told apart by their order.
        const users = Array.from({ length: STREAMS }, () => world.open().user);
        const ups = users.map((user, at) => new Side(Promise.resolve(user), reached[at]));
        const downs = users.map((user, at) => new Side(reached[at], Promise.resolve(user)));
        let written = 0;
        for (const each of acts) {
          if (each.act === "write") (each.up ? ups : downs)[each.stream].write(generated(each.bytes, seed + written++));
          else if (each.act === "finish") (each.up ? ups : downs)[each.stream].finish();
          else if (each.act === "cut") world.network.cut();
          else if (each.act === "blackHole") world.network.blackHole();
          else if (each.act === "cutAfter") {
            const pipe = world.network.last!;
            const direction = each.up ? pipe.aToB : pipe.bToA;
            if (!pipe.isOver) direction.cutAfter(direction.deliveredBytes + each.bytes);
          } else await world.clock.advance(each.ms);
        }
        for (const side of [...ups, ...downs]) side.finish();
        await world.run(Promise.all([...ups, ...downs].map((side) => side.check())), 600_000, "the end of all streams");
        await world.clock.advance(1_000);
        assertEquals(world.ends.client, Array(STREAMS).fill({ kind: "finished" }));
        assertEquals(world.ends.server, Array(STREAMS).fill({ kind: "finished" }));
      },
    ),
    { numRuns: Number(Deno.env.get("TELE_FUZZ_RUNS") ?? 30), seed: Number(Deno.env.get("TELE_FUZZ_SEED") ?? 1) },
  );
});

Deno.test("a session whose carriers each live for a few KiB still finishes, both ways", async () => {
  let carriers = 0;
  await using world = new World({
    onPipe: (pipe) => {
      carriers++;
      pipe.aToB.cutAfter(3_000);
      pipe.bToA.cutAfter(3_000);
    },
  });
  const { user } = world.open();
  await world.clock.advanceUntil(() => world.upstream.length > 0, 60_000);
  const [up, down] = [generated(100 * KIB, 1), generated(100 * KIB, 2)];
  const [upstream] = world.upstream;
  const [received, back] = await world.run(
    Promise.all([
      collect(upstream),
      collect(user),
      user.write(up).then(() => user.closeWrite()),
      upstream.write(down).then(() => upstream.closeWrite()),
    ]),
    3_600_000,
  );
  assertEquals([received.bytes, back.bytes], [up, down]);
  assert(carriers > 30, `${carriers} carriers`);
});

Deno.test("who resets connection after connection is not refused the next, though nobody reads what came on those", async () => {
  const resets = 300;
  let served = 0;
  await using world = new World({ serve: (user) => ++served > resets ? echo(user) : undefined });
  await world.attached();
  for (let count = 0; count < resets; count++) {
    const { user } = world.open();
    await world.run(user.write(new Uint8Array(100)));
    await world.clock.advance(10);
    user.abort();
  }
  assertEquals(world.upstream.length, resets);
  const { user } = world.open();
  await world.run(user.write(text("still here")));
  assertEquals(await world.run(readText(user, 10)), "still here");
  user.close();
});

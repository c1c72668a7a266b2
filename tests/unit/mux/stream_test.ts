/** One stream: both directions of a user's connection, their ends, and what waits for a reader. */
import { assert, assertEquals, assertGreater, assertRejects, assertStringIncludes } from "@std/assert";
import { MOST_START_CREDIT } from "../../../lib/mux/mux_constants.ts";
import { TeleError } from "../../../lib/net/error.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { MemoryBudget } from "../../../lib/session/memory_budget.ts";
import { generated } from "../../support/random.ts";
import { echo, KIB, MIB, MuxWorld, text } from "../../support/mux_world.ts";
import { collect, readText } from "../../support/reading.ts";

Deno.test("a user's server that speaks first is heard", async () => {
  await using world = new MuxWorld({ serve: (user) => void user.write(text("220 ready")) });
  await world.attached();
  const { user } = world.open();
  assertEquals(await world.run(readText(user, 9)), "220 ready");
});

Deno.test("the client's user half-closes: the server's user reads the end behind the data, and can go on", async () => {
  await using world = new MuxWorld();
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
  await using world = new MuxWorld();
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
  await using world = new MuxWorld();
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
  await using world = new MuxWorld();
  const { user } = world.open();
  await world.attached();
  await world.clock.settle();
  const received = collect(user);
  world.upstream[0].abort(new Error("it broke"));
  assertEquals((await world.run(received)).end, "it broke");
  assertEquals(world.ends.client, [{ kind: "reset", code: 2, message: "it broke", by: "peer" }]);
});

Deno.test("a refused user's server ends the user's connection at once, with the reason", async () => {
  await using world = new MuxWorld();
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
  await using world = new MuxWorld();
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
  await using world = new MuxWorld();
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

Deno.test("an error of a user's connection, whatever its kind, resets the stream and nothing else", async () => {
  await using world = new MuxWorld();
  const [first, second] = [world.open(), world.open()];
  await world.attached();
  await world.clock.settle();
  const received = collect(world.upstream[0]);
  first.user.abort(new TeleError("protocol", "the user's own frames were wrong"));
  assertStringIncludes((await world.run(received)).end, "own frames");
  await world.run(second.user.write(text("still here")));
  assertEquals(await world.run(readText(world.upstream[1], 10)), "still here");
});

Deno.test("a reader that never reads stops only its own stream, and what waits for it stays within its credit", async () => {
  await using world = new MuxWorld();
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
  await using world = new MuxWorld();
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

Deno.test("a window grows with use, so that a path with a long round trip is filled", async () => {
  await using world = new MuxWorld({ pipe: { delayMs: 50, bufferBytes: 16 * MIB } });
  await world.attached();
  const { user } = world.open();
  await world.clock.advance(200);
  const receiving = collect(world.upstream[0], 256 * KIB);
  const data = new Uint8Array(16 * MIB);
  const before = world.clock.now();
  const [received] = await world.run(Promise.all([receiving, user.write(data).then(() => user.closeWrite())]));
  assertEquals(received.bytes.length, data.length);
  const tookMs = world.clock.now() - before;
  // With the start credit alone it would take 64 round trips of 100 ms.
  assert(tookMs < 2_000, `${tookMs} ms`);
});

/** Sends for ever, until the connection fails. */
async function flood(user: Duplex): Promise<void> {
  const block = new Uint8Array(64 * KIB);
  for (let isOver = false; !isOver;) await user.write(block).catch(() => isOver = true);
}

Deno.test("a client that resets its download and goes leaves nothing of it in the server's memory", async () => {
  const memory = new MemoryBudget(64 * MIB);
  await using world = new MuxWorld({
    pipe: { delayMs: 100 },
    server: { memory },
    serve: flood,
  });
  const { user } = world.open();
  await world.attached();
  const into = new Uint8Array(64 * KIB);
  for (let bytes = 0; bytes < 4 * MIB;) bytes += (await world.run(user.read(into)))!;
  user.abort(new Error("enough"));
  await world.clock.advanceUntil(() => world.ends.server.length > 0, 1_000, "the reset");
  assertGreater(memory.logs.used, 0, "on their way when the reset came");
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advanceUntil(() => !world.client.isAttached, 1_000, "the outage");
  assertEquals([memory.logs.used, world.server.sessionCount], [0, 1]);
  world.network.state = "up";
});

Deno.test("a user that half-closed during an outage gets its answer after it", async () => {
  await using world = new MuxWorld({ serve: echo });
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

/** Many streams beside one another: none waits for another, and none leaves anything behind. */
import { assert, assertEquals } from "@std/assert";
import { LEAST_START_CREDIT, MOST_START_CREDIT } from "../../lib/mux/mux_constants.ts";
import { MOST_ACKNOWLEDGE_DELAY_MS } from "../../lib/session/session_constants.ts";
import { echo, KIB, MIB, MuxWorld, text } from "../support/mux_world.ts";
import { collect, readText } from "../support/reading.ts";

Deno.test("beside 200 streams that nobody reads an echo is immediate, and memory stays within the start pool", async () => {
  await using world = new MuxWorld({ pipe: { delayMs: 20 } });
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
  await using world = new MuxWorld({ pipe: { delayMs: 20, bytesPerSecond: 2_000_000, bufferBytes: 16 * KIB } });
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

Deno.test("a burst of connections that end early never ends the session, and room is made when its data is read", async () => {
  // The user's server answers and closes its direction at once, and reads nothing: what was sent to it stays here.
  await using world = new MuxWorld({ serve: (user) => user.closeWrite() });
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

Deno.test("streams come and go by the thousand without leaving anything behind", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.attached();
  for (let round = 0; round < 10; round++) {
    const users = Array.from({ length: 200 }, () => world.open().user);
    const received = users.map((user) => collect(user, 100));
    await world.run(Promise.all(users.map((user, at) => user.write(text(`${at}`)).then(() => user.closeWrite()))));
    const all = await world.run(Promise.all(received));
    assertEquals(all.map(({ bytes, end }) => new TextDecoder().decode(bytes) + end), users.map((_, at) => `${at}end`));
  }
  // An acknowledgement that hoped to ride along waits for twice its longest delay at the most.
  await world.clock.advance(2 * MOST_ACKNOWLEDGE_DELAY_MS);
  assertEquals([world.client.streamCount, world.ends.client.length, world.ends.server.length], [0, 2000, 2000]);
  // The start pool is full again: a new stream starts with the most.
  const { stream } = world.open();
  assertEquals(stream.window.size, MOST_START_CREDIT);
});

Deno.test("with ten thousand streams every one still gets a start", async () => {
  await using world = new MuxWorld();
  const streams = Array.from({ length: 10_000 }, () => world.open());
  assertEquals(streams.at(-1)!.stream.window.size, LEAST_START_CREDIT);
  await world.attached();
  const last = streams.at(-1)!;
  await world.run(last.user.write(text("me too")));
  await world.clock.advanceUntil(() => world.upstream.length === 10_000, 10_000, "ten thousand dials");
  assertEquals(await world.run(readText(world.upstream.at(-1)!, 6)), "me too");
});

Deno.test("who resets connection after connection is not refused the next, though nobody reads what came on those", async () => {
  const resets = 300;
  let served = 0;
  await using world = new MuxWorld({ serve: (user) => ++served > resets ? echo(user) : undefined });
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

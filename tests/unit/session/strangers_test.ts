import { assert, assertEquals } from "@std/assert";
import type { LogFields, LogLevel } from "../../../lib/net/log.ts";
import { HANDSHAKE_TIMEOUT_MS } from "../../../lib/session/session_constants.ts";
import { MOST_HANDSHAKES, Strangers } from "../../../lib/session/strangers.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";

interface Line {
  level: LogLevel;
  message: string;
  fields?: LogFields;
}

function setUp() {
  const clock = new FakeClock();
  const lines: Line[] = [];
  const strangers = new Strangers(clock, (level, message, fields) => lines.push({ level, message, fields }));
  return { clock, lines, strangers };
}

Deno.test("a carrier whose handshake takes longer than 10 s is closed, with a reason", async () => {
  const { clock, strangers } = setUp();
  const pipe = memoryPipe();
  strangers.enter(pipe.b);
  await clock.advance(HANDSHAKE_TIMEOUT_MS - 1);
  assertEquals([strangers.count, pipe.isOver, strangers.reasonFor(pipe.b)], [1, false, undefined]);
  await clock.advance(1);
  assertEquals([strangers.count, pipe.isOver], [0, true]);
  assertEquals(strangers.reasonFor(pipe.b), "no complete handshake within 10 s");
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("a carrier that left in time is not touched", async () => {
  const { clock, strangers } = setUp();
  const pipe = memoryPipe();
  strangers.enter(pipe.b);
  await clock.advance(9_000);
  strangers.leave(pipe.b);
  strangers.leave(pipe.b);
  await clock.advance(60_000);
  assertEquals([strangers.count, pipe.isOver, clock.pendingTimers], [0, false, 0]);
});

Deno.test("of too many handshakes at once the oldest goes", () => {
  const { strangers } = setUp();
  const pipes = Array.from({ length: MOST_HANDSHAKES + 3 }, () => memoryPipe());
  for (const pipe of pipes) {
    strangers.enter(pipe.b);
    assert(strangers.count <= MOST_HANDSHAKES);
  }
  assertEquals(pipes.map((pipe) => pipe.isOver), pipes.map((_, at) => at < 3));
  assertEquals(strangers.reasonFor(pipes[0].b), "too many handshakes were in progress, and it was the oldest");
  strangers.stop();
  assertEquals(strangers.count, 0);
});

Deno.test("ten lines a minute are told, the rest is counted and told once", async () => {
  const { clock, lines, strangers } = setUp();
  for (let i = 0; i < 35; i++) strangers.tell(`198.51.100.${i}:5000`, "garbage");
  assertEquals(lines.length, 10);
  assertEquals(lines[0].message, "carrier from 198.51.100.0:5000 ended before it was attached: garbage");
  assertEquals(lines[0].fields, { peer: "198.51.100.0:5000", reason: "garbage" });
  await clock.advance(60_000);
  assertEquals(lines.length, 11);
  assertEquals(lines[10].message, "25 more carriers ended before they were attached in the last minute");
  await clock.advance(120_000);
  assertEquals([lines.length, clock.pendingTimers], [11, 0]);

  strangers.tell("192.0.2.1:1", "garbage again");
  assertEquals(lines.length, 12);
  strangers.stop();
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("the same reason from the same host is told once a minute, whatever the port; other hosts and reasons too", async () => {
  const { clock, lines, strangers } = setUp();
  for (let port = 1; port <= 20; port++) strangers.tell(`198.51.100.1:${port}`, "a wrong token");
  for (let port = 1; port <= 5; port++) strangers.tell(`[2001:db8::1]:${port}`, "a wrong token");
  strangers.tell("198.51.100.1:21", "garbage");
  assertEquals(lines.map(({ fields }) => `${fields?.peer} ${fields?.reason}`), [
    "198.51.100.1:1 a wrong token",
    "[2001:db8::1]:1 a wrong token",
    "198.51.100.1:21 garbage",
  ]);
  await clock.advance(60_000);
  assertEquals(lines.at(-1)?.message, "23 more carriers ended before they were attached in the last minute");
  strangers.tell("198.51.100.1:22", "a wrong token");
  assertEquals(lines.length, 5);
  strangers.stop();
});

Deno.test("of too many handshakes one that is refused already goes before the oldest", () => {
  const { strangers } = setUp();
  const pipes = Array.from({ length: MOST_HANDSHAKES }, () => memoryPipe());
  for (const pipe of pipes) strangers.enter(pipe.b);
  for (const at of [300, 200, 100]) strangers.doom(pipes[at].b);
  strangers.leave(pipes[200].b);
  strangers.doom(pipes[200].b); // It is gone already.
  const more = Array.from({ length: 4 }, () => memoryPipe());
  for (const pipe of more) strangers.enter(pipe.b);
  assertEquals(pipes.flatMap((pipe, at) => pipe.isOver ? [at] : []), [0, 100, 300]);
  assertEquals(more.map((pipe) => pipe.isOver), [false, false, false, false]);
  strangers.stop();
});

Deno.test("stop closes everyone who has not left, and leaves no timer", () => {
  const { clock, strangers } = setUp();
  const [here, gone] = [memoryPipe(), memoryPipe()];
  strangers.enter(here.b);
  strangers.enter(gone.b);
  strangers.leave(gone.b);
  strangers.stop();
  assertEquals([here.isOver, gone.isOver, clock.pendingTimers], [true, false, 0]);
  assertEquals(strangers.reasonFor(here.b), "the tele server ends");
});

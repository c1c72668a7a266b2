/** One worker: started, started again, and ended. */
import { assertEquals, assertRejects } from "@std/assert";
import { START_LIMIT_MS, Worker } from "../../../../lib/tunnel/workers/worker.ts";
import { settle } from "../../../support/fake_clock.ts";
import { FakeWorkers } from "../../../support/fake_workers.ts";

function setUp() {
  const world = new FakeWorkers();
  const place = { number: 2, generation: 0 };
  const start = () => world.start(place);
  const worker = new Worker({ place, clock: world.clock, log: world.log, start });
  let isOver = false;
  worker.over.then(() => isOver = true);
  return { world, worker, isOver: () => isOver };
}

/** One that listens. */
async function running() {
  const parts = setUp();
  const begun = parts.worker.begin();
  await settle();
  parts.world.last.listen();
  await begun;
  return parts;
}

Deno.test("the first start settles when the process listens, with what it tells", async () => {
  const { world, worker } = setUp();
  const begun = worker.begin();
  await settle();
  world.last.listen();
  assertEquals((await begun).listens, [":40300"]);
  assertEquals(world.clock.pendingTimers, 0);
});

Deno.test("a first process that ends before it listens is the end of the worker", async () => {
  const { world, worker, isOver } = setUp();
  const begun = worker.begin();
  await settle();
  world.last.end({ code: 2 });
  await assertRejects(() => begun, Error, "worker 2 ended with exit code 2");
  await settle();
  assertEquals([isOver(), world.started.length, world.clock.pendingTimers], [true, 1, 0]);
});

Deno.test("a first process that does not listen is killed after half a minute", async () => {
  const { world, worker } = setUp();
  const begun = worker.begin();
  begun.catch(() => {});
  await world.clock.advance(START_LIMIT_MS - 1);
  assertEquals(world.last.signals, []);
  await world.clock.advance(1);
  await assertRejects(() => begun, Error, "worker 2 was killed by SIGKILL, not listening after 30 s");
});

Deno.test("a program that cannot be started at all is the end of the worker", async () => {
  const { world, worker, isOver } = setUp();
  world.fault = new Error("cannot start tele: no such file");
  await assertRejects(() => worker.begin(), Error, "no such file");
  await settle();
  assertEquals(isOver(), true);
});

Deno.test("a death is told, and another process follows after a pause that grows", async () => {
  const { world } = await running();
  world.last.end({ code: 137, signal: "SIGKILL" });
  await settle();
  assertEquals(world.lines, ["warn worker 2 was killed by SIGKILL; another starts in 0.1 s"]);
  await world.clock.advance(99);
  assertEquals(world.started.length, 1);
  await world.clock.advance(1);
  assertEquals(world.started.length, 2);
  world.last.end({ code: 1 });
  await settle();
  assertEquals(world.lines[1], "warn worker 2 ended with exit code 1; another starts in 0.2 s");
  await world.clock.advance(200);
  world.last.listen();
  await settle();
  assertEquals(world.lines[2], "info worker 2 listens again");
});

Deno.test("a start that is impossible is tried again, too", async () => {
  const { world } = await running();
  world.fault = new Error("no more processes");
  world.last.end({ code: 1 });
  await world.clock.advance(100);
  assertEquals(world.lines[1], "warn worker 2 cannot be started: no more processes; another starts in 0.2 s");
  world.fault = undefined;
  await world.clock.advance(200);
  assertEquals(world.started.length, 2);
});

Deno.test("a process that hangs while it is started again is killed, and the next one follows", async () => {
  const { world } = await running();
  world.last.end({ code: 1 });
  await world.clock.advance(100);
  await world.clock.advance(START_LIMIT_MS);
  assertEquals(world.started.map(({ signals }) => signals), [[], ["SIGKILL"]]);
  await world.clock.advance(200);
  assertEquals(world.started.length, 3);
});

Deno.test("one that is retired gets the signal, is over when its process has ended, and is not started again", async () => {
  const { world, worker, isOver } = await running();
  worker.signal("SIGUSR1");
  worker.retire("SIGQUIT");
  await settle();
  assertEquals([world.last.signals, isOver()], [["SIGUSR1", "SIGQUIT"], false]);
  worker.retire("SIGTERM");
  world.last.end();
  await world.clock.advance(60_000);
  assertEquals([isOver(), world.started.length], [true, 1]);
  assertEquals([world.last.signals.at(-1), world.lines], ["SIGTERM", []]);
});

Deno.test("one that is retired between two processes is over at once", async () => {
  const { world, worker, isOver } = await running();
  world.last.end({ code: 1 });
  await settle();
  worker.retire("SIGTERM");
  await settle();
  assertEquals([isOver(), world.clock.pendingTimers], [true, 0]);
});

Deno.test("one that is retired while a process is being started ends that process", async () => {
  const { world, worker, isOver } = setUp();
  const begun = worker.begin();
  worker.retire("SIGTERM");
  begun.catch(() => {});
  await settle();
  assertEquals([world.last.signals, isOver()], [["SIGTERM"], false]);
  world.last.end();
  await settle();
  assertEquals(isOver(), true);
});

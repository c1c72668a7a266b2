/** All workers of a parent, and the generations of an upgrade. */
import { assertEquals, assertRejects } from "@std/assert";
import { WorkerPool } from "../../../../lib/tunnel/workers/worker_pool.ts";
import { settle } from "../../../support/fake_clock.ts";
import { type FakeWorker, FakeWorkers } from "../../../support/fake_workers.ts";

function setUp(count = 2) {
  const world = new FakeWorkers();
  return { world, pool: new WorkerPool({ count, clock: world.clock, log: world.log, start: world.start }) };
}

/** Lets all that are started listen, until no more come. */
async function listenAll(world: FakeWorkers): Promise<void> {
  for (let before = -1; before !== world.started.length;) {
    before = world.started.length;
    await settle();
    for (const worker of world.started) worker.listen();
    await settle();
  }
}

async function running(count = 2) {
  const parts = setUp(count);
  const started = parts.pool.start();
  await listenAll(parts.world);
  await started;
  return parts;
}

const places = (workers: readonly FakeWorker[]) =>
  workers.map(({ place: { number, generation } }) => `${number} of ${generation}`);
const signals = (workers: readonly FakeWorker[]) => workers.map((worker) => worker.signals.join(" "));

Deno.test("the first worker is started alone, and the others when it listens", async () => {
  const { world, pool } = setUp(3);
  const started = pool.start();
  await settle();
  assertEquals(places(world.started), ["1 of 0"]);
  world.last.listen();
  await settle();
  assertEquals(places(world.started), ["1 of 0", "2 of 0", "3 of 0"]);
  await listenAll(world);
  assertEquals((await started).readyLine, "ready 1 of 0");
});

Deno.test("an upgrade that is asked for before the first workers listen starts no others", async () => {
  const { world, pool } = setUp();
  await pool.upgrade();
  const started = pool.start();
  await pool.upgrade();
  await listenAll(world);
  await started;
  assertEquals(places(world.started), ["1 of 0", "2 of 0"]);
  assertEquals(pool.places.length, 2);
});

Deno.test("a first start that fails in one ends all others, and says which", async () => {
  const { world, pool } = setUp();
  const started = pool.start();
  started.catch(() => {});
  await settle();
  world.last.listen();
  await settle();
  world.last.end({ code: 1 });
  await settle();
  assertEquals(signals(world.started), ["SIGTERM", ""]);
  world.started[0]!.end();
  await assertRejects(() => started, Error, "worker 2 ended with exit code 1");
});

Deno.test("an upgrade starts as many new workers, and lets the old ones drain when all of these listen", async () => {
  const { world, pool } = await running();
  const upgraded = pool.upgrade();
  await settle();
  world.last.listen();
  await settle();
  assertEquals(places(world.started.slice(2)), ["1 of 1", "2 of 1"]);
  assertEquals(signals(world.started), ["", "", "", ""]);
  world.last.listen();
  await upgraded;
  assertEquals(signals(world.started), ["SIGQUIT", "SIGQUIT", "", ""]);
  assertEquals(world.started.map(({ hasLeftPorts }) => hasLeftPorts), [true, true, false, false]);
  pool.signal("SIGUSR1");
  assertEquals(signals(world.started), ["SIGQUIT SIGUSR1", "SIGQUIT SIGUSR1", "SIGUSR1", "SIGUSR1"]);
  world.started[0]!.end();
  await world.clock.advance(60_000);
  assertEquals(world.started.length, 4, "who has drained is not started again");
  const ended = pool.end("SIGTERM");
  assertEquals(signals(world.started).map((each) => each.endsWith("SIGTERM")), [false, true, true, true]);
  for (const worker of world.started) worker.end();
  await ended;
});

Deno.test("a new program that does not start leaves the old workers as they are", async () => {
  const { world, pool } = await running();
  const upgraded = pool.upgrade();
  await settle();
  world.last.end({ code: 1 });
  await upgraded;
  assertEquals(signals(world.started), ["", "", ""]);
  const [, line] = world.lines;
  assertEquals(line, "error nothing changes, for the new program does not start: worker 1 ended with exit code 1");
  // What generations tell apart alternates between those that run, so the next one is the first again.
  const again = pool.upgrade();
  await listenAll(world);
  await again;
  assertEquals(places(world.started.slice(3)), ["1 of 1", "2 of 1"]);
  assertEquals(signals(world.started.slice(0, 2)), ["SIGQUIT", "SIGQUIT"]);
});

Deno.test("a new worker that does not start beside another ends the new ones only", async () => {
  const { world, pool } = await running();
  const upgraded = pool.upgrade();
  await settle();
  world.last.listen();
  await settle();
  world.last.end({ code: 1 });
  await settle();
  assertEquals(signals(world.started), ["", "", "SIGTERM", ""]);
  world.started[2]!.end();
  await upgraded;
});

Deno.test("a second upgrade during the first, or at the end, changes nothing", async () => {
  const { world, pool } = await running(1);
  const upgraded = pool.upgrade();
  await pool.upgrade();
  assertEquals(world.lines.at(-1), "warn SIGUSR2: an upgrade is under way already");
  await listenAll(world);
  await upgraded;
  void pool.end("SIGTERM");
  await pool.upgrade();
  assertEquals([world.lines.at(-1), world.started.length], [
    "warn SIGUSR2: nothing is upgraded, for this tele ends",
    2,
  ]);
});

Deno.test("a worker that dies during an upgrade is started again, until it is over", async () => {
  const { world, pool } = await running(1);
  const upgraded = pool.upgrade();
  await settle();
  const coming = world.last;
  world.started[0]!.end({ code: 1 });
  await world.clock.advance(100);
  assertEquals(places(world.started), ["1 of 0", "1 of 1", "1 of 0"]);
  coming.listen();
  await upgraded;
  assertEquals(signals(world.started), ["", "", "SIGQUIT"]);
});

Deno.test("who is asked to end while it starts or is upgraded leaves nobody behind", async () => {
  for (const isUpgrade of [false, true]) {
    const { world, pool } = isUpgrade ? await running() : setUp();
    const starting = isUpgrade ? pool.upgrade() : pool.start();
    starting.catch(() => {});
    await settle();
    let isOver = false;
    void pool.end("SIGTERM").then(() => isOver = true);
    assertEquals(pool.isEnding, true);
    await settle();
    assertEquals(isOver, false);
    for (const worker of world.started) worker.end();
    await settle();
    await world.clock.advance(60_000);
    assertEquals([isOver, world.started.length], [true, isUpgrade ? 3 : 1]);
    if (isUpgrade) assertEquals(world.lines.length, 1, "an upgrade that was broken off is no news");
  }
});

Deno.test("workers that nobody follows keep their ports while they drain", async () => {
  const { world, pool } = await running();
  const ended = pool.end("SIGQUIT");
  assertEquals(signals(world.started), ["SIGQUIT", "SIGQUIT"]);
  assertEquals(world.started.map(({ hasLeftPorts }) => hasLeftPorts), [false, false]);
  for (const worker of world.started) worker.end();
  await ended;
});

Deno.test("when all drain, those behind an upgrade listen again: the ones that followed may end before them", async () => {
  for (const [signal, isLeft] of [["SIGQUIT", false], ["SIGTERM", true]] as const) {
    const { world, pool } = await running();
    const upgraded = pool.upgrade();
    await listenAll(world);
    await upgraded;
    const ended = pool.end(signal);
    assertEquals(world.started.map(({ hasLeftPorts }) => hasLeftPorts), [isLeft, isLeft, false, false]);
    for (const worker of world.started) worker.end();
    await ended;
  }
});

Deno.test("who was asked to end starts nobody", async () => {
  const { world, pool } = setUp();
  await pool.end("SIGTERM");
  await assertRejects(() => pool.start(), Error, "before a worker was started");
  assertEquals(world.started, []);
});

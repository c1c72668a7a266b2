import { assertEquals, assertRejects } from "@std/assert";
import { badInput, TeleError } from "../../../../lib/net/error.ts";
import type { Log } from "../../../../lib/net/log.ts";
import { RunningTunnels } from "../../../../lib/tunnel/configuration/running_tunnels.ts";
import type { TunnelEntry } from "../../../../lib/tunnel/configuration/tunnel_table.ts";
import { clientEntry, serverEntry } from "../../../support/tunnel_entries.ts";

/** Tunnels whose roles do nothing but tell what happens to them. */
class TunnelsWorld {
  /** What happened, in order. */
  readonly events: string[] = [];
  /** Ports of users' servers with which none can start. */
  readonly bad = new Set<number>();
  /** Names of tunnels whose files are wrong. */
  readonly wrong = new Set<string>();
  /** What the end of a tunnel waits for, by its name. */
  readonly slow = new Map<string, Promise<void>>();
  /** Why a tunnel is to be stopped that was drained. */
  drained = "drained";
  /** Holds up starts until it settles. */
  gate: Promise<void> = Promise.resolve();
  readonly tunnels = new RunningTunnels({
    start: (entry, log) => this.#start(entry, log),
    check: ({ name }) => this.wrong.has(name) ? Promise.reject(badInput("there is no such file")) : Promise.resolve(),
    onReady: (name) => void this.events.push(`ready ${name}`),
    log: (level, message) => void this.events.push(`${level}: ${message}`),
  });

  /** What happened since the last call. */
  take(): string[] {
    return this.events.splice(0);
  }

  async #start({ name, command }: TunnelEntry, log: Log) {
    await this.gate;
    const port = command.options.in?.kind === "tcp" ? command.options.in.port : 0;
    if (this.bad.has(port)) throw badInput(`${port} is taken`);
    log("info", `starts with ${port}`);
    return {
      readyLine: "ready",
      listens: [],
      tryNow: () => void this.events.push(`try ${name}`),
      connections: () => command.kind === "server" ? 2 : 1,
      drain: () => {
        this.events.push(`drain ${name}`);
        return (this.slow.get(name) ?? Promise.resolve()).then(() => this.drained);
      },
      stop: (reason: string) => {
        this.events.push(`stop ${name}: ${reason}`);
        return this.slow.get(name) ?? Promise.resolve();
      },
    };
  }
}

const A = serverEntry("a", 1), B = serverEntry("b", 2), C = serverEntry("c", 3);

Deno.test("all start in order, are told of when all run, and end together", async () => {
  const world = new TunnelsWorld();
  await world.tunnels.start([A, B]);
  assertEquals(world.take(), ["info: a: starts with 1", "info: b: starts with 2", "ready a", "ready b"]);
  world.tunnels.tryNow();
  await world.tunnels.stop("SIGTERM");
  assertEquals(world.take(), ["try a", "try b", "stop a: SIGTERM", "stop b: SIGTERM"]);
  assertEquals(world.tunnels.size, 0);
});

Deno.test("if one cannot start none stays, and the error names it", async () => {
  const world = new TunnelsWorld();
  world.bad.add(2);
  await assertRejects(() => world.tunnels.start([A, B, C]), TeleError, "tunnel b cannot start: 2 is taken");
  assertEquals(world.take(), ["info: a: starts with 1", "stop a: tunnel b could not start"]);
  assertEquals(world.tunnels.size, 0);
});

Deno.test("a reload touches nothing that is equal, and ends what goes before anything begins", async () => {
  const world = new TunnelsWorld();
  await world.tunnels.start([A, B, C]);
  world.take();
  await world.tunnels.reload([serverEntry("d", 3), serverEntry("b", 7), A]);
  assertEquals(world.take(), [
    "info: read the configuration again: kept a, changed b, new d, gone c",
    "stop c: the configuration changed",
    "stop b: the configuration changed",
    "info: d: starts with 3",
    "ready d",
    "info: b: starts with 7",
    "ready b",
  ]);
  await world.tunnels.reload([A, serverEntry("b", 7), serverEntry("d", 3)]);
  assertEquals(world.take(), ["info: read the configuration again: kept a and b and d"]);
});

Deno.test("what cannot start after a reload runs as before, or is tried again by the next one", async () => {
  const world = new TunnelsWorld();
  await world.tunnels.start([A]);
  world.take();
  world.bad.add(8).add(9);
  const wanted = [serverEntry("a", 9), serverEntry("d", 8)];
  await world.tunnels.reload(wanted);
  assertEquals(world.take(), [
    "info: read the configuration again: changed a, new d",
    "stop a: the configuration changed",
    "error: d: cannot start: 8 is taken; SIGHUP tries again",
    "error: a: cannot start: 9 is taken; SIGHUP tries again",
    "info: a: starts with 1",
    "ready a",
    "warn: a: runs as before the change",
  ]);
  world.bad.clear();
  await world.tunnels.reload(wanted);
  assertEquals(world.tunnels.size, 2);
  assertEquals(world.take()[0], "info: read the configuration again: changed a, new d");
});

Deno.test("a tunnel whose change has a wrong file is not ended for it", async () => {
  const world = new TunnelsWorld();
  await world.tunnels.start([A, B]);
  world.take();
  world.wrong.add("a").add("b");
  const wanted = [serverEntry("a", 9), B];
  await world.tunnels.reload(wanted);
  assertEquals(world.take(), [
    "error: a: goes on as before, since its change could not start: there is no such file; SIGHUP tries again",
    "info: read the configuration again: kept a and b",
  ]);
  world.wrong.clear();
  await world.tunnels.reload(wanted);
  assertEquals(world.take().slice(0, 3), [
    "info: read the configuration again: kept b, changed a",
    "stop a: the configuration changed",
    "info: a: starts with 9",
  ]);
});

Deno.test("what is starting when the process ends is ended too, and nobody is told that it is ready", async () => {
  const world = new TunnelsWorld();
  await world.tunnels.start([A]);
  const { promise, resolve } = Promise.withResolvers<void>();
  world.gate = promise;
  const reloading = world.tunnels.reload([A, B]);
  await settled();
  await world.tunnels.stop("SIGTERM");
  world.take();
  resolve();
  await reloading;
  assertEquals(world.take(), ["info: b: starts with 2", "stop b: the process ends"]);
  assertEquals(world.tunnels.size, 0);
});

Deno.test("a peer that is told slowly holds up its own tunnel alone, and the end of the process waits for it", async () => {
  const world = new TunnelsWorld();
  await world.tunnels.start([A, B]);
  world.take();
  const { promise, resolve } = Promise.withResolvers<void>();
  world.slow.set("a", promise);
  const reloading = world.tunnels.reload([serverEntry("a", 9), B, C]);
  await settled();
  assertEquals(world.take(), [
    "info: read the configuration again: kept b, changed a, new c",
    "stop a: the configuration changed",
    "info: c: starts with 3",
    "ready c",
  ]);
  let isOver = false;
  const stopping = world.tunnels.stop("SIGTERM").then(() => isOver = true);
  await settled();
  assertEquals([isOver, world.take()], [false, ["stop b: SIGTERM", "stop c: SIGTERM"]]);
  resolve();
  await Promise.all([stopping, reloading]);
  assertEquals([world.take(), world.tunnels.size], [[], 0], "a does not begin again");
});

Deno.test("a client begins when the one is gone that has its port, and so its identity, under whatever name", async () => {
  const world = new TunnelsWorld();
  await world.tunnels.start([clientEntry("one", 1), clientEntry("two", 2), clientEntry("three", 3)]);
  const { promise, resolve } = Promise.withResolvers<void>();
  world.slow.set("one", promise).set("two", promise);
  const swapped = [clientEntry("one", 2), clientEntry("two", 4), clientEntry("other", 1), clientEntry("three", 3)];
  const swapping = world.tunnels.reload(swapped);
  await settled();
  assertEquals(world.tunnels.size, 1, "three, and no other");
  resolve();
  await swapping;
  assertEquals(world.tunnels.size, 4);

  const slow = Promise.withResolvers<void>();
  world.slow.set("three", slow.promise);
  await world.tunnels.reload(swapped.filter(({ name }) => name !== "three"));
  world.take();
  const reloading = world.tunnels.reload([...swapped.slice(0, 3), clientEntry("late", 3), clientEntry("free", 5)]);
  await settled();
  assertEquals(world.take(), [
    "info: read the configuration again: kept one and two and other, new late and free",
    "info: free: starts with 5",
    "ready free",
  ], "the end of an earlier reload counts as well");
  slow.resolve();
  await reloading;
  assertEquals(world.take(), ["info: late: starts with 3", "ready late"]);
});

/** All that needs no more than microtasks has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("all are drained at once, and it is over when the last is; nothing starts meanwhile", async () => {
  const world = new TunnelsWorld();
  await world.tunnels.start([A, B]);
  world.take();
  assertEquals(world.tunnels.connections, 4);
  const { promise, resolve } = Promise.withResolvers<void>();
  world.slow.set("b", promise);
  let reason: string | undefined;
  const over = world.tunnels.drain().then((why) => reason = why);
  await world.tunnels.reload([A, B, C]);
  assertEquals([reason, world.take().filter((line) => /^(drain|ready)/.test(line))], [undefined, [
    "drain a",
    "drain b",
  ]]);
  resolve();
  await over;
  assertEquals(reason, "drained");
  await world.tunnels.stop("drained");
});

Deno.test("one that was not drained in its time says why all end", async () => {
  const world = new TunnelsWorld();
  await world.tunnels.start([A, B]);
  world.drained = "the drain timeout has passed";
  assertEquals(await world.tunnels.drain(), "the drain timeout has passed");
  await world.tunnels.stop("drained");
});

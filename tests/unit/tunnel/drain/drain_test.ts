import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { drain, type DrainNeeds } from "../../../../lib/tunnel/drain/drain.ts";
import type { ProcessFacts } from "../../../../lib/tunnel/drain/process_facts.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const TELE: ProcessFacts = { isOver: false, began: "5309", hearsQuit: true, words: ["tele", "--server", "--in=:22"] };

/** A process, and what is said of it. */
class World {
  readonly clock = new FakeClock();
  readonly said: string[] = [];
  presence: ReturnType<DrainNeeds["presence"]> = "there";
  facts: ProcessFacts | undefined = TELE;
  left: number | undefined;
  quits = 0;

  drain(pid = 4711): Promise<void> {
    return drain({
      pid,
      ownName: "tele",
      clock: this.clock,
      presence: () => this.presence,
      look: () => Promise.resolve(this.facts),
      quit: () => this.quits++,
      connections: () => Promise.resolve(this.left),
      say: (line) => Promise.resolve(this.said.push(line)),
    });
  }
}

Deno.test("a process is told once, and waited for, and how many connections are left is said when it changes", async () => {
  const world = new World();
  world.left = 3;
  const draining = world.drain();
  await world.clock.advance(20_000);
  world.left = 1;
  await world.clock.advance(10_000);
  world.presence = "none";
  await world.clock.run(draining);
  assertEquals(world.quits, 1);
  assertEquals(world.said, [
    "process 4711 takes nothing new; this waits until it has ended",
    "connections left: 3",
    "connections left: 1, after 25 s",
    "process 4711 has ended, after 31 s",
  ]);
});

Deno.test("once a minute something is said, also where nobody tells what is left", async () => {
  for (const [left, what] of [[2, "connections left: 2"], [undefined, "process 4711 has not ended yet"]] as const) {
    const world = new World();
    world.left = left;
    const draining = world.drain();
    await world.clock.advance(125_000);
    world.presence = "none";
    await world.clock.run(draining);
    assertEquals(world.said.slice(1, -1).filter((line) => line.includes("after")), [
      `${what}, after 1 min`,
      `${what}, after 2 min`,
    ]);
  }
});

Deno.test("a process has ended when only its number is kept, or another has it", async () => {
  for (const change of [{ isOver: true }, { began: "9999", words: ["bash"] }]) {
    const world = new World();
    const draining = world.drain();
    await world.clock.advance(5_000);
    world.facts = { ...TELE, ...change };
    await world.clock.run(draining);
    assertEquals(world.said.at(-1)?.replace(/\d+ s$/, "N s"), "process 4711 has ended, after N s");
  }
});

Deno.test("a look that fails once is no end", async () => {
  const world = new World();
  const draining = world.drain();
  await world.clock.advance(5_000);
  world.facts = undefined;
  await world.clock.advance(60_000);
  assertEquals(world.said.at(-1), "process 4711 has not ended yet, after 1 min");
  world.presence = "none";
  await world.clock.run(draining);
});

Deno.test("what cannot be drained is told with what to do, and is sent no signal", async () => {
  const mistakes: [Partial<Pick<World, "presence" | "facts">>, string][] = [
    [{ presence: "none" }, "there is no process 4711: say by --pid=N which one is to drain"],
    [{ facts: { ...TELE, isOver: true } }, "there is no process 4711"],
    [{ presence: "of another user" }, "process 4711 is another user's: drain it as that user, or as root"],
    [
      { facts: { ...TELE, words: ["/sbin/init", "\x1b[1m"] } },
      "process 4711 is no tele server or client but /sbin/init ",
    ],
    [{ facts: { ...TELE, words: [] } }, "process 4711 is no tele server or client: say which one"],
    [{ facts: { ...TELE, hearsQuit: false } }, "process 4711 does not listen to SIGQUIT, which would kill it"],
    [{ facts: undefined }, "send it yourself, as by: kill -QUIT 4711"],
  ];
  for (const [state, says] of mistakes) {
    const world = Object.assign(new World(), state);
    const error = await assertRejects(() => world.drain(), TeleError, says);
    // What another program calls itself is shown, not obeyed by the terminal.
    assertEquals(error.message.includes("\x1b"), false);
    assertEquals(world.quits, 0);
  }
});

Deno.test("where nothing tells what a process is, the first one is told nevertheless: it is killed by no signal", async () => {
  const world = new World();
  world.facts = undefined;
  const draining = world.drain(1);
  await world.clock.advance(3_000);
  assertEquals(world.quits, 1);
  world.presence = "none";
  await world.clock.run(draining);
});

Deno.test("where the system does not tell who listens to SIGQUIT, a tele is told", async () => {
  const world = new World();
  world.facts = { ...TELE, hearsQuit: undefined };
  const draining = world.drain();
  await world.clock.settle();
  world.presence = "none";
  await world.clock.run(draining);
  assertEquals(world.quits, 1);
});

/** Turns to ask owners: few of an address, not many of all, and nobody waits for who has many. */
import { assertEquals, assertRejects } from "@std/assert";
import { AskTurns } from "../../../../lib/session/fleet/ask_turns.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";

/** Asks that last until they are told to end. */
class Asks {
  readonly clock = new FakeClock();
  readonly turns: AskTurns;
  readonly running: string[] = [];
  /** Those that were sent away. */
  readonly gone = new Set<string>();
  readonly #ends = new Map<string, (error?: Error) => void>();

  constructor(most: number, mostOfAHost: number) {
    this.turns = new AskTurns(this.clock, { most, mostOfAHost });
  }

  ask(host: string, name: string, node = "n"): Promise<void> {
    return this.turns.take(
      { host, node, isGone: () => this.gone.has(name) },
      () =>
        new Promise<void>((resolve, reject) => {
          this.running.push(name);
          this.#ends.set(name, (error) => error === undefined ? resolve() : reject(error));
        }),
    );
  }

  async end(name: string, error?: Error): Promise<void> {
    this.#ends.get(name)!(error);
    await settle();
  }
}

Deno.test("an address has few at once, its others come in their order, and other addresses do not wait", async () => {
  const asks = new Asks(10, 2);
  const all = ["a1", "a2", "a3", "a4", "b1"].map((name) => asks.ask(name[0]!, name));
  await settle();
  assertEquals([asks.running, asks.turns.count], [["a1", "a2", "b1"], 3]);
  await asks.end("a2");
  await asks.end("a1");
  assertEquals(asks.running, ["a1", "a2", "b1", "a3", "a4"]);
  for (const name of ["a3", "a4", "b1"]) await asks.end(name);
  await Promise.all(all);
  assertEquals(asks.turns.count, 0);
});

Deno.test("all addresses together have their limit, and a place goes to the first who may take it", async () => {
  const asks = new Asks(3, 2);
  const all = ["a1", "a2", "a3", "b1", "c1"].map((name) => asks.ask(name[0]!, name));
  await settle();
  assertEquals(asks.running, ["a1", "a2", "b1"]);
  await asks.end("b1");
  // a3 has waited for longer, but its address has two already.
  assertEquals(asks.running, ["a1", "a2", "b1", "c1"]);
  for (const name of ["a1", "a2", "c1", "a3"]) await asks.end(name);
  await Promise.all(all);
});

Deno.test("who is sent away while it waits asks nobody, and does not wait until it would be its turn", async () => {
  const asks = new Asks(10, 1);
  const all = ["a1", "a2", "a3", "a4"].map((name) => asks.ask("a", name));
  await settle();
  for (const name of ["a2", "a3"]) asks.gone.add(name);
  // The next one that comes finds them.
  all.push(asks.ask("a", "a5"));
  await Promise.all(all.slice(1, 3));
  asks.gone.add("a4");
  await asks.end("a1");
  await all[3];
  assertEquals(asks.running, ["a1", "a5"]);
  await asks.end("a5");
  asks.gone.add("a6");
  await asks.ask("a", "a6");
  await Promise.all(all);
  assertEquals([asks.running, asks.turns.count], [["a1", "a5"], 0]);
});

Deno.test("one that fails gives its place back", async () => {
  const asks = new Asks(1, 1);
  const failing = asks.ask("a", "a1");
  const next = asks.ask("a", "a2");
  const failed = assertRejects(() => failing, Error, "no");
  await settle();
  await asks.end("a1", new Error("no"));
  await failed;
  assertEquals(asks.running, ["a1", "a2"]);
  await asks.end("a2");
  await next;
});

Deno.test("an owner that is silent keeps nobody waiting who asks another one", async () => {
  const asks = new Asks(10, 2);
  const all = ["lost1", "lost2", "lost3", "here1"].map((name) => asks.ask("balancer", name, name.slice(0, 4)));
  await asks.clock.advance(99);
  assertEquals(asks.running, ["lost1", "lost2"]);
  await asks.clock.advance(1);
  // The third would be as silent.
  assertEquals([asks.running, asks.turns.count], [["lost1", "lost2", "here1"], 1]);
  all.push(asks.ask("another", "lost4", "lost"), asks.ask("another", "here2", "here"));
  await settle();
  assertEquals(asks.running, ["lost1", "lost2", "here1", "here2"]);
  await asks.end("lost1");
  assertEquals(asks.running.includes("lost3"), false);
  await asks.end("lost2");
  assertEquals(asks.running, ["lost1", "lost2", "here1", "here2", "lost3", "lost4"]);
  for (const name of ["here1", "here2", "lost3", "lost4"]) await asks.end(name);
  await Promise.all(all);
  assertEquals([asks.turns.count, asks.clock.pendingTimers], [0, 0]);
});

Deno.test("when a slow owner answers, as many ask it as may", async () => {
  const asks = new Asks(3, 2);
  const all = ["a1", "b1", "c1", "d1"].map((name) => asks.ask(name[0]!, name));
  await asks.clock.advance(100);
  assertEquals([asks.running, asks.turns.count], [["a1", "b1", "c1"], 0]);
  all.push(...["b2", "c2", "a2"].map((name) => asks.ask(name[0]!, name)));
  for (const name of ["a1", "b1", "c1"]) await asks.end(name);
  assertEquals(asks.running.slice(3), ["d1", "b2", "c2"]);
  for (const name of ["d1", "b2", "c2", "a2"]) await asks.end(name);
  await Promise.all(all);
  assertEquals(asks.turns.count, 0);
});

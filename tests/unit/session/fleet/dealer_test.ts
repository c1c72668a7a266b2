/** New sessions, dealt among workers who know only what they tell each other. */
import { assert, assertEquals } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { Dealer } from "../../../../lib/session/fleet/dealer.ts";
import { hearQuestion } from "../../../../lib/session/fleet/exchange.ts";
import { deriveFleetKey } from "../../../../lib/session/fleet/fleet_keys.ts";
import { openTicket, sealTicket } from "../../../../lib/session/handshake/ticket.ts";
import { countOffered } from "../../../../lib/session/handshake/ticket_offer.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const KEY = await deriveFleetKey(new Uint8Array(32).fill(5));

/** One worker: what it has, and how it behaves. */
class FakeWorker {
  readonly dealer: Dealer;
  /** What others have given to it. */
  taken = 0;
  dials = 0;
  isDraining = false;
  limit = 1000;
  state: "up" | "hanging" | "refusing" | "over" = "up";

  constructor(world: World, readonly instance: Uint8Array<ArrayBuffer>, public sessions: number) {
    this.dealer = new Dealer({
      clock: world.clock,
      log: () => {},
      siblings: () => Promise.resolve(world.workers.filter((each) => each !== this).map((each) => each.instance)),
      dial: (instance) => world.workers.find((each) => each.instance === instance)!.dial(),
      ticketFor: async (instance, sessionId) => {
        const content = { instance: new Uint8Array(instance), sessionId, node: "here" };
        return { key: KEY, ticket: await sealTicket(KEY, content, 0) };
      },
      sessions: () => this.isDraining ? undefined : this.sessions,
      limit: () => this.limit,
      splice: (_, link) => void world.spliced.push(link),
      random: () => world.random(),
    });
  }

  dial(): Promise<Duplex | undefined> {
    this.dials++;
    if (this.state === "refusing") return Promise.reject(new Error("connection refused"));
    if (this.state === "over") return Promise.resolve(undefined);
    const [near, far] = duplexPair();
    if (this.state === "up") void this.#answer(far);
    return Promise.resolve(near);
  }

  async #answer(link: Duplex): Promise<void> {
    const { preface, answer } = await hearQuestion(link, [KEY]);
    const opened = await openTicket([KEY], preface.ticket, 0);
    assertEquals(opened!.instance, this.instance);
    const word = this.dealer.take(countOffered(opened!.sessionId)!, preface.client.peer);
    if (word === "here") this.taken++;
    await answer(word);
  }
}

/** Where all come from. */
const PEER = duplexPair()[0].peer;

class World {
  readonly clock = new FakeClock();
  readonly workers: FakeWorker[];
  readonly spliced: Duplex[] = [];
  #seed = 1;

  constructor(...sessions: number[]) {
    this.workers = sessions.map((each, at) => new FakeWorker(this, new Uint8Array(8).fill(at + 1), each));
  }

  get first(): FakeWorker {
    return this.workers[0]!;
  }

  /** As even as it needs to be. Source: Park and Miller. */
  random(): number {
    this.#seed = this.#seed * 48_271 % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }

  /** So many come to the first worker at once; how many stay there, and how many each of the others takes. */
  async deal(count: number): Promise<number[]> {
    const before = this.workers.map(({ taken }) => taken);
    const dealt = Array.from({ length: count }, () => this.first.dealer.deal(duplexPair()[0], "inner", () => false));
    const gone = (await this.clock.run(Promise.all(dealt))).filter(Boolean).length;
    return [count - gone, ...this.workers.slice(1).map(({ taken }, at) => taken - before[at + 1]!)];
  }
}

Deno.test("all who come at once to one of two workers are dealt evenly, before any has its session", async () => {
  const world = new World(0, 0);
  assertEquals(await world.deal(8), [4, 4]);
  assertEquals(world.spliced.length, 4);
});

Deno.test("who is full asks all for room, and one who came in vain is counted no more", async () => {
  const world = new World(9, 9, 9, 9, 9, 9, 8);
  assertEquals((await world.deal(1))[0], 1, "two are asked");
  world.first.dealer.decided(PEER);
  for (const worker of world.workers) worker.limit = 9;
  for (let round = 0; round < 5; round++) {
    const free = world.workers.at(-1)!;
    assertEquals((await world.deal(1)).at(-1), 1, `round ${round}`);
    free.dealer.decided(PEER);
  }
});

Deno.test("two who have no room keep what comes, and one that drains gives it to either", async () => {
  const world = new World(9, 9);
  for (const worker of world.workers) worker.limit = 9;
  assertEquals(await world.deal(1), [1, 0]);
  world.first.isDraining = true;
  assertEquals(await world.deal(1), [0, 1]);
});

Deno.test("those to come take room, too", async () => {
  const world = new World(2, 2);
  for (const worker of world.workers) worker.limit = 4;
  assertEquals(await world.deal(4), [2, 2]);
});

Deno.test("who has not clearly more than the others gives nothing away, and who has none does not ask", async () => {
  const even = [[3, 3], [3, 4], [5, 4], [10, 8], [100, 80]];
  for (const sessions of even) assertEquals(await new World(...sessions).deal(1), [1, 0], `${sessions}`);
  const uneven = [[1, 0], [2, 1], [4, 3], [6, 4], [11, 8], [101, 80]];
  for (const sessions of uneven) assertEquals(await new World(...sessions).deal(1), [0, 1], `${sessions}`);
  const world = new World(0, 0);
  await world.deal(1);
  assertEquals(world.workers[1]!.dials, 0);
});

Deno.test("who was behind, such as one that died and was started again, catches up", async () => {
  const world = new World(9, 2);
  assertEquals(await world.deal(7), [1, 6]);
  assertEquals(await world.deal(2), [1, 1]);
});

Deno.test("of many workers each has nearly as many, though no more than two are asked for one session", async () => {
  const world = new World(...Array.from({ length: 8 }, () => 0));
  for (let at = 0; at < 8; at++) {
    const before = world.workers.reduce((sum, { dials }) => sum + dials, 0);
    for (let each = 0; each < 4; each++) await world.deal(1);
    assert(world.workers.reduce((sum, { dials }) => sum + dials, 0) - before <= 8);
    // They begin, and more come.
    for (const worker of world.workers) {
      while (worker.taken > worker.sessions) {
        worker.sessions++;
        worker.dealer.decided(PEER);
      }
    }
  }
  const sessions = world.workers.slice(1).map(({ taken }) => taken);
  assert(Math.max(...sessions) - Math.min(...sessions) <= 4, `${sessions}`);
});

Deno.test("one that drains is asked once and never again, and gives away whatever comes to it", async () => {
  const world = new World(5, 0, 4);
  const [first, draining] = world.workers as [FakeWorker, FakeWorker];
  draining.isDraining = true;
  for (let at = 0; at < 20; at++) {
    const [stays] = await world.deal(1);
    first.sessions += stays!;
    if (stays! > 0) first.dealer.decided(PEER);
  }
  assertEquals([draining.taken, draining.dials <= 1], [0, true]);
  const others = new World(0, 7);
  others.first.isDraining = true;
  assertEquals(await others.deal(3), [0, 3]);
});

for (const state of ["draining", "silent"] as const) {
  Deno.test(`one that is ${state} is remembered for as long as it is there, and no longer`, async () => {
    const world = new World(5, 0);
    const [, other] = world.workers as [FakeWorker, FakeWorker];
    const isAway = (isAway: boolean) => {
      if (state === "draining") other.isDraining = isAway;
      else other.state = isAway ? "refusing" : "up";
    };
    isAway(true);
    assertEquals(await world.deal(1), [1, 0]);
    isAway(false);
    assertEquals([await world.deal(1), other.dials], [[1, 0], 1]);
    world.workers.pop();
    await world.deal(1);
    // Nothing has its instance again; that it is asked shows that it was forgotten.
    world.workers.push(other);
    assertEquals(await world.deal(1), [0, 1]);
  });
}

for (const state of ["hanging", "refusing"] as const) {
  Deno.test(`one that is ${state} costs half a second at the most, and is left alone longer each time`, async () => {
    const world = new World(5, 0);
    const [, other] = world.workers as [FakeWorker, FakeWorker];
    other.state = state;
    const start = world.clock.now();
    assertEquals(await world.deal(4), [4, 0]);
    assert(world.clock.now() - start <= 510, `${world.clock.now() - start} ms`);
    assertEquals(other.dials, 1);
    for (let second = 0; second < 300; second++) {
      await world.clock.advance(1_000);
      await world.deal(1);
    }
    // Behind 1, 3, 7, 15, 31, 63 s, and each minute.
    assert(other.dials >= 9 && other.dials <= 11, `${other.dials} times`);
    other.state = "up";
    await world.clock.advance(60_000);
    assertEquals(await world.deal(1), [0, 1]);
  });
}

Deno.test("one that is over takes nothing, and the next one is asked", async () => {
  const world = new World(5, 0, 0);
  world.workers[1]!.state = "over";
  assertEquals(await world.deal(1), [0, 0, 1]);
});

Deno.test("of a crowd most stay where they came, and who was sent away meanwhile is not asked for", async () => {
  const world = new World(100, 0);
  const [stay, go] = await world.deal(50) as [number, number];
  assertEquals([stay, go, world.workers[1]!.dials], [18, 32, 32]);
  assertEquals(await world.first.dealer.deal(duplexPair()[0], "inner", () => true), false);
  assertEquals(world.workers[1]!.dials, 32);
});

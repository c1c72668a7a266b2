/** Users who come by SOCKS say where they want to go, or are told why not. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { SocksDoor } from "../../../../lib/tunnel/roles/socks_door.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { collect } from "../../../support/reading.ts";

const NAME = [5, 1, 0, 3, 1, 97, 0, 80];

function setUp() {
  const clock = new FakeClock();
  const taken: [user: Duplex, destination: string][] = [];
  const refused: string[] = [];
  const door = new SocksDoor({
    clock,
    streamLog: { refuse: (_peer, reason) => void refused.push(reason) },
    take: (user, destination) => void taken.push([user, destination]),
  });
  const [near, far] = duplexPair();
  const welcomed = door.welcome(far);
  return { clock, door, near, taken, refused, welcomed };
}

Deno.test("a user is taken for its destination, with what it said behind its request", async () => {
  const { clock, near, taken, welcomed } = setUp();
  await near.write(new Uint8Array([5, 1, 0]));
  const into = new Uint8Array(2);
  await clock.run(near.read(into));
  assertEquals(into, new Uint8Array([5, 0]));
  await near.write(new Uint8Array([...NAME, 1, 2, 3]));
  await clock.run(welcomed);
  const [[user, destination], ...others] = taken;
  assertEquals([destination, others.length, clock.pendingTimers], ["a:80", 0, 0]);
  const first = new Uint8Array(10);
  assertEquals(await user.read(first), 3);
  user.close();
});

Deno.test("a user who asks for what cannot be is told so in a reply, with a line", async () => {
  const port0 = [5, 1, 0, 3, 1, 97, 0, 0];
  const cases: [request: number[], reply: number, words: string][] = [
    [port0, 4, 'SOCKS: "a:0" is no host and port'],
    [[5, 1, 0, 3, 3, 97, 32, 98, 0, 80], 4, 'SOCKS: "a b:80" is no host'],
    [[5, 3, 0, 1, 0, 0, 0, 0, 0, 0], 7, "SOCKS: it asks for command 3"],
  ];
  for (const [request, reply, words] of cases) {
    const { clock, near, taken, refused } = setUp();
    await near.write(new Uint8Array([5, 1, 0, ...request]));
    near.closeWrite();
    const { bytes, end } = await clock.run(collect(near));
    assertEquals([bytes[3], end, taken], [reply, "end", []]);
    assertStringIncludes(refused.join(), words);
    await clock.advance(2_000);
  }
});

Deno.test("who says nothing goes after ten seconds, and with the door; who only looks costs no line", async () => {
  const late = setUp();
  await late.clock.advance(10_000);
  await late.welcomed;
  const gone = setUp();
  gone.door.close();
  await gone.clock.run(gone.welcomed);
  const looking = setUp();
  looking.near.close();
  await looking.clock.run(looking.welcomed);
  for (const { taken, clock } of [late, gone, looking]) assertEquals([taken, clock.pendingTimers], [[], 0]);
  assertEquals(
    [late, gone, looking].map(({ refused }) => refused),
    [["SOCKS: no complete handshake within 10 s"], ["SOCKS: the tele client ended"], []],
  );
});

Deno.test("thousands who do not ask hold 512 descriptors, and keep out nobody who asks", async () => {
  const { clock, door, near, taken, refused, welcomed } = setUp();
  const flood = Array.from({ length: 2_000 }, () => duplexPair());
  for (const [, far] of flood) void door.welcome(far);
  await clock.run(welcomed);
  await assertRejects(() => near.read(new Uint8Array(1)), Error, "closed", "the oldest goes first");
  assertEquals(refused.length, 2_001 - 512);
  assertStringIncludes(refused[0]!, "SOCKS: too many handshakes were in progress");
  const [user, far] = duplexPair();
  const asked = door.welcome(far);
  await user.write(new Uint8Array([5, 1, 0]));
  await clock.run(user.read(new Uint8Array(2)));
  await user.write(new Uint8Array(NAME));
  await clock.run(asked);
  assertEquals(taken.map(([, destination]) => destination), ["a:80"]);
  door.close();
});

Deno.test("a door that is drained waits for those who have come, and then for nobody", async () => {
  const { clock, door, near, taken, welcomed } = setUp();
  let isOver = false;
  door.drain().then(() => isOver = true);
  await near.write(new Uint8Array([5, 1, 0]));
  await clock.run(near.read(new Uint8Array(2)));
  assertEquals(isOver, false);
  await near.write(new Uint8Array(NAME));
  await clock.run(welcomed);
  await clock.settle();
  assertEquals([isOver, taken.length], [true, 1]);
  taken[0]![0].close();
  await clock.run(door.drain());
});

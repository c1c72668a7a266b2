/** How many bulk carriers a client has: as many as are wished for and carry something, and none when bulk is over. */
import { assertEquals } from "@std/assert";
import { Lanes } from "../../../../lib/session/lanes/lanes.ts";

const SECOND_MS = 1_000;

/** Lanes with `count` bulk carriers, numbers 1 to `count`, attached at 0. */
function lanesOf(count: number, most = 5): Lanes {
  const lanes = new Lanes(most);
  lanes.wished("own", count);
  for (let number = 1; number <= count; number++) lanes.attached(number, 0);
  return lanes;
}

/** `shares[i]` bytes a second on carrier i + 1, up to `untilMs`. Returns who left and when, in seconds. */
function run(lanes: Lanes, shares: number[], fromMs: number, untilMs: number): [number, number][] {
  const left: [number, number][] = [];
  for (let nowMs = fromMs + SECOND_MS; nowMs <= untilMs; nowMs += SECOND_MS) {
    shares.forEach((bytes, at) => lanes.moved(at + 1, bytes, nowMs));
    for (const number of lanes.look(nowMs)) {
      lanes.gone(number);
      left.push([number, nowMs / SECOND_MS]);
    }
  }
  return left;
}

Deno.test("there are as many as the end wishes for that wishes for more, and no more than are allowed", () => {
  const lanes = new Lanes(5);
  assertEquals(lanes.target, 0);
  lanes.wished("peer", 1);
  assertEquals(lanes.target, 1);
  lanes.wished("own", 3);
  assertEquals(lanes.target, 3);
  lanes.wished("peer", 9);
  assertEquals(lanes.target, 5);
  lanes.wished("peer", 0);
  assertEquals(lanes.target, 3);
});

Deno.test("with one carrier allowed there is never another, whatever the peer wishes", () => {
  const lanes = new Lanes(0);
  lanes.wished("peer", 5);
  assertEquals([lanes.target, lanes.look(0)], [0, []]);
});

Deno.test("carriers that carry alike stay", () => {
  assertEquals(run(lanesOf(5), [100, 90, 110, 60, 100], 0, 60_000), []);
});

Deno.test("one that carries less than half of an average one goes behind 10 s, and is not dialled again", () => {
  const lanes = lanesOf(4);
  assertEquals(run(lanes, [100, 40, 100, 100], 0, 40_000), [[2, 10]]);
  assertEquals(lanes.target, 3);
});

Deno.test("they go one by one, and the last one stays", () => {
  const lanes = lanesOf(3);
  const left = run(lanes, [100, 0, 10], 0, 40_000);
  assertEquals(left.map(([number]) => number), [2, 3]);
  assertEquals(lanes.target, 1);
});

Deno.test("nobody is judged while one of them is on trial", () => {
  const lanes = lanesOf(2);
  lanes.attached(2, 5_000);
  assertEquals(run(lanes, [100, 0], 0, 40_000), [[2, 15]]);
});

Deno.test("all go when neither end wishes for any, and what was useless then is tried anew", () => {
  const lanes = lanesOf(3);
  run(lanes, [100, 0, 100], 0, 20_000);
  assertEquals(lanes.target, 2);
  lanes.wished("own", 0);
  assertEquals([lanes.target, lanes.look(21_000)], [0, [1, 3]]);
  lanes.wished("peer", 3);
  assertEquals(lanes.target, 3);
});

Deno.test("of too many the one that carries the least goes, whatever its trial", () => {
  const lanes = lanesOf(3);
  lanes.wished("own", 1);
  assertEquals(run(lanes, [50, 100, 70], 0, 5_000), [[1, 1], [3, 2]]);
});

Deno.test("one that became the quiet one is not counted", () => {
  const lanes = lanesOf(2);
  lanes.gone(1);
  lanes.moved(1, 1_000, 1_000);
  assertEquals(run(lanes, [0, 5], 0, 30_000), []);
});

/** Which streams the peer has opened: each number is new once, in whatever order opens come. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { LAST_STREAM, MOST_UNSEEN_RANGES } from "../../../lib/mux/mux_constants.ts";
import { StreamNumbers } from "../../../lib/mux/stream_numbers.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { Random } from "../../support/random.ts";

const SEED = 13;

/** What a client opens. */
const clients = () => new StreamNumbers({ first: 1, step: 2 });

/** Asserts that `see` ends the session with a sentence that has `words` in it. */
function assertBroken(see: () => unknown, words: string): void {
  assertEquals(assertThrows(see, TeleError, words).code, "protocol");
}

Deno.test("a number is new once", () => {
  const numbers = clients();
  assertEquals([numbers.see(1), numbers.see(3), numbers.see(1), numbers.see(3)], ["new", "new", "known", "known"]);
  assertEquals([1, 3, 5].map((id) => numbers.has(id)), [true, true, false]);
});

Deno.test("a number that was left out is new when it comes, at the front, in the middle and at the end of its range", () => {
  for (const order of [[3, 5, 7], [7, 5, 3], [5, 3, 7], [5, 7, 3]]) {
    const numbers = clients();
    numbers.see(1);
    numbers.see(9);
    for (const id of order) {
      assert(!numbers.has(id), `${id} of ${order}`);
      assertEquals([numbers.see(id), numbers.has(id), numbers.see(id)], ["new", true, "known"], `${id} of ${order}`);
    }
    assertEquals(numbers.unseenRanges, 0);
    assertEquals([1, 3, 5, 7, 9].map((id) => numbers.see(id)), Array(5).fill("known"));
  }
});

Deno.test("the first number may be left out as well", () => {
  const numbers = clients();
  assertEquals([numbers.see(5), numbers.unseenRanges], ["new", 1]);
  assertEquals([numbers.see(1), numbers.see(3), numbers.unseenRanges], ["new", "new", 0]);
});

Deno.test("a number of the other end, none, and one beyond the last end the session", () => {
  const numbers = clients();
  for (const id of [0, 2, 4, LAST_STREAM + 2, -1, 1.5]) {
    assertBroken(() => numbers.see(id), `${id}`);
    assert(!numbers.has(id), `${id} was never seen`);
  }
  assertEquals([numbers.see(1), numbers.unseenRanges], ["new", 0], "nothing of them was remembered");
});

Deno.test("the last number may be used, and servers count even ones", () => {
  const numbers = clients();
  assertEquals([numbers.see(LAST_STREAM), numbers.see(LAST_STREAM), numbers.see(1)], ["new", "known", "new"]);
  assertBroken(() => numbers.see(LAST_STREAM + 2), `${LAST_STREAM + 2}`);
  const servers = new StreamNumbers({ first: 2, step: 2 });
  assertEquals([servers.see(2), servers.see(4), servers.see(2)], ["new", "new", "known"]);
  assertBroken(() => servers.see(3), "3");
  assertBroken(() => servers.see(0), "0");
});

Deno.test("as many ranges may be unseen as the protocol allows, and one more ends the session", () => {
  const numbers = clients();
  for (let range = 1; range <= MOST_UNSEEN_RANGES; range++) numbers.see(1 + 8 * range);
  assertEquals(numbers.unseenRanges, MOST_UNSEEN_RANGES);
  const highest = 1 + 8 * MOST_UNSEEN_RANGES;
  assertBroken(() => numbers.see(highest + 4), "1024");
  assertBroken(() => numbers.see(13), "1024");
  assert(!numbers.has(13) && !numbers.has(highest + 4), "what was refused is not remembered");
  // What makes none more is still taken: the next number, and both ends of a range.
  assertEquals([numbers.see(highest + 2), numbers.see(11), numbers.see(15)], ["new", "new", "new"]);
  assertEquals(numbers.see(13), "new", "the rest of a range");
  assertEquals(numbers.unseenRanges, MOST_UNSEEN_RANGES - 1);
  assertEquals(numbers.see(highest + 6), "new", "there is room for one again");
});

Deno.test("whatever comes in whatever order: the same answers as a set of all numbers", () => {
  const gap = fc.oneof(fc.constant(0), fc.nat(3), fc.nat(1000));
  fc.assert(
    fc.property(
      fc.array(fc.record({ gap, again: fc.nat(8) }), { minLength: 1, maxLength: 300, size: "max" }),
      fc.integer(),
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom(1, 2),
      (made, seed, disorder, first) => {
        const random = new Random(seed);
        const numbers = new StreamNumbers({ first, step: 2 });
        const seen = new Set<number>();
        let next = first;
        const ids = made.flatMap(({ gap, again }) => {
          const id = next + 2 * gap;
          next = id + 2;
          return again === 0 ? [id, id] : [id];
        });
        // Each within so many places of where it belongs, as by carriers that are late.
        const places = ids.map((_, at) => at + random.between(0, disorder));
        const order = [...ids.keys()].sort((a, b) => places[a] - places[b]).map((at) => ids[at]);
        for (const id of order) {
          assertEquals(numbers.has(id), seen.has(id), `has ${id}`);
          assertEquals(numbers.see(id), seen.has(id) ? "known" : "new", `${id}`);
          seen.add(id);
          const other = first + 2 * random.between(0, next / 2);
          assertEquals(numbers.has(other), seen.has(other), `has ${other}`);
        }
        assertEquals(numbers.unseenRanges, rangesOf(seen, first));
      },
    ),
    { seed: SEED, numRuns: 60 },
  );
});

/** How many ranges below the highest a set does not have. */
function rangesOf(seen: ReadonlySet<number>, first: number): number {
  const sorted = [...seen].sort((a, b) => a - b);
  return sorted.filter((id, at) => id > (at === 0 ? first : sorted[at - 1] + 2)).length;
}

Deno.test("all numbers of a thousand in any order leave nothing behind", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      const ids = Array.from({ length: 1000 }, (_, at) => 1 + 2 * at);
      for (let at = ids.length - 1; at > 0; at--) {
        const other = random.between(0, at);
        [ids[at], ids[other]] = [ids[other], ids[at]];
      }
      const numbers = clients();
      assert(ids.every((id) => numbers.see(id) === "new"));
      assert(ids.every((id) => numbers.see(id) === "known"));
      assertEquals(numbers.unseenRanges, 0);
    }),
    { seed: SEED, numRuns: 30 },
  );
});

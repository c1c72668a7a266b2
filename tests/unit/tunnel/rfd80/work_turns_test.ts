import { assertEquals, assertRejects } from "@std/assert";
import { WorkTurns } from "../../../../lib/tunnel/rfd80/work_turns.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";

/** Work that ends when it is told to. */
function works(turns: WorkTurns, signal = new AbortController().signal) {
  const begun: string[] = [];
  const ends: Record<string, PromiseWithResolvers<string>> = {};
  const come = (name: string) => {
    ends[name] = Promise.withResolvers();
    return turns.take(() => {
      begun.push(name);
      return ends[name]!.promise;
    }, signal);
  };
  return { begun, ends, come };
}

Deno.test("no more than so many work at once, and the next begins when one has ended, well or badly", async () => {
  const { begun, ends, come } = works(new WorkTurns(new FakeClock(), { atOnce: 2, turnMs: 1000 }));
  const [a, b, c, d] = ["a", "b", "c", "d"].map(come);
  await settle();
  assertEquals(begun, ["a", "b"]);
  ends["b"]!.resolve("done");
  assertEquals(await b, "done");
  await settle();
  assertEquals(begun, ["a", "b", "c"]);
  ends["a"]!.reject(new Error("it broke"));
  await assertRejects(() => a!, Error, "it broke");
  await settle();
  assertEquals(begun, ["a", "b", "c", "d"]);
  ends["c"]!.resolve("");
  ends["d"]!.resolve("");
  await Promise.all([c, d]);
});

Deno.test("who gives up before its turn never begins, and is in nobody's way", async () => {
  const turns = new WorkTurns(new FakeClock(), { atOnce: 1, turnMs: 1000 });
  const impatient = new AbortController();
  const one = works(turns);
  const other = works(turns, impatient.signal);
  const [first, second, third] = [one.come("first"), other.come("second"), one.come("third")];
  impatient.abort(new Error("enough"));
  await assertRejects(() => second, Error, "enough");
  await assertRejects(() => other.come("late"), Error, "enough");
  one.ends["first"]!.resolve("");
  one.ends["third"]!.resolve("");
  await Promise.all([first, third]);
  assertEquals([one.begun, other.begun], [["first", "third"], []]);
});

Deno.test("work that is stuck holds up nobody for longer than a turn, and gives its turn back once", async () => {
  const clock = new FakeClock();
  const { begun, ends, come } = works(new WorkTurns(clock, { atOnce: 2, turnMs: 1000 }));
  const all = ["a", "b", "c", "d", "e"].map(come);
  await settle();
  assertEquals(begun, ["a", "b"]);
  await clock.advance(999);
  assertEquals(begun, ["a", "b"]);
  await clock.advance(1);
  assertEquals(begun, ["a", "b", "c", "d"]);
  // Their turns are over, so no other turn ends with them.
  ends["a"]!.resolve("late");
  ends["b"]!.reject(new Error("no answer"));
  assertEquals(await all[0], "late");
  await assertRejects(() => all[1]!, Error, "no answer");
  await settle();
  assertEquals(begun, ["a", "b", "c", "d"]);
  ends["c"]!.resolve("");
  await settle();
  assertEquals(begun, ["a", "b", "c", "d", "e"]);
  for (const name of ["d", "e"]) ends[name]!.resolve("");
  await Promise.all(all.slice(2));
});

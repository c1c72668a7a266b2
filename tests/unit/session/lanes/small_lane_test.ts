/** Small frames of bulk go on one bulk carrier as long as it takes any, and then on one that has room for large ones. */
import { assertEquals } from "@std/assert";
import { SmallLane } from "../../../../lib/session/lanes/small_lane.ts";
import { Standstill } from "../../../../lib/session/lanes/standstill.ts";

function carrier(path = "wifi") {
  return { path, hasRoom: true, isFull: false, room: { standstill: new Standstill() }, roundTripMs: 20 };
}

/** Whether each of `bulk` takes them, asked one behind the other. */
function askAll(lane: SmallLane, bulk: ReturnType<typeof carrier>[], nowMs = 0): boolean[] {
  return bulk.map((asking) => lane.takes(asking, { bulk, all: bulk, quietPath: "wifi" }, nowMs));
}

Deno.test("the first with room takes them, and keeps them as long as it takes any", () => {
  const lane = new SmallLane(), bulk = [carrier(), carrier(), carrier()];
  bulk[0]!.hasRoom = false;
  assertEquals(askAll(lane, bulk), [false, true, false]);
  bulk[1]!.hasRoom = false;
  bulk[0]!.hasRoom = true;
  assertEquals(askAll(lane, bulk), [false, true, false]);
  bulk[1]!.isFull = true;
  bulk[0]!.hasRoom = false;
  assertEquals(askAll(lane, bulk), [false, true, true], "the next one has room for a large one");
  assertEquals(askAll(lane, bulk), [false, false, true]);
});

Deno.test("where its carrier stands still or is gone another takes them", () => {
  const lane = new SmallLane(), bulk = [carrier(), carrier()];
  assertEquals(askAll(lane, bulk), [true, false]);
  bulk[0]!.room.standstill.sent(0);
  assertEquals([askAll(lane, bulk, 49)[1], askAll(lane, bulk, 50)[1]], [false, true]);
  lane.stay([bulk[0]!]);
  assertEquals(askAll(lane, [bulk[0]!], 60), [true]);
});

Deno.test("one on the quiet carrier's path is preferred, if there is any", () => {
  const slow = [carrier("radio"), carrier("radio")];
  assertEquals(askAll(new SmallLane(), [...slow, carrier()]), [false, false, true]);
  assertEquals(askAll(new SmallLane(), slow), [true, false]);
});

Deno.test("on a path that is dead the holder lets go, though it has nothing in flight, and another path takes them", () => {
  const lane = new SmallLane(), bulk = [carrier(), carrier(), carrier("radio")];
  assertEquals(askAll(lane, bulk), [true, false, false]);
  bulk[1]!.room.standstill.sent(0);
  for (const each of bulk.slice(0, 2)) each.hasRoom = false;
  assertEquals(askAll(lane, bulk, 49).at(-1), false, "the quiet carrier's path is preferred");
  assertEquals(askAll(lane, bulk, 50).at(-1), true);
});

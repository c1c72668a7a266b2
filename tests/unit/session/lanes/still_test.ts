/** What has something in flight answers for itself; what has nothing is as still as all others of its path. */
import { assertEquals } from "@std/assert";
import { Standstill } from "../../../../lib/session/lanes/standstill.ts";
import { isOnDeadPath, isStill, isStillThere, type StillCarrier } from "../../../../lib/session/lanes/still.ts";

function carrier(path = "wifi"): StillCarrier {
  return { path, room: { standstill: new Standstill() }, roundTripMs: 20 };
}

function thereAt(all: StillCarrier[], nowMs: number): boolean[] {
  return all.map((each) => isStillThere(each, all, nowMs));
}

Deno.test("a carrier with nothing in flight is as still as all those of its path that have something", () => {
  const all = [carrier(), carrier(), carrier(), carrier("cable")];
  assertEquals(thereAt(all, 1e9), [false, false, false, false]);
  all[0]!.room.standstill.sent(0);
  all[1]!.room.standstill.sent(10);
  assertEquals(thereAt(all, 50), [true, false, false, false], "the second may make progress still");
  assertEquals(thereAt(all, 60), [true, true, true, false]);
  assertEquals(all.map((each) => isStill(each, 60)), [true, true, false, false], "for itself it is not");
});

Deno.test("a carrier that makes progress does, whatever its path does, and lets the idle ones be used again", () => {
  const all = [carrier(), carrier(), carrier()];
  all[0]!.room.standstill.sent(0);
  all[1]!.room.standstill.sent(0);
  all[1]!.room.standstill.progressed(60, true);
  assertEquals(thereAt(all, 60), [true, false, false]);
  all[1]!.room.standstill.progressed(70, false);
  assertEquals(thereAt(all, 70), [true, true, true], "of what is left nothing makes progress");
});

Deno.test("a path is dead only beside another one that makes progress, or is idle", () => {
  const all = [carrier(), carrier(), carrier("cable")];
  const dead = (nowMs: number) => all.map((each) => isOnDeadPath(each, all, nowMs));
  all[0]!.room.standstill.sent(0);
  assertEquals([dead(49), dead(50)], [[false, false, false], [true, true, false]]);
  all[2]!.room.standstill.sent(50);
  assertEquals([dead(99), dead(100)], [[true, true, false], [false, false, false]]);
  assertEquals(isOnDeadPath(all[1]!, all.slice(0, 2), 60), false);
});

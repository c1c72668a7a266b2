/** What one of several carriers carries. */
import { assertEquals } from "@std/assert";
import { ALL, BULK, goesInto, LONE_BULK, NOTHING_NEW, QUIET, QUIET_AND_BULK } from "../../../lib/session/share.ts";

Deno.test("the shares are what a carrier may carry, and no two are the same", () => {
  const shares = [ALL, QUIET, LONE_BULK, QUIET_AND_BULK, BULK, NOTHING_NEW];
  const numbers = shares.map(({ quiet, bulk, smallBulk }) => Number(quiet) + 2 * Number(bulk) + 4 * Number(smallBulk));
  assertEquals(numbers, [7, 1, 6, 3, 2, 0]);
  assertEquals(shares.filter(({ isSpread }) => !isSpread), [ALL, LONE_BULK], "these cut as they like");
});

Deno.test("a frame without data goes on the carrier of its stream's open until that was taken, then with the quiet", () => {
  const [log, other] = [{}, {}];
  const goes = (openLog: object | undefined) =>
    [ALL, QUIET, BULK, NOTHING_NEW].map((share) => goesInto(log, openLog, share));
  assertEquals(goes(log), [true, true, true, true]);
  assertEquals(goes(other), [false, false, false, false]);
  assertEquals(goes(undefined), [true, true, false, false]);
});

/** What one of several carriers carries. */
import { assertEquals } from "@std/assert";
import { ALL, BULK, NOTHING_NEW, QUIET } from "../../../lib/session/share.ts";

Deno.test("the shares are all four that there can be", () => {
  const shares = [ALL, QUIET, BULK, NOTHING_NEW].map(({ quiet, bulk }) => [quiet, bulk]);
  assertEquals(shares, [[true, true], [true, false], [false, true], [false, false]]);
});

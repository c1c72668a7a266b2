/** Carriers of one path share its bound. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { Paths } from "../../../../lib/session/path/paths.ts";

Deno.test("carriers of one path share its bound, those of another have their own", () => {
  const paths = new Paths();
  const [one, other, elsewhere] = ["wifi", "wifi", "cable"].map((path) => paths.join(path));
  one.onSend(0, 20_000);
  assertEquals(paths.boundOf("wifi")?.inFlight, 20_000);
  assertEquals(paths.boundOf("cable")?.inFlight, 0);
  assertEquals(other.inFlight, 0);
  assertEquals(elsewhere.bound > 0, true);
});

Deno.test("a path that nobody is on any more is forgotten when another is taken", () => {
  const paths = new Paths();
  const bound = (paths.join("wifi"), paths.boundOf("wifi"));
  assertStrictEquals((paths.join("wifi"), paths.boundOf("wifi")), bound);
  const cable = paths.join("cable");
  cable.leave();
  paths.join("train");
  assertEquals(paths.boundOf("cable"), undefined);
  assertStrictEquals(paths.boundOf("wifi"), bound);
});

/** Carriers of one path share its bound. */
import { assertEquals } from "@std/assert";
import type { Flight } from "../../../../lib/session/path/flight.ts";
import { Paths } from "../../../../lib/session/path/paths.ts";

Deno.test("carriers of one path share its bound, those of another have their own", () => {
  const paths = new Paths();
  const [one, other, elsewhere] = ["wifi", "wifi", "cable"].map((path) => paths.join(path));
  const free = elsewhere.room();
  one.onSend(0, 20_000);
  assertEquals([free - other.room(), free - elsewhere.room(), other.inFlight], [20_000, 0, 0]);
});

Deno.test("a path that nobody is on any more is forgotten when another is taken", () => {
  const paths = new Paths();
  const [wifi, cable] = ["wifi", "cable"].map((path) => paths.join(path));
  for (const flight of [wifi, cable]) {
    flight.onSend(0, 30_000);
    flight.onAck(10, 30_000);
  }
  assertEquals(cable.lowestRoundTripMs, 10);
  cable.leave();
  paths.join("train");
  assertEquals(["cable", "wifi"].map((path) => paths.join(path).lowestRoundTripMs), [0, 10]);
});

Deno.test("the quiet carrier of each path is asked while others there have bulk under way, and no more often than that", () => {
  const paths = new Paths();
  const asked: string[] = [];
  const quiet = (path: string, flight: Flight) => ({ path, room: { flight }, ask: () => void asked.push(path) });
  const quiets = ["train", "wifi", "cable"].map((path) => quiet(path, paths.join(path)));
  const [wifi, cable] = ["wifi", "cable"].map((path) => paths.join(path));
  wifi.onSend(0, 20_000);
  paths.probe(quiets, 0);
  assertEquals(asked, ["wifi"], "nothing is under way on the others");
  cable.onSend(1, 20_000);
  paths.probe(quiets, 1);
  assertEquals(asked, ["wifi", "cable"]);
  paths.probe(quiets, 100);
  assertEquals(asked, ["wifi", "cable", "wifi", "cable"]);
});

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

Deno.test("a path whose first carrier others follow begins with care", () => {
  const paths = new Paths();
  const flights = [paths.join("alone"), paths.join("first", { othersFollow: true })];
  for (const flight of flights) {
    flight.onSend(0, 30_000);
    flight.onAck(100, 30_000);
  }
  const neededBytes = 300 * (100 + 20);
  assertEquals(flights.map(({ bound }) => bound), [2 * neededBytes, 32_768 + 30_000]);
});

Deno.test("a path that nobody is on any more is forgotten when another is taken: also that it was asked just now", () => {
  for (const [others, asked] of [[["train"], 2], [[], 1]] as const) {
    const paths = new Paths();
    let count = 0;
    const askOn = (path: string, nowMs: number) => {
      const [flight, bulk] = [paths.join(path), paths.join(path)];
      bulk.onSend(nowMs, 20_000);
      paths.probe([{ path, room: { flight }, ask: () => void count++ }], nowMs);
      return [flight, bulk];
    };
    for (const flight of askOn("cable", 0)) flight.leave();
    for (const path of others) paths.join(path);
    askOn("cable", 1);
    assertEquals(count, asked);
  }
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

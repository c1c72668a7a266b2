import { assertEquals } from "@std/assert";
import { PlacedError, placesIn } from "../../../../lib/tunnel/configuration/place.ts";

Deno.test("places are counted from 1, in characters as an editor shows them", () => {
  const text = "a = 1\r\n\n# 😀 x\nend";
  const placeOf = placesIn(text);
  const of = (part: string) => placeOf(text.indexOf(part));
  assertEquals(of("a"), { line: 1, column: 1 });
  assertEquals(of("1"), { line: 1, column: 5 });
  assertEquals(placeOf(7), { line: 2, column: 1 });
  assertEquals(of("x"), { line: 3, column: 5 });
  assertEquals(placeOf(text.length), { line: 4, column: 4 });
  assertEquals(placesIn("")(0), { line: 1, column: 1 });
});

Deno.test("an error has its place and its sentence", () => {
  const error = new PlacedError({ line: 2, column: 3 }, "write it below");
  assertEquals([error.message, error.place, error.name], ["write it below", { line: 2, column: 3 }, "PlacedError"]);
});

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { stringify } from "@std/toml";
import { locate } from "../../../../lib/tunnel/configuration/locator.ts";
import { PlacedError } from "../../../../lib/tunnel/configuration/place.ts";
import { anyText } from "../../../support/any_text.ts";

Deno.test("each key and value is where it stands, whatever stands around it", () => {
  const text = [
    '# the office = "x"',
    "max=5 # five",
    "",
    "[[tunnel]] # first",
    "  name = 'a # b'",
    '"in" = """',
    '[[tunnel]] "quoted" \\""""',
    "out = [ # several",
    "  \"a]\", 'b', # two",
    "]",
    "\t[[ tunnel ]]",
    "tls = true",
    "",
  ].join("\r\n");
  const { top, tunnels, unread } = locate(text);
  assertEquals(unread, undefined);
  assertEquals(top.keys.map(({ name, place, value }) => [name, place.line, value.column]), [["max", 2, 5]]);
  assertEquals(tunnels.map(({ place }) => [place.line, place.column]), [[4, 1], [11, 2]]);
  assertEquals(tunnels.map(({ keys }) => keys.map(({ name }) => name)), [["name", "in", "out"], ["tls"]]);
  const [, , out] = tunnels[0]!.keys;
  assertEquals(out?.elements, [{ line: 9, column: 3 }, { line: 9, column: 9 }]);
});

Deno.test("what is not key = value ends the reading, at its place", () => {
  const cases: [text: string, line: number, column: number][] = [
    ["a = 1 b = 2", 1, 6],
    ["a = 1\n[[tunnel]", 2, 1],
    ["a = \n", 1, 1],
    ['a = "x\n', 1, 1],
    ["a = 1\nb 2", 2, 1],
    ["a = [1, 2", 1, 1],
    ["a = {b = 1}", 1, 1],
  ];
  for (const [text, line, column] of cases) {
    try {
      assertEquals(locate(text).unread, { line, column }, text);
    } catch (error) {
      // A header that is not closed is one that is not known.
      if (!(error instanceof PlacedError)) throw error;
      assertEquals(error.place, { line, column }, text);
    }
  }
});

Deno.test("other tables, and a key that stands twice in one, are refused where they stand", () => {
  const other = assertThrows(() => locate("[[tunnel]]\nmax = 1\n [tunnel.tls]\n"), PlacedError, "[tunnel.tls]");
  assertEquals(other.place, { line: 3, column: 2 });
  const twice = assertThrows(() => locate('[[tunnel]]\nmax = 1\n"max" = 2\n'), PlacedError, "line 2");
  assertEquals(twice.place, { line: 3, column: 1 });
  assertEquals(locate("max = 1\n[[tunnel]]\nmax = 2\n[[tunnel]]\nmax = 3\n").unread, undefined);
});

Deno.test("whatever values stringify writes, every key is found", () => {
  const value = fc.oneof(anyText(), fc.integer(), fc.boolean(), fc.array(anyText(), { minLength: 1 }));
  const table = fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,9}$/), value, { minKeys: 1 });
  fc.assert(fc.property(table, fc.array(table), (top, tunnels) => {
    const text = [stringify(top), ...tunnels.map((each) => `[[tunnel]]\n${stringify(each)}`)].join("\n");
    const located = locate(text);
    assertEquals(located.unread, undefined, text);
    const keys = [located.top, ...located.tunnels].map((each) => each.keys.map(({ name }) => name).sort());
    assertEquals(keys, [top, ...tunnels].map((each) => Object.keys(each).sort()));
  }));
});

Deno.test("any text is read to an end", () => {
  fc.assert(fc.property(anyText(), (text) => {
    try {
      locate(text);
    } catch (error) {
      assertEquals(error instanceof PlacedError, true);
    }
  }));
});

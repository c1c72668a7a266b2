import { assertEquals } from "@std/assert";
import { wrap } from "../../../../lib/tunnel/command_line/wrap.ts";

Deno.test("a paragraph is broken between words, as late as it fits", () => {
  assertEquals(wrap("a bc def", 4), ["a bc", "def"]);
  assertEquals(wrap("a bc def", 8), ["a bc def"]);
});

Deno.test("a word that is longer than a line has one of its own", () => {
  assertEquals(wrap("a looooong b", 5), ["a", "looooong", "b"]);
  assertEquals(wrap("", 5), [""]);
});

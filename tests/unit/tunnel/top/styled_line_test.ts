import { assertEquals } from "@std/assert";
import { cut, line, padded, painted, textOf } from "../../../../lib/tunnel/top/styled_line.ts";
import { textWidth } from "../../../../lib/tunnel/top/text_width.ts";

Deno.test("a line is cut to the columns of the terminal, whatever it is made of", () => {
  const long = [...line("session a1", "title"), ...line(" of 天地玄黃"), ...line(" in an outage", "bad")];
  assertEquals(textOf(long), "session a1 of 天地玄黃 in an outage");
  for (let columns = 0; columns < 40; columns++) {
    const text = painted(long, columns, false);
    assertEquals(textWidth(text) <= columns, true, `${columns}: ${text}`);
  }
  assertEquals(painted(long, 100, false), textOf(long));
  assertEquals(painted(long, 13, false), "session a1 o~");
});

Deno.test("text is filled with blanks to its columns, on the side that asks for it, or cut", () => {
  assertEquals(padded("ab", 4), "ab  ");
  assertEquals(padded("ab", 4, true), "  ab");
  assertEquals(padded("abcdef", 4, true), "abc~");
  assertEquals(padded("天地玄", 4), "天~ ", "a character of two columns that fits no more leaves one");
  assertEquals(cut("abc", 0), "");
});

Deno.test("colours come with each part that is seen, and only where the terminal has them", () => {
  const parts = [...line("up", "good"), ...line(" "), ...line("lost", "bad")];
  assertEquals(painted(parts, 80, true), "\x1b[32mup\x1b[0m \x1b[1;31mlost\x1b[0m");
  assertEquals(painted(parts, 3, true), "\x1b[32mup\x1b[0m ", "no code for what is cut away");
  assertEquals(painted(parts, 80, false), "up lost");
});

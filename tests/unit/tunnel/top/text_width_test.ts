import { assertEquals } from "@std/assert";
import { textWidth } from "../../../../lib/tunnel/top/text_width.ts";

Deno.test("ASCII takes a column each, Chinese and pictures two, marks none", () => {
  const widths: [string, number][] = [
    ["", 0],
    ["abc ~", 5],
    ["äöß", 3],
    ["a\u0308", 1],
    ["天地", 4],
    ["한글", 4],
    ["かな", 4],
    ["ｆ", 2],
    ["ｱ", 1],
    ["🚀", 2],
    ["a\u200db", 2],
    ["…", 1],
  ];
  for (const [text, width] of widths) assertEquals(textWidth(text), width, text);
});

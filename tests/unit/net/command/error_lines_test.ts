/** What a program says on its standard error. */
import { assertEquals } from "@std/assert";
import { ErrorLines } from "../../../../lib/net/command/error_lines.ts";

/** The lines of pieces. */
function linesOf(pieces: (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const errors = new ErrorLines((line) => lines.push(line));
  for (const piece of pieces) errors.take(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  errors.end();
  return lines;
}

Deno.test("lines are told whole, wherever they are cut, with either end of line and without empty ones", () => {
  const text = "Warning: one\r\n\n  two € \rthree";
  const expected = ["Warning: one", "two €", "three"];
  assertEquals(linesOf([text]), expected);
  const bytes = new TextEncoder().encode(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    assertEquals(linesOf([bytes.subarray(0, cut), bytes.subarray(cut)]), expected, `cut at ${cut}`);
  }
  assertEquals(linesOf(Array.from(bytes, (byte) => new Uint8Array([byte]))), expected);
  assertEquals(linesOf([]), []);
});

Deno.test("a line without end is shortened, and the next one is whole again", () => {
  const long = "x".repeat(400);
  assertEquals(linesOf([long, long, long, "\nnext"]), [`${"x".repeat(500)}…`, "next"]);
  assertEquals(linesOf(["x".repeat(500)]), ["x".repeat(500)]);
});

Deno.test("what is no UTF-8 is told all the same", () => {
  assertEquals(linesOf([new Uint8Array([0x61, 0xff, 0x62, 10, 0xe2])]), ["a\ufffdb", "\ufffd"]);
});

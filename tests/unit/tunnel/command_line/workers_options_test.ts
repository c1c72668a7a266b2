/** The values of `--workers`. */
import { assertEquals, assertThrows } from "@std/assert";
import { WORKERS } from "../../../../lib/tunnel/command_line/workers_options.ts";

Deno.test("a number is that many workers, and auto one for each processor", () => {
  assertEquals([WORKERS.parse("1"), WORKERS.parse("64")], [1, 64]);
  assertEquals(WORKERS.parse("auto"), Math.min(64, navigator.hardwareConcurrency));
});

Deno.test("none at all, too many and other words are refused", () => {
  for (const text of ["0", "65", "-1", "2.5", "all", ""]) {
    assertThrows(() => WORKERS.parse(text), Error, undefined, text);
  }
});

import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { failed, type LineTarget, print, writeLine } from "../../../../lib/tunnel/log/standard_streams.ts";

/** Takes three bytes at a time. */
function slowTarget(): LineTarget & { text: () => string } {
  const bytes: number[] = [];
  return {
    write: (some) => Promise.resolve(bytes.push(...some.subarray(0, 3)) && Math.min(3, some.length)),
    text: () => new TextDecoder().decode(new Uint8Array(bytes)),
  };
}

const brokenBy = (error: Error): LineTarget => ({ write: () => Promise.reject(error) });

Deno.test("a line is written to its end, however little goes at once", async () => {
  const target = slowTarget();
  assertEquals(await writeLine(target, "one line"), undefined);
  assertEquals(target.text(), "one line\n");
});

Deno.test("what a stream does not take is told to the caller alone", async () => {
  const full = new Error("disk full");
  assertStrictEquals(await writeLine(brokenBy(full), "x"), full);
});

Deno.test("a full disk fails what was asked for, and nobody who reads does not", async () => {
  const errors = slowTarget();
  assertEquals(await print("token", brokenBy(new Error("disk full")), errors), 1);
  assertEquals(errors.text(), "tele: cannot write to standard output: disk full\n");
  assertEquals(await print("token", brokenBy(new Deno.errors.BrokenPipe("gone")), errors), 0);
  const output = slowTarget();
  assertEquals([await print("token", output, errors), output.text()], [0, "token\n"]);
});

Deno.test("a failure is told in the shape of the log", async () => {
  const errors = slowTarget();
  assertEquals(await failed(new Error("why"), "json", errors), 1);
  assertMatch(errors.text(), /^\{"time":"[^"]+","level":"error","message":"why"\}\n$/);
});

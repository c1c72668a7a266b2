import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import {
  A_FILE,
  anAddress,
  anAddressToDial,
  choice,
  countRange,
  range,
} from "../../../../lib/tunnel/command_line/option.ts";
import { parseDuration } from "../../../../lib/tunnel/values/duration.ts";

/** The sentence with which a value is refused. */
function refusal(parse: (text: string) => unknown, text: string): string {
  const error = assertThrows(() => parse(text), TeleError);
  assertEquals(error.code, "bad-input");
  return error.message;
}

Deno.test("a range takes its two limits and what is between, and tells limits as a user writes them", () => {
  const { takes, parse } = range("a duration", parseDuration, "100ms", "1h");
  assertEquals(takes, "a duration from 100ms to 1h");
  assertEquals(["100ms", "30s", "1h"].map(parse), [100, 30_000, 3_600_000]);
  assertEquals(refusal(parse, "99ms"), "99ms is less than 100ms");
  assertEquals(refusal(parse, "61m"), "61m is more than 1h");
});

Deno.test("a count is written in digits alone", () => {
  const { takes, parse } = countRange(1, 64);
  assertEquals([takes, parse("1"), parse("064")], ["a whole number from 1 to 64", 1, 64]);
  for (const text of ["1e1", "-1", "+1", "1.5", " 1", "0x1", ""]) {
    assertEquals(refusal(parse, text), `${JSON.stringify(text)} is not a whole number`);
  }
  assertEquals(refusal(parse, "0"), "0 is less than 1");
});

Deno.test("a choice takes its words as they are written, and no other", () => {
  const { takes, parse } = choice(["debug", "info", "warn"]);
  assertEquals([takes, parse("info")], ["debug, info or warn", "info"]);
  for (const text of ["Info", "", "inf", "debug, info"]) {
    assertEquals(refusal(parse, text), `${JSON.stringify(text)} is none of these`);
  }
});

Deno.test("port 0 is one to listen on, and none to dial; what a port looks like is told by the example", () => {
  assertEquals(anAddress(2222).parse(":0"), { kind: "tcp", host: undefined, port: 0 });
  assertEquals(anAddressToDial(22).parse(":22"), { kind: "tcp", host: undefined, port: 22 });
  assertThrows(() => anAddressToDial(22).parse(":0"), TeleError, "port 0");
  assertThrows(() => anAddress(2222).parse("example.com"), TeleError, "example.com:2222");
  assertThrows(() => anAddressToDial(40300).parse("example.com"), TeleError, "example.com:40300");
});

Deno.test("a file is taken by its path, whether it is there or not", () => {
  assertEquals([A_FILE.takes, A_FILE.parse("no/such file")], ["a file", "no/such file"]);
});

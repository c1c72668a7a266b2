import { assertEquals, assertMatch } from "@std/assert";
import {
  age,
  duration,
  many,
  rate,
  roundTrip,
  size,
  timeOfDay,
  timeZone,
} from "../../../../../lib/tunnel/status/page/format.js";
import { formatDuration } from "../../../../../lib/tunnel/values/duration.ts";
import { formatSize } from "../../../../../lib/tunnel/values/size.ts";

/** Amounts around every limit of a unit. */
const AMOUNTS = [-1, NaN, 0, 0.4, 1, 9, 10, 59, 60, 99, 100, 999, 1000, 1023, 1024, 1500, 3599, 3600, 86_399, 86_400]
  .flatMap((amount) => [amount, amount * 1000, amount * 1024, amount * 1024 ** 2]);

Deno.test("the page tells sizes as the log does", () => {
  for (const bytes of AMOUNTS) assertEquals(size(bytes), formatSize(bytes));
  assertEquals(size(3 * 1024 ** 4), "3 TiB", "what a process has carried may be more than a log line tells");
});

Deno.test("the page tells lengths of time as the log does, but for tenths of many seconds and of nothing", () => {
  for (const ms of AMOUNTS.filter((ms) => ms > 0.5 && !(ms >= 9_950 && ms < 60_000))) {
    assertEquals(duration(ms), formatDuration(ms));
  }
  assertEquals([0, -1, NaN, 12_340].map(duration), ["0 s", "0 s", "0 s", "12 s"]);
});

Deno.test("an age is in whole seconds, then in the two largest units", () => {
  const ages: [ms: number, text: string][] = [
    [-5, "0 s"],
    [NaN, "0 s"],
    [1_400, "1 s"],
    [59_600, "1 min"],
    [125_000, "2 min 5 s"],
    [3_600_000, "1 h"],
    [86_390_000, "1 d"],
    [30 * 3_600_000, "1 d 6 h"],
  ];
  for (const [ms, text] of ages) assertEquals(age(ms), text);
});

Deno.test("rates and round trips that are not known are a dash", () => {
  assertEquals([rate(null), rate(0), rate(1536)], ["–", "0 B/s", "1.5 KiB/s"]);
  assertEquals([null, 0.000_42, 0.0412, 1.23].map(roundTrip), ["–", "0.4 ms", "41 ms", "1.2 s"]);
});

Deno.test("a number of things has its plural, and none is told in a word", () => {
  assertEquals([0, 1, 2].map((count) => many(count, "stream")), ["no streams", "1 stream", "2 streams"]);
});

Deno.test("a time of day is the one of its time zone", () => {
  const date = new Date(2026, 6, 1, 9, 5, 3);
  assertEquals(timeOfDay(date.toISOString()), "09:05:03");
  assertMatch(timeZone(date.toISOString()), /^UTC([+−]\d\d:\d\d)?$/);
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../../../lib/tunnel/values/duration.ts";
import { TeleError } from "../../../../lib/net/error.ts";

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SHOWN_UNITS_MS: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

Deno.test("a duration of each unit is read as milliseconds", () => {
  assertEquals(["0ms", "500ms", "30s", "5m", "24h", "7d"].map(parseDuration), [
    0,
    500,
    30_000,
    300_000,
    86_400_000,
    604_800_000,
  ]);
  fc.assert(fc.property(fc.nat(1e6), fc.constantFrom("ms", "s", "m", "h", "d" as const), (count, unit) => {
    assertEquals(parseDuration(`${count}${unit}`), count * UNITS_MS[unit as keyof typeof UNITS_MS]);
  }));
});

Deno.test("a wrong duration is answered with an example", () => {
  const answers: [string, string][] = [
    ["", "write for example 500ms, 30s, 5m, 24h or 7d"],
    ["s", "write for example"],
    ["-5s", "write for example"],
    ["1.5s", "write for example"],
    ["5 s", "write for example"],
    ["1h30m", "write for example"],
    ["30", "write for example 30s or 30ms"],
    ["5min", "write ms, s, m, h or d"],
    ["5S", "write ms, s, m, h or d"],
    ["2w", "write ms, s, m, h or d"],
    ["99999999999999999999d", "too long"],
  ];
  for (const [text, answer] of answers) {
    assertEquals(assertThrows(() => parseDuration(text), TeleError, answer).code, "bad-input");
  }
});

Deno.test("a duration is told with the detail that helps", () => {
  const told: [number, string][] = [
    [0, "0 ms"],
    [-3, "0 ms"],
    [NaN, "0 ms"],
    [Infinity, "for ever"],
    [0.4, "0 ms"],
    [250, "250 ms"],
    [999.4, "999 ms"],
    [999.7, "1 s"],
    [1000, "1 s"],
    [3100, "3.1 s"],
    [30_000, "30 s"],
    [59_940, "59.9 s"],
    [59_970, "1 min"],
    [125_000, "2 min 5 s"],
    [3_599_700, "1 h"],
    [11_520_000, "3 h 12 min"],
    [86_399_999, "1 d"],
    [108_000_000, "1 d 6 h"],
    [604_800_000, "7 d"],
  ];
  for (const [durationMs, text] of told) assertEquals(formatDuration(durationMs), text);
});

Deno.test("a told duration is the real one but for rounding", () => {
  fc.assert(fc.property(fc.double({ min: 1, max: 1e10, noNaN: true }), (durationMs) => {
    const words = formatDuration(durationMs).split(" ");
    let toldMs = 0;
    for (let at = 0; at < words.length; at += 2) {
      toldMs += Number(words[at]) * (SHOWN_UNITS_MS[words[at + 1] ?? ""] ?? NaN);
    }
    assert(Math.abs(toldMs - durationMs) <= Math.max(0.5, durationMs * 0.06), `${durationMs} ms told as ${words}`);
  }));
});

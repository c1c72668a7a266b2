import { assertEquals, assertFalse } from "@std/assert";
import fc from "fast-check";
import { formatLogLine, LOG_FORMATS, makeLog } from "../../../../lib/tunnel/log/log_format.ts";
import { hears, LOG_LEVELS } from "../../../../lib/net/log.ts";
import { anyText } from "../../../support/any_text.ts";

const WALL_MS = Date.UTC(2026, 10, 21, 3, 35, 0, 123);

// deno-lint-ignore no-control-regex
const LINE_BREAKERS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]/;

Deno.test("a text line has time, level and sentence in columns", () => {
  assertEquals(
    LOG_LEVELS.map((level) => formatLogLine("text", level, "link lost: connection reset", { attempts: 1 }, WALL_MS)),
    [
      "2026-11-21T03:35:00.123Z debug link lost: connection reset",
      "2026-11-21T03:35:00.123Z info  link lost: connection reset",
      "2026-11-21T03:35:00.123Z warn  link lost: connection reset",
      "2026-11-21T03:35:00.123Z error link lost: connection reset",
    ],
  );
});

Deno.test("a json line is one object with the fields", () => {
  const line = formatLogLine("json", "info", "resumed", { outageMs: 3100, peer: "a:1", code: 0 }, WALL_MS);
  assertEquals(
    line,
    '{"time":"2026-11-21T03:35:00.123Z","level":"info","message":"resumed","outageMs":3100,"peer":"a:1","code":0}',
  );
});

Deno.test("a field cannot pass for the time, the level or the message", () => {
  const fields = { time: "x", level: "x", message: "x", code: 1 };
  const line = formatLogLine("json", "warn", "real", fields, WALL_MS);
  assertEquals(JSON.parse(line), { time: "2026-11-21T03:35:00.123Z", level: "warn", message: "real", code: 1 });
});

Deno.test("a peer's bytes cannot break a line, forge one, or steer the terminal", () => {
  const line = formatLogLine("text", "warn", "said \r\n2026 info  all is well\x1b[2J\x9b\u202e", {}, WALL_MS);
  assertEquals(
    line,
    "2026-11-21T03:35:00.123Z warn  said \\u000d\\u000a2026 info  all is well\\u001b[2J\\u009b\\u202e",
  );
});

Deno.test("any message makes one line, and json gives it back", () => {
  // deno-lint-ignore no-control-regex
  const message = fc.oneof(anyText(), fc.stringMatching(/^[\x00-\xa0\u2020-\u2030"\\]*$/));
  fc.assert(fc.property(fc.constantFrom(...LOG_FORMATS), message, message, (format, message, reason) => {
    const line = formatLogLine(format, "info", message, { reason }, WALL_MS);
    assertFalse(LINE_BREAKERS.test(line));
    if (format === "json") {
      const back = JSON.parse(line);
      assertEquals([back.message, back.reason], [message, reason]);
    }
  }));
});

Deno.test("a log writes its level and above, and hears no other", () => {
  for (const [least, level] of LOG_LEVELS.entries()) {
    const lines: string[] = [];
    const log = makeLog({ level, format: "json", write: (line) => lines.push(line), wallNow: () => WALL_MS });
    for (const each of LOG_LEVELS) log(each, "event", { code: 1 });
    assertEquals(lines.map((line) => JSON.parse(line).level), LOG_LEVELS.slice(least));
    assertEquals(LOG_LEVELS.filter((each) => hears(log, each)), LOG_LEVELS.slice(least));
  }
});

import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import {
  type Answer,
  formatAnswer,
  formatOrder,
  type Order,
  parseAnswer,
  parseOrder,
} from "../../../../lib/tunnel/ssh/start_message.ts";

const ORDER: Order = { token: "correct horse battery", listen: "everywhere", resumeTimeoutMs: 5_000 };

Deno.test("an order and each answer are one line that reads the same", () => {
  for (const order of [ORDER, { ...ORDER, ports: { low: 40300, high: 40399 } }]) {
    assertEquals(parseOrder(formatOrder(order)), order);
  }
  const answers: Answer[] = [{ kind: "ready", port: 40300 }, { kind: "failed", reason: "two\nlines" }, {
    kind: "missing",
  }];
  for (const answer of answers.slice(0, 1)) assertEquals(parseAnswer(formatAnswer(answer)), answer);
  for (const answer of answers) assertMatch(formatAnswer(answer), /^tele-ssh [^\n]*$/);
  assertEquals(parseAnswer(formatAnswer(answers[1]!)), { kind: "failed", reason: "two\\u000alines" });
  assertEquals(parseAnswer("tele-ssh missing"), { kind: "missing" });
});

Deno.test("what else a login says is no answer", () => {
  const others = [
    "",
    "Welcome",
    "tele-ssh",
    "tele-ssh ready",
    'tele-ssh ready {"port":0}',
    'tele-ssh ready {"port":65536}',
  ];
  const worse = [
    'tele-ssh ready {"port":"1"}',
    "tele-ssh ready [1]",
    "tele-ssh readyness {}",
    ' tele-ssh ready {"port":1}',
  ];
  for (const line of [...others, ...worse, 'tele-ssh ready {"port":1.5}']) {
    assertEquals(parseAnswer(line), undefined, line);
  }
});

Deno.test("the other machine's sentence is harmless and short", () => {
  const answer = parseAnswer(formatAnswer({ kind: "failed", reason: `\x1b[2J${"x".repeat(1_000)}` }));
  assertEquals(answer?.kind === "failed" && answer.reason.length, 301);
  assertStringIncludes(JSON.stringify(answer), "u001b");
});

Deno.test("an order that is none, or of another version, says what to do", () => {
  const orders: [line: string, part: string][] = [
    ["", "is started by tele ssh of another machine"],
    ["{}", "is started by tele ssh of another machine"],
    [JSON.stringify({ version: 1, ...ORDER, token: 1 }), "is started by tele ssh"],
    [JSON.stringify({ version: 1, ...ORDER, listen: "nowhere" }), "is started by tele ssh"],
    [JSON.stringify({ version: 1, ...ORDER, ports: { low: 2, high: 1 } }), "is started by tele ssh"],
    [JSON.stringify({ version: 2 }), "another version: install the same one on both machines"],
  ];
  for (const [line, part] of orders) {
    assertStringIncludes(assertThrows(() => parseOrder(line), TeleError).message, part);
  }
});

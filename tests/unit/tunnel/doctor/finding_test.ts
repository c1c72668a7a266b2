import { assertEquals, assertFalse } from "@std/assert";
import { failure, findingLine } from "../../../../lib/tunnel/doctor/finding.ts";

Deno.test("a failure is the sentence of its error, and advice behind it", () => {
  const { text } = failure("connection", 3, new Error("192.0.2.1:1: connection refused"));
  assertEquals(text.startsWith("192.0.2.1:1: connection refused; nobody listens there: "), true);
});

Deno.test("a finding is one line, whatever the other side has said", () => {
  const line = findingLine({ step: "handshake", isGood: false, tookMs: 1_234, text: "it says \u001b[31m\nred" });
  // deno-lint-ignore no-control-regex
  assertFalse(/[\x00-\x1f]/.test(line));
  assertEquals(line.startsWith("FAIL  handshake       1.2 s  it says "), true);
});

import { assertEquals, assertThrows } from "@std/assert";
import { Progress } from "../../../../lib/tunnel/doctor/progress.ts";
import type { Finding } from "../../../../lib/tunnel/doctor/finding.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

function begin() {
  const clock = new FakeClock();
  const told: Finding[] = [];
  const progress = new Progress(["connection", "tls", "handshake"], clock, (finding) => void told.push(finding));
  return { clock, told, progress };
}

Deno.test("each step is told once, with the time since the one before", async () => {
  const { clock, told, progress } = begin();
  await clock.advance(30);
  progress.done("connection");
  await clock.advance(20);
  progress.done("connection");
  progress.done("websocket");
  progress.done("tls", "trusted");
  assertEquals(told, [
    { step: "connection", isGood: true, tookMs: 30, text: "it is accepted" },
    { step: "tls", isGood: true, tookMs: 20, text: "trusted" },
  ]);
  assertEquals([progress.awaits("tls"), progress.awaits("handshake")], [false, true]);
});

Deno.test("a step that is done has those in front of it done too", () => {
  const { told, progress } = begin();
  progress.done("handshake", "a tele server answers");
  assertEquals(told.map(({ step, text }) => `${step}: ${text}`), [
    "connection: it is accepted",
    "tls: the certificate is trusted",
    "handshake: a tele server answers",
  ]);
});

Deno.test("what fails is the step that is awaited, and nothing can fail behind the last", async () => {
  const { clock, told, progress } = begin();
  progress.done("connection");
  await clock.advance(7);
  progress.failed(new Error("no certificate"));
  assertEquals(told.at(-1), { step: "tls", isGood: false, tookMs: 7, text: "no certificate" });
  progress.done("handshake");
  assertThrows(() => progress.failed(new Error("a fault")), Error, "a fault");
});

Deno.test("a step that is found wanting is told in its own words", () => {
  const { told, progress } = begin();
  progress.wanting("connection", "too slow");
  assertEquals(told, [{ step: "connection", isGood: false, tookMs: 0, text: "too slow" }]);
});

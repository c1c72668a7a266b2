import { assertEquals } from "@std/assert";
import { AnswerTime } from "../../../../lib/session/carrier/answer_time.ts";

Deno.test("an answer takes what passed since the first question", () => {
  const answer = new AnswerTime();
  answer.passed(5_000);
  answer.asked();
  answer.passed(300);
  answer.asked();
  answer.passed(200);
  answer.replied();
  assertEquals(answer.ms, 500);
  answer.passed(100);
  answer.replied();
  assertEquals(answer.ms, 500, "nobody had asked again");
});

Deno.test("the next answer may take less time", () => {
  const answer = new AnswerTime();
  answer.asked();
  answer.passed(4_000);
  answer.replied();
  assertEquals(answer.ms, 4_000);
  answer.asked();
  answer.passed(30);
  answer.replied();
  assertEquals(answer.ms, 30);
});

Deno.test("what comes while an answer is due stands in front of it; signs of life do not", () => {
  const answer = new AnswerTime();
  answer.asked();
  answer.passed(9_000);
  answer.received(14);
  answer.passed(1_000);
  answer.received(14);
  assertEquals(answer.ms, 0);
  answer.received(1_400);
  assertEquals(answer.ms, 10_000);
  answer.passed(5_000);
  assertEquals(answer.ms, 10_000, "silence says nothing about a queue");
});

Deno.test("behind a peer that was idle only what came since then stands in front of an answer", () => {
  const answer = new AnswerTime();
  answer.asked();
  // The way to the peer is dead. It has something to say now and then.
  for (let second = 1; second <= 60; second++) {
    answer.passed(1_000);
    answer.received(second % 20 === 0 ? 1_400 : 14);
  }
  assertEquals(answer.ms, 0);
  // Then it sends much.
  for (let second = 1; second <= 30; second++) {
    answer.passed(1_000);
    answer.received(14_000);
  }
  assertEquals(answer.ms, 30_000);
  answer.replied();
  assertEquals(answer.ms, 90_000);
});

Deno.test("a second of signs of life alone may be a pause in a queue", () => {
  const answer = new AnswerTime();
  answer.asked();
  for (let second = 1; second <= 30; second++) {
    answer.passed(1_000);
    answer.received(second % 2 === 0 ? 1_400 : 14);
  }
  assertEquals(answer.ms, 30_000);
});

Deno.test("what came at first does not let signs of life stand in the answer's way for ever", () => {
  const answer = new AnswerTime();
  answer.asked();
  answer.received(1_000_000);
  for (let second = 0; second < 60; second++) {
    answer.passed(1_000);
    answer.received(30);
  }
  assertEquals(answer.ms, 0);
});

Deno.test("it is worth asking when much came, not at once, and not while an answer is due", () => {
  const answer = new AnswerTime();
  answer.received(100_000);
  assertEquals(answer.isWorthAsking, false);
  answer.passed(1_000);
  assertEquals(answer.isWorthAsking, true);
  answer.asked();
  answer.passed(10_000);
  answer.received(100_000);
  assertEquals(answer.isWorthAsking, false);
  answer.replied();
  answer.passed(60_000);
  answer.received(4_000);
  assertEquals(answer.isWorthAsking, false, "an idle peer is left in peace");
});

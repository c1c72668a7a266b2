import { assertEquals } from "@std/assert";
import { type Placed, Places } from "../../../../lib/session/reconnect/places.ts";

const waiting = (startedAt: number): Placed => ({ startedAt, answeredAt: undefined, isCommitting: false });
const answered = (answeredAt: number): Placed => ({ startedAt: 0, answeredAt, isCommitting: false });
const committing = (answeredAt: number): Placed => ({ startedAt: 0, answeredAt, isCommitting: true });

Deno.test("there is room for four", () => {
  const places = new Places(0);
  for (let count = 0; count < 4; count++) {
    assertEquals(places.find(Array.from({ length: count }, () => waiting(0)), 0), { kind: "free" });
  }
  assertEquals(places.find([waiting(0), waiting(0), waiting(0), waiting(0)], 0), { kind: "none", waitMs: 1_500 });
});

Deno.test("the oldest but one makes room after 1.5 s, or after three round trips where that is longer", () => {
  for (const [roundTripMs, answerMs] of [[0, 1_500], [100, 1_500], [1_000, 3_000], [4_000, 12_000]]) {
    const places = new Places(roundTripMs);
    const attempts = [0, 100, 200, 300].map(waiting);
    assertEquals(places.find(attempts, 100 + answerMs - 1), { kind: "none", waitMs: 1 });
    assertEquals(places.find(attempts, 100 + answerMs), { kind: "taken over", from: attempts[1] });
  }
});

Deno.test("the oldest makes room after 15 s, the next oldest after 30 s, and those after it when they are a minute old", () => {
  const places = new Places(0);
  for (const patienceMs of [15_000, 30_000, 60_000, 60_000]) {
    const now = patienceMs + 500;
    const attempts = [500, now - 300, now - 200, now - 100].map(waiting);
    assertEquals(places.find(attempts, now - 1), { kind: "none", waitMs: 1 });
    assertEquals(places.find(attempts, now), { kind: "taken over", from: attempts[0] });
  }
  places.startOver();
  const attempts = [0, 14_900, 14_900, 14_900].map(waiting);
  assertEquals(places.find(attempts, 15_000), { kind: "taken over", from: attempts[0] }, "as at the beginning");
});

Deno.test("who is being committed keeps the place, and the oldest that nobody answered is held", () => {
  const places = new Places(0);
  const attempts = [committing(0), waiting(1_000), waiting(2_000), waiting(3_000)];
  assertEquals(places.find(attempts, 4_000), { kind: "taken over", from: attempts[2] });
  const busy = [committing(0), waiting(1_000), waiting(3_000), waiting(3_000)];
  assertEquals(places.find(busy, 4_000), { kind: "none", waitMs: 500 });
});

Deno.test("of those that were challenged while another is committed the last one is kept for eight seconds", () => {
  const places = new Places(0);
  const attempts = [committing(100), answered(300), answered(200), waiting(1_700)];
  assertEquals(places.find(attempts, 1_699), { kind: "none", waitMs: 1 });
  assertEquals(places.find(attempts, 1_700), { kind: "taken over", from: attempts[2] });
  const spare = [committing(100), answered(300), waiting(200), waiting(8_000)];
  assertEquals(places.find(spare, 8_299), { kind: "none", waitMs: 1 });
  assertEquals(places.find(spare, 8_300), { kind: "taken over", from: spare[1] });
});

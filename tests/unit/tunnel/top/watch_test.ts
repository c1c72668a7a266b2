import { assertEquals, assertRejects } from "@std/assert";
import type { Report } from "../../../../lib/tunnel/top/report.ts";
import { watch } from "../../../../lib/tunnel/top/watch.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { aReport } from "../../../support/top_reports.ts";

/** Watches a process that answers as `answers` say, one after the other; the last one holds. */
function watching(...answers: ((signal: AbortSignal, clock: FakeClock) => Promise<Report>)[]) {
  const clock = new FakeClock();
  const ending = new AbortController();
  const seen: string[] = [];
  const running = watch({
    clock,
    signal: ending.signal,
    ask: (signal) => (answers.length > 1 ? answers.shift()! : answers[0]!)(signal, clock),
  }, {
    take: ({ state }) => void seen.push(`${clock.now()} ${state}`),
    lost: (reason) => void seen.push(`${clock.now()} lost: ${reason}`),
  });
  return { clock, ending, seen, running };
}

const serving = () => Promise.resolve(aReport());
const refused = () => Promise.reject(new Error("nobody listens there"));
const never = (signal: AbortSignal) =>
  new Promise<Report>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

Deno.test("a process is asked once a second, also after it did not answer", async () => {
  const { clock, ending, seen, running } = watching(serving, serving, refused, serving);
  await clock.advance(3_500);
  ending.abort();
  await running;
  assertEquals(seen, ["1000 serving", "2000 serving", "3000 lost: nobody listens there", "4000 serving"]);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("what the first question meets is thrown", async () => {
  const { clock, running, seen } = watching(refused);
  const thrown = assertRejects(() => running, Error, "nobody listens there");
  await clock.settle();
  await thrown;
  assertEquals(seen, []);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("a process that is slow is asked again when it has answered, after a pause", async () => {
  const slow = (ms: number) => (_signal: AbortSignal, clock: FakeClock) =>
    new Promise<Report>((resolve) => clock.setTimer(() => resolve(aReport()), ms));
  const { clock, ending, seen, running } = watching(slow(600), slow(3_000), slow(0));
  await clock.advance(4_500);
  ending.abort();
  await clock.run(running);
  assertEquals(seen, ["1600 serving", "5000 serving", "5250 serving"]);
});

Deno.test("the end does not wait for an answer", async () => {
  const { clock, ending, running, seen } = watching(never);
  await clock.settle();
  ending.abort();
  await running;
  assertEquals(seen, []);
  assertEquals(clock.pendingTimers, 0);
});

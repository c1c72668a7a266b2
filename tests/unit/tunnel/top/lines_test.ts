import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { runLines } from "../../../../lib/tunnel/top/lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { aReport, REPORTED_AT_MS } from "../../../support/top_reports.ts";

/** A process that receives 1000 bytes a second, for so many seconds. */
function asked(clock: FakeClock, seconds: number) {
  return () => {
    const elapsedMs = clock.now() - 1_000;
    if (elapsedMs >= seconds * 1_000) return Promise.reject(new Error("localhost:1: nobody listens there"));
    return Promise.resolve(aReport({ nowMs: REPORTED_AT_MS + elapsedMs, receivedBytes: 6_291_456 + elapsedMs }));
  };
}

Deno.test("a line comes each second, with rates, and tells when the process is lost", async () => {
  const clock = new FakeClock();
  const ending = new AbortController();
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line);
    return Promise.resolve(undefined);
  };
  const running = runLines({ ask: asked(clock, 2), clock, signal: ending.signal }, write);
  await clock.advance(2_500);
  ending.abort();
  await running;
  assertEquals(lines.map((line) => / received_bytes_per_second=(\d+)/.exec(line)?.[1]), ["0", "1000", undefined]);
  assertMatch(lines[2]!, /^time=\S+ state=lost reason="localhost:1: nobody listens there"$/);
});

Deno.test("it ends when nobody reads its lines any more, and says so when they cannot be written", async () => {
  const run = (fault: unknown) => {
    const clock = new FakeClock();
    const needs = { ask: asked(clock, 9), clock, signal: new AbortController().signal };
    return clock.run(runLines(needs, () => Promise.resolve(fault)));
  };
  await run(new Deno.errors.BrokenPipe("broken pipe"));
  await assertRejects(() => run(new Error("no space left on device")), Error, "no space left");
});

Deno.test("who does not read misses lines, and gets those that come later", async () => {
  const clock = new FakeClock();
  const ending = new AbortController();
  const lines: string[] = [];
  let taken = Promise.withResolvers<undefined>();
  const running = runLines({ ask: asked(clock, 99), clock, signal: ending.signal }, (line) => {
    lines.push(line);
    return taken.promise;
  });
  await clock.advance(20_500);
  assertEquals(lines.length, 1);
  const [held] = [taken];
  taken = Promise.withResolvers();
  held.resolve(undefined);
  await clock.advance(1_000);
  assertEquals(lines.length, 2);
  ending.abort();
  await running;
});

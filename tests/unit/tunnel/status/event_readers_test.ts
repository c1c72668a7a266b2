/** Those who are told of changes as they come. */
import { assert, assertEquals } from "@std/assert";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { eventOf, EventReaders, MOST_READERS } from "../../../../lib/tunnel/status/event_readers.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { aStatus } from "../../../support/status_world.ts";

/** Readers of a status whose log the test writes. */
function setUp() {
  const clock = new FakeClock();
  const status = aStatus(clock);
  const log = status.beside(() => {});
  let reports = 0;
  const readers = new EventReaders(clock, () => (reports++, Promise.resolve(status.report())));
  const serve = (duplex: Duplex) => readers.serve(duplex, eventOf(status.report()));
  return { clock, log, readers, serve, reports: () => reports };
}

/** Reads on, and tells what came. */
function reading(duplex: Duplex): { text: () => string; ended: Promise<void> } {
  let text = "";
  const into = new Uint8Array(4096);
  const ended = (async () => {
    try {
      for (let count = await duplex.read(into); count !== null; count = await duplex.read(into)) {
        text += new TextDecoder().decode(into.subarray(0, count));
      }
    } catch {
      // Closed at this end or at the other.
    }
  })();
  return { text: () => text, ended };
}

/** The reports in what came. */
function eventsIn(text: string): { log: { message: string }[]; now: string }[] {
  return [...text.matchAll(/^event: sessions\ndata: (.*)\n\n/gm)].map(([, json]) => JSON.parse(json!));
}

Deno.test("a reader is told at once, and then once a second, but only of changes", async () => {
  const { clock, log, readers, serve } = setUp();
  const [near, far] = duplexPair();
  const serving = serve(near);
  const { text } = reading(far);
  await clock.advance(5_000);
  const before = eventsIn(text()).length;
  assert(before <= 2, `${before} events without a change`);
  log("info", "link lost");
  log("info", "link up");
  await clock.advance(3_000);
  const events = eventsIn(text());
  assertEquals(events.length, before + 1);
  assertEquals(events.at(-1)?.log.map(({ message }) => message), ["link lost", "link up"]);
  far.close();
  await clock.settle();
  await serving;
  readers.stop();
});

Deno.test("where nothing changes a reader is told so every five seconds, with the time", async () => {
  const { clock, readers, serve } = setUp();
  const [near, far] = duplexPair();
  void serve(near);
  const { text } = reading(far);
  await clock.advance(60_000);
  const times = eventsIn(text()).map(({ now }) => Date.parse(now));
  const gaps = times.slice(1).map((ms, index) => ms - times[index]!);
  assert(gaps.length >= 11 && gaps.slice(1).every((ms) => ms === 5_000), gaps.join());
  readers.stop();
});

Deno.test("a reader that reads nothing is dropped, and those beside it miss nothing", async () => {
  const { clock, log, readers, serve } = setUp();
  const [[slow], [near, far]] = [duplexPair(), duplexPair()];
  const dropped = serve(slow);
  void serve(near);
  const { text } = reading(far);
  for (let second = 0; second < 12; second++) {
    log("info", `line ${second}`);
    await clock.advance(1_000);
  }
  await clock.run(dropped);
  assert(eventsIn(text()).length >= 12);
  readers.stop();
});

Deno.test("no more than a few are taken, and a place is free again when one is gone", async () => {
  const { clock, readers, serve } = setUp();
  const ends = Array.from({ length: MOST_READERS }, () => duplexPair());
  for (const [near] of ends) void serve(near);
  assertEquals(readers.isFull, true);
  ends[0]![1].close();
  await clock.settle();
  assertEquals(readers.isFull, false);
  readers.stop();
});

Deno.test("without readers no report is made, and no timer is left", async () => {
  const { clock, readers, serve, reports } = setUp();
  const [near, far] = duplexPair();
  void serve(near);
  await clock.advance(2_500);
  far.close();
  await clock.advance(1_000);
  const made = reports();
  await clock.advance(10_000);
  assertEquals([reports(), clock.pendingTimers], [made, 0]);
  readers.stop();
});

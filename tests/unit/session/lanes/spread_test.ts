/** When a carrier can take more it gets what stands still elsewhere; others are woken when that is due. */
import { assert, assertEquals } from "@std/assert";
import { FrameLog } from "../../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { Arrival } from "../../../../lib/session/lanes/arrival.ts";
import { Spread, type SpreadCarrier } from "../../../../lib/session/lanes/spread.ts";
import { Standstill } from "../../../../lib/session/lanes/standstill.ts";
import { LogBudget } from "../../../../lib/session/log_budget.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { dataFrame } from "../../../support/frames.ts";

const CHUNK = { bytes: 10_000, creditBytes: Infinity };

/** A carrier that counts how often it was woken. */
class TestCarrier implements SpreadCarrier {
  readonly log = new FrameLog(new LogBudget({ limitBytes: 1 << 30 }));
  readonly roundTripMs = 20;
  readonly hasRoom = true;
  woken = 0;

  readonly room;

  constructor(readonly path: string, readonly clock: FakeClock) {
    const { log } = this;
    this.room = {
      standstill: new Standstill(),
      pace: { isFree: true },
      beganMs: 0,
      arrival: new Arrival(),
      flight: {
        rateBytesPerMs: 100,
        lowestRoundTripMs: 20,
        roundTripMs: 700,
        get inFlight() {
          return log.handed - log.acknowledged;
        },
      },
    };
  }

  wake(): void {
    this.woken++;
  }

  send(bytes: number): void {
    const frame = dataFrame(1, 0, new Uint8Array(bytes - 17));
    this.log.adopt(frame, 0, frame.length, { headroom: 0 });
    this.log.nextWrite(new WriteHold());
    this.room.standstill.sent(this.clock.now());
    this.room.arrival.sent(this.clock.now());
  }

  acknowledge(): void {
    this.log.acknowledge(this.log.handed);
    this.room.standstill.progressed(this.clock.now(), false);
  }
}

function world(...paths: string[]) {
  const clock = new FakeClock();
  const carriers = paths.map((path) => new TestCarrier(path, clock));
  const still: number[] = [];
  const spread = new Spread({
    clock,
    all: () => carriers,
    quiets: () => [...new Set(paths)].map((path) => carriers.find((carrier) => carrier.path === path)!),
    onStill: (carrier, isStill) => still[carriers.indexOf(carrier)] = Number(isStill),
  });
  return { clock, spread, carriers, still };
}

function wokenOf(carriers: TestCarrier[]): number[] {
  return carriers.map(({ woken }) => woken);
}

Deno.test("the others are woken when one stands still, and again when the time has doubled", async () => {
  const { clock, spread, carriers } = world("a", "a", "a");
  carriers[1].send(1_000);
  spread.pulled(carriers[1]);
  await clock.advance(49);
  assertEquals(wokenOf(carriers), [0, 0, 0]);
  await clock.advance(1);
  assertEquals(wokenOf(carriers), [1, 0, 1]);
  assertEquals([spread.copyTo(carriers[2], 1e9, 1e9), spread.copyTo(carriers[0], 1e9, 1e9)], [1_000, 0]);
  await clock.advance(50);
  assertEquals(wokenOf(carriers), [2, 0, 2]);
  spread.stop();
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("while nothing is in flight no timer runs, nor where there is nobody else", async () => {
  const { clock, spread, carriers } = world("a", "b");
  spread.pulled(carriers[1]);
  assertEquals(clock.pendingTimers, 0);
  carriers[1].send(100);
  spread.pulled(carriers[1]);
  carriers[1].acknowledge();
  await clock.advance(100);
  assertEquals([wokenOf(carriers), clock.pendingTimers], [[0, 0], 0]);
  const alone = world("a");
  alone.carriers[0].send(100);
  alone.spread.pulled(alone.carriers[0]);
  assertEquals(alone.clock.pendingTimers, 0);
});

Deno.test("what comes into the log of one that stands still wakes the others at once", async () => {
  const { clock, spread, carriers } = world("a", "b");
  carriers[0].send(3_000);
  await clock.advance(60);
  carriers[0].send(500);
  spread.pulled(carriers[0]);
  assertEquals(wokenOf(carriers), [0, 1]);
  assertEquals(spread.copyTo(carriers[1], 1e9, 1e9), 3_500);
  spread.stop();
});

Deno.test("what is small on the quiet carrier wakes those of other paths, and goes there too", () => {
  const { spread, carriers } = world("a", "a", "b");
  carriers[0].send(50);
  spread.pulled(carriers[0]);
  assertEquals(wokenOf(carriers), [0, 0, 1]);
  assertEquals(carriers.map((carrier) => spread.copyTo(carrier, 1e9, 1e9)), [0, 0, 50]);
  carriers[1].send(60);
  spread.pulled(carriers[1]);
  assertEquals(wokenOf(carriers), [0, 0, 1], "of bulk carriers nothing goes twice");
  spread.stop();
});

Deno.test("of three paths only one sends what is small beside the quiet carrier, and of its path only the quiet one", () => {
  const { spread, carriers } = world("a", "b", "b", "c");
  carriers[0].send(50);
  spread.pulled(carriers[0]);
  assertEquals(wokenOf(carriers), [0, 1, 0, 0]);
  assertEquals(carriers.toReversed().map((carrier) => spread.copyTo(carrier, 1e9, 1e9)), [0, 0, 50, 0]);
  spread.stop();
});

Deno.test("what waits on a path's quiet carrier goes on another's, though that has no room for bulk", async () => {
  const { clock, spread, carriers } = world("a", "b", "b");
  carriers[0].send(3_000);
  await clock.advance(60);
  assertEquals([spread.copyTo(carriers[2], 1e9, 1e9), spread.copyTo(carriers[1], 0, 0)], [0, 0]);
  assertEquals(spread.copyTo(carriers[1], 0, 1e9), 3_000);
  spread.stop();
});

Deno.test("what waits on a bulk carrier goes where there is room for bulk, on a bulk carrier too", async () => {
  const { clock, spread, carriers } = world("a", "a", "b", "b");
  carriers[1].send(3_000);
  await clock.advance(60);
  assertEquals([spread.copyTo(carriers[2], 0, 1e9), spread.copyTo(carriers[3], 1e9, 0)], [0, 3_000]);
  spread.stop();
});

Deno.test("that a path's quiet carrier stands still is told, and when it makes progress again", async () => {
  const { clock, spread, carriers, still } = world("a", "b", "b");
  for (const carrier of [carriers[0], carriers[2]]) carrier.send(50);
  spread.pulled(carriers[0]);
  await clock.advance(60);
  assertEquals(still, [1, 0]);
  carriers[0].acknowledge();
  spread.delivered(50);
  assertEquals(still, [0, 0]);
  const alone = world("a", "a");
  alone.carriers[0].send(50);
  alone.spread.pulled(alone.carriers[0]);
  await alone.clock.advance(60);
  assertEquals(alone.still, [], "on one path all wait for the same");
  spread.stop();
  alone.spread.stop();
});

Deno.test("a chunk goes where it is first, and all are asked again behind an acknowledgement or a loss", () => {
  const { spread, carriers } = world("a", "a", "a");
  const bulk = carriers.slice(1);
  carriers[1].send(100_000);
  assert(spread.takesBulk(carriers[2], bulk, CHUNK));
  assert(!spread.takesBulk(carriers[1], bulk, CHUNK));
  spread.delivered(10);
  assertEquals(wokenOf(carriers), [1, 1, 1]);
  spread.delivered(10);
  assertEquals(wokenOf(carriers), [1, 1, 1], "nobody has declined");
  spread.takesBulk(carriers[1], bulk, CHUNK);
  spread.gone();
  assertEquals(wokenOf(carriers), [2, 2, 2]);
  spread.stop();
});

Deno.test("nobody waits for a bulk carrier that stands still", async () => {
  const { clock, spread, carriers } = world("a", "a", "a");
  carriers[1].send(100);
  carriers[2].send(100_000);
  assert(!spread.takesBulk(carriers[2], carriers.slice(1), CHUNK));
  await clock.advance(60);
  assert(spread.takesBulk(carriers[2], carriers.slice(1), CHUNK));
  spread.stop();
});

Deno.test("nobody waits for an idle carrier of a path on which all stands still, and it takes nothing", async () => {
  const { clock, spread, carriers } = world("a", "a", "a", "b");
  const bulk = carriers.slice(1), [still, idle, working] = bulk;
  still!.send(100_000);
  working!.send(10_000);
  assert(!spread.takesBulk(working!, bulk, CHUNK), "the idle one brings it sooner");
  await clock.advance(60);
  working!.acknowledge();
  working!.send(10_000);
  assert(spread.takesBulk(working!, bulk, CHUNK));
  assert(!spread.takesBulk(idle!, bulk, CHUNK));
  carriers[0]!.send(100);
  assert(!spread.takesBulk(working!, bulk, CHUNK), "its path may make progress again");
  spread.stop();
});

Deno.test("an idle carrier of a dead path is given nothing to send again while another path works", async () => {
  const { clock, spread, carriers } = world("a", "a", "a", "b", "b");
  const [, still, idle, , working] = carriers;
  still!.send(3_000);
  await clock.advance(60);
  assertEquals(spread.copyTo(idle!, 1e9, 1e9), 0);
  assertEquals(spread.copyTo(working!, 1e9, 1e9), 3_000, "no other log has it, so it goes at once");
  working!.send(100);
  await clock.advance(60);
  assertEquals(spread.copyTo(idle!, 1e9, 1e9), 3_100, "now no path works");
  spread.stop();
});

Deno.test("the quiet carrier is given nothing that stands still elsewhere, but where all others do", async () => {
  const { clock, spread, carriers } = world("a", "a", "a");
  carriers[1].send(1_000);
  await clock.advance(60);
  assertEquals(spread.copyTo(carriers[0], 1e9, 1e9), 0, "another bulk carrier may take it");
  carriers[2].send(2_000);
  await clock.advance(60);
  assertEquals(spread.copyTo(carriers[0], 1e9, 1e9), 3_000);
  spread.stop();
});

/** What waits on a carrier that stands still goes on another: all of it on another path, little on the same. */
import { assertEquals } from "@std/assert";
import { FrameLog } from "../../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { type LoggedCarrier, SendingAgain } from "../../../../lib/session/lanes/sending_again.ts";
import { Standstill } from "../../../../lib/session/lanes/standstill.ts";
import { LogBudget } from "../../../../lib/session/log_budget.ts";
import { ResendQueue } from "../../../../lib/session/resend_queue.ts";
import { dataFrame } from "../../../support/frames.ts";

const KIB = 1024;
const BUDGET = new LogBudget({ limitBytes: 1 << 30 });

/** A carrier on a path, with a round trip of 10 ms. */
class TestCarrier implements LoggedCarrier {
  readonly log = new FrameLog(BUDGET);
  readonly room;
  readonly roundTripMs = 10;

  constructor(readonly path: string, beganMs = 0) {
    this.room = { standstill: new Standstill(), pace: { isFree: true }, beganMs };
  }

  /** Sends frames of `bytes` bytes each, now. */
  send(nowMs: number, ...bytes: number[]): void {
    for (const each of bytes) {
      const frame = dataFrame(1, 0, new Uint8Array(each - 17));
      this.log.adopt(frame, 0, frame.length, { headroom: 0 });
      this.log.nextWrite(new WriteHold());
    }
    this.room.standstill.sent(nowMs);
  }

  /** The peer acknowledges all. */
  acknowledgeAll(nowMs: number): void {
    while (this.log.nextWrite(new WriteHold()) !== undefined);
    this.log.acknowledge(this.log.handed);
    this.room.standstill.progressed(nowMs, false);
  }
}

function world(...paths: string[]): { again: SendingAgain; carriers: TestCarrier[] } {
  return { again: new SendingAgain(), carriers: paths.map((path) => new TestCarrier(path)) };
}

Deno.test("on another path all that waits goes, as soon as the carrier stands still, and what comes behind it too", () => {
  const { again, carriers } = world("a", "b");
  const [from, to] = carriers;
  from.send(0, 1_000, 2_000);
  assertEquals(again.copyTo(to, carriers, 1e9, 49), 0);
  assertEquals(again.copyTo(to, carriers, 1e9, 50), 3_000);
  assertEquals(again.copyTo(to, carriers, 1e9, 60), 0);
  from.send(65, 100);
  assertEquals(again.copyTo(to, carriers, 1e9, 66), 100);
  from.room.standstill.progressed(70, true);
  from.send(71, 100);
  assertEquals(again.copyTo(to, carriers, 1e9, 80), 0, "it goes on");
});

Deno.test("no more goes than there is room for", () => {
  const { again, carriers } = world("a", "b");
  carriers[0].send(0, 1_000, 1_000, 1_000);
  assertEquals([again.copyTo(carriers[1], carriers, 2_500, 50), again.copyTo(carriers[1], carriers, 0, 50)], [
    2_000,
    0,
  ]);
});

Deno.test("what stands still on both goes on a third one when the time has doubled", () => {
  const { again, carriers } = world("a", "b", "c");
  const [one, other, third] = carriers;
  one.send(0, 1_000);
  assertEquals(again.copyTo(other, carriers, 1e9, 50), 1_000);
  other.room.standstill.sent(50);
  other.log.nextWrite(new WriteHold());
  assertEquals(again.copyTo(third, carriers, 1e9, 99), 0);
  assertEquals(again.copyTo(third, carriers, 1e9, 100), 1_000);
});

Deno.test("a carrier that stands still itself takes nothing", () => {
  const { again, carriers } = world("a", "b");
  for (const carrier of carriers) carrier.send(0, 1_000);
  assertEquals(carriers.map((carrier) => again.copyTo(carrier, carriers, 1e9, 50)), [0, 0]);
});

Deno.test("on the same path only the front piece goes, and another when the time has doubled", () => {
  const { again, carriers } = world("a", "a", "a");
  const [from, to, third] = carriers;
  from.send(0, 1_000, 2_000, 3_000);
  assertEquals([again.copyTo(to, carriers, 1e9, 50), again.copyTo(to, carriers, 1e9, 99)], [1_000, 0]);
  to.acknowledgeAll(99);
  assertEquals(again.copyTo(to, carriers, 1e9, 99), 0, "not yet");
  assertEquals([again.copyTo(to, carriers, 1e9, 100), again.copyTo(to, carriers, 1e9, 199)], [2_000, 0]);
  assertEquals(again.copyTo(third, carriers, 1e9, 200), 2_000, "as often as the time has doubled");
});

Deno.test("on the same path a twentieth of what was delivered in the last 10 s goes again, and 128 KiB", () => {
  const { again, carriers } = world("a", "a");
  const [from, to] = carriers;
  let sent = 0;
  const copyOne = (nowMs: number) => {
    from.send(nowMs - 50, 64 * KIB);
    const bytes = again.copyTo(to, carriers, 1e9, nowMs);
    to.acknowledgeAll(nowMs);
    from.acknowledgeAll(nowMs);
    sent += bytes;
    return bytes;
  };
  assertEquals([100, 200, 300].map(copyOne), [64 * KIB, 64 * KIB, 0]);
  again.delivered(300, 20 * 64 * KIB);
  assertEquals([400, 500].map(copyOne), [64 * KIB, 0]);
  assertEquals(sent, 3 * 64 * KIB);
  assertEquals([12_000, 12_100, 12_200].map(copyOne), [64 * KIB, 64 * KIB, 0], "10 s later");
});

Deno.test("one of the same path that began while another stood still takes all that waits there", () => {
  const { again, carriers } = world("a", "a");
  const [from, to] = carriers;
  from.send(0, 1_000, 2_000, 3_000);
  assertEquals(again.copyTo(to, carriers, 1e9, 50), 1_000);
  to.send(50);
  const [early, newer] = [49, 50].map((beganMs) => new TestCarrier("a", beganMs));
  assertEquals(again.copyTo(early, [...carriers, early], 1e9, 99), 0, "which the front piece has gone on already");
  assertEquals(again.copyTo(newer, [...carriers, newer], 2_500, 60), 1_000, "no more than there is room for");
  assertEquals(again.copyTo(newer, [...carriers, newer], 1e9, 61), 5_000);
  from.send(70, 100);
  assertEquals(again.copyTo(newer, [...carriers, newer], 1e9, 71), 100, "and what comes behind it");
});

Deno.test("that goes within what may go again on the same path", () => {
  const { again, carriers } = world("a");
  const [from] = carriers, newer = new TestCarrier("a", 50);
  from.send(0, 64 * KIB, 64 * KIB, 64 * KIB);
  assertEquals([60, 70].map((ms) => again.copyTo(newer, [from, newer], 1e9, ms)), [128 * KIB, 0]);
});

Deno.test("small pieces of the quiet carrier go on another path as well, at once, 32 KiB a second", () => {
  const { again, carriers } = world("a", "b", "a");
  const [quiet, other, beside] = carriers;
  quiet.send(0, 40, 1_400);
  assertEquals(again.copyQuiet(quiet, beside, 0), 0, "not on the same path");
  assertEquals([again.copyQuiet(quiet, other, 0), again.copyQuiet(quiet, other, 1)], [1_440, 0]);
  for (let count = 0; count < 40; count++) quiet.send(2, 1_000);
  assertEquals(again.copyQuiet(quiet, other, 2), 31_000);
  assertEquals([again.copyQuiet(quiet, other, 900), again.copyQuiet(quiet, other, 1_000)], [0, 9_000]);
});

Deno.test("large data does not go twice and holds up nothing small, and goes elsewhere when its carrier stands still", () => {
  const { again, carriers } = world("a", "b");
  const [quiet, other] = carriers;
  quiet.send(0, 1_401, 40);
  assertEquals(again.copyQuiet(quiet, other, 0), 40);
  assertEquals(again.copyTo(other, [quiet, other], 1e9, 60), 1_401);
});

Deno.test("nothing small goes on a path that stands still", () => {
  const { again, carriers } = world("a", "b");
  carriers[1].send(0, 100);
  carriers[0].send(60, 40);
  assertEquals(again.copyQuiet(carriers[0], carriers[1], 60), 0);
});

Deno.test("when the carrier that took a copy is gone another takes it all", () => {
  const { again, carriers } = world("a", "b", "b");
  const [from, to, next] = carriers;
  from.send(0, 1_000, 1_000);
  assertEquals(again.copyTo(to, [from, to], 1e9, 50), 2_000);
  const queue = new ResendQueue({ budget: BUDGET, onWindowLost: () => {} });
  assertEquals(queue.add(to.log.handOver(), 0), 0);
  assertEquals(again.copyTo(next, [from, next], 1e9, 60), 2_000);
  assertEquals(queue.add(next.log.handOver(), 0), 0);
  assertEquals(queue.add(from.log.handOver(), 0), 2_000);
});

Deno.test("on a carrier that sends small pieces what is small goes, on any path, and what is large when that has ended", () => {
  for (const path of ["a", "b"]) {
    const { again, carriers } = world("a", path);
    const [from, to] = carriers;
    to.room.pace = { isFree: false };
    from.send(0, 1_025, 1_024);
    assertEquals(again.copyTo(to, carriers, 1e9, 50), path === "a" ? 0 : 1_024, path);
    from.acknowledgeAll(60);
    from.send(60, 500);
    assertEquals(again.copyTo(to, carriers, 1e9, 200), 500);
    from.send(200, 1_025);
    assertEquals(again.copyTo(to, carriers, 1e9, 410), 0);
    to.room.pace = { isFree: true };
    assertEquals(
      again.copyTo(to, carriers, 1e9, 410),
      path === "a" ? 0 : 1_025,
      "of one path the front piece is there",
    );
  }
});

Deno.test("on the carrier beside the quiet one no more than a small piece goes twice while that sends small pieces", () => {
  const { again, carriers } = world("a", "b");
  const [quiet, beside] = carriers;
  quiet.send(0, 1_200, 1_000);
  beside.room.pace = { isFree: false };
  assertEquals(again.copyQuiet(quiet, beside, 1), 1_000);
});

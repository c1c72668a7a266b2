/** What carriers that are gone left, until the peer's receipts come. */
import { assertEquals } from "@std/assert";
import type { Carrier } from "../../../lib/session/carrier/carrier.ts";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { Remainders } from "../../../lib/session/remainders.ts";
import { RECEIPT_FRAME_BYTES } from "../../../lib/session/session_constants.ts";
import { Settlement } from "../../../lib/session/settlement.ts";
import { BULK } from "../../../lib/session/share.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { Sender } from "../../support/frame_senders.ts";

/** An end whose carrier 0 is gone, with a frame of 27 bytes on it; 5 bytes were taken here. */
function setUp() {
  const clock = new FakeClock({ nowMs: 0 });
  const budget = new LogBudget({ limitBytes: 1 << 20 });
  const settlement = new Settlement();
  const due: number[] = [];
  const options = { clock, budget, settlement, onWindowLost: () => {}, onDue: () => void due.push(clock.now()) };
  const remainders = new Remainders(options);
  const sender = new Sender(1, true);
  const log = new FrameLog(budget);
  const frame = sender.next(10);
  const at = log.reserve(frame.length, sender);
  log.arena.set(frame, at);
  log.nextWrite(new WriteHold());
  settlement.opened(0);
  settlement.opened(1);
  remainders.gone({ number: 0, taken: 5, remains: () => log.handOver() } as unknown as Carrier, true);
  return { clock, budget, settlement, due, remainders, sender, next: new FrameLog(budget), frameBytes: frame.length };
}

Deno.test("nothing is sent again before the receipt, and its stream sends nothing new", () => {
  const { remainders, sender, next, settlement, frameBytes, due } = setUp();
  assertEquals([remainders.moveTo(next, 1_000, BULK), next.end, sender.queued], [0, 0, 1]);
  const bytes = remainders.covered([settlement.peerTold(0, 20)!]);
  assertEquals([bytes, remainders.takenThereBytes, due.length], [7, 20, 1]);
  assertEquals([remainders.moveTo(next, 1_000), sender.queued, frameBytes], [17 + 7, 0, 27]);
});

Deno.test("what the receipt covers is not sent again, and its stream hears of it", () => {
  const { remainders, sender, settlement, budget } = setUp();
  assertEquals(remainders.covered([settlement.peerTold(0, 27)!]), 0);
  assertEquals([sender.held, sender.queued, budget.heldBytes], [0, 0, 0]);
});

Deno.test("a receipt that has not come within two round trips is not waited for, and may come later", async () => {
  const { clock, remainders, settlement, due, next } = setUp();
  remainders.awaitReceipts(100);
  await clock.advance(249);
  assertEquals(due, []);
  await clock.advance(1);
  assertEquals([due, remainders.moveTo(next, 1_000)], [[250], 27]);
  assertEquals(remainders.covered([settlement.peerTold(0, 20)!]), 0);
});

Deno.test("without a carrier nothing is waited for: the next one's handshake brings the receipts", async () => {
  const { clock, remainders, due } = setUp();
  remainders.awaitReceipts(100);
  remainders.awaitCarrier();
  await clock.advance(1_000);
  assertEquals([due, clock.pendingTimers], [[], 0]);
});

Deno.test("this end's receipt is told by a frame, once, on the quiet carrier; who takes that has it", () => {
  const { remainders, next, settlement } = setUp();
  remainders.moveTo(next, 1_000, BULK);
  assertEquals(next.end, 0);
  for (let times = 0; times < 2; times++) remainders.moveTo(next, 1_000);
  assertEquals(next.end, RECEIPT_FRAME_BYTES);
  assertEquals(remainders.progressBytes, -RECEIPT_FRAME_BYTES, "when it arrives, that is no progress");
  next.nextWrite(new WriteHold());
  next.acknowledge(RECEIPT_FRAME_BYTES);
  settlement.peerTold(0, 27);
  assertEquals(settlement.isSettled(0), true);
});

Deno.test("when a carrier is gone, nothing is kept of streams that the peer has reset, on none of those before either", () => {
  const { remainders, sender, budget, settlement } = setUp();
  const log = new FrameLog(budget);
  sender.isUnwanted = true;
  assertEquals([budget.streamFrames, sender.queued], [1, 1]);
  remainders.gone({ number: 1, taken: 0, remains: () => log.handOver() } as unknown as Carrier, true);
  assertEquals([budget.heldBytes, budget.streamFrames, sender.held, sender.queued], [0, 0, 0, 0]);
  assertEquals(remainders.covered([settlement.peerTold(0, 20)!]), 0);
});

Deno.test("with the session everything goes", () => {
  const { remainders, budget, clock } = setUp();
  remainders.awaitReceipts(100);
  remainders.clear();
  assertEquals([budget.heldBytes, clock.pendingTimers], [0, 0]);
});

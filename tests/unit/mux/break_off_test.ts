/** A program that resets has often said why: what came before is still delivered, for as long as that brings something. */
import { assertEquals } from "@std/assert";
import { BreakOff } from "../../../lib/mux/break_off.ts";
import { LAST_READS_MS, LAST_WRITES_MS } from "../../../lib/mux/mux_constants.ts";
import type { StreamEnd } from "../../../lib/mux/stream_host.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const RESET: StreamEnd = { kind: "reset", code: 2, message: "the peer's user reset", by: "peer" };

/** A stream that is about to break off. */
function setUp() {
  const clock = new FakeClock({ nowMs: 0 });
  const told: string[] = [];
  const sending = {
    isWaiting: false,
    isReadToEnd: false,
    discard: () => void told.push("discard"),
    readSoon: () => void told.push("read soon"),
  };
  const receiving = { waitingBytes: 0, hasArrived: true, drop: () => void told.push("drop") };
  const breakOff = new BreakOff({
    clock,
    sending,
    receiving,
    onEnd: (end) => void told.push(`${end === RESET ? "reset" : end.kind} at ${clock.now()}`),
    onFailed: (error) => void told.push(`failed at ${clock.now()}${error === undefined ? "" : `: ${error}`}`),
  });
  return { clock, told, sending, receiving, breakOff };
}

Deno.test("a reset behind which nothing waits ends the stream at once", () => {
  const { told, breakOff } = setUp();
  breakOff.resetByPeer(RESET);
  assertEquals([told, breakOff.peerReset], [["reset at 0"], RESET]);
});

Deno.test("what waits for the user is still taken, and each byte that it takes gives it time for the next", async () => {
  const { clock, told, receiving, breakOff } = setUp();
  receiving.waitingBytes = 5;
  breakOff.resetByPeer(RESET);
  while (receiving.waitingBytes > 1) {
    await clock.advance(LAST_WRITES_MS - 1);
    receiving.waitingBytes--;
    breakOff.takeLastWrites();
  }
  assertEquals(told, []);
  await clock.advance(LAST_WRITES_MS);
  assertEquals(told, [`reset at ${4 * (LAST_WRITES_MS - 1) + LAST_WRITES_MS}`]);
});

Deno.test("what is still on its way, by another carrier, is waited for without a limit", async () => {
  const { clock, told, receiving, breakOff } = setUp();
  receiving.hasArrived = false;
  receiving.waitingBytes = 1;
  breakOff.resetByPeer(RESET);
  receiving.waitingBytes = 0;
  breakOff.takeLastWrites();
  assertEquals(clock.pendingTimers, 0);
  await clock.advance(600_000);
  assertEquals(told, []);
  receiving.hasArrived = true;
  breakOff.takeLastWrites();
  assertEquals(told, ["reset at 600000"]);
});

Deno.test("what the user sends behind the peer's reset is read, so that it gets on, and goes nowhere", () => {
  const { told, sending, receiving, breakOff } = setUp();
  receiving.waitingBytes = 1;
  sending.isWaiting = true;
  breakOff.resetByPeer(RESET);
  assertEquals(told, ["discard"]);
  assertEquals([breakOff.came(10), breakOff.came(null)], [false, false]);
  assertEquals(told, ["discard", "read soon"]);
  breakOff.writeFailed(new Error("it takes nothing either"), true);
  assertEquals(told.at(-1), "reset at 0");
});

Deno.test("a user that takes nothing more is read to its end, or until it is silent", async () => {
  const { clock, told, breakOff } = setUp();
  breakOff.writeFailed(new Error("broken pipe"), true);
  assertEquals([told, breakOff.failure], [["drop"], "broken pipe"]);
  await clock.advance(LAST_READS_MS - 1);
  assertEquals(breakOff.came(5), true);
  await clock.advance(10 * LAST_READS_MS);
  assertEquals(told, ["drop"], "that waits for its turn");
  breakOff.reading();
  await clock.advance(LAST_READS_MS);
  assertEquals(told, ["drop", `failed at ${12 * LAST_READS_MS - 1}`]);

  const ended = setUp();
  ended.breakOff.writeFailed(new Error("broken pipe"), true);
  assertEquals(ended.breakOff.came(null), false);
  assertEquals([ended.told, ended.clock.pendingTimers], [["drop", "failed at 0"], 0]);
});

Deno.test("what was read before the write failed is sent first", () => {
  const { clock, sending, breakOff } = setUp();
  sending.isWaiting = true;
  breakOff.writeFailed(new Error("broken pipe"), true);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("a user that has ended, or cannot be read any more, has nothing to say", () => {
  const ended = setUp();
  ended.sending.isReadToEnd = true;
  ended.breakOff.writeFailed(new Error("broken pipe"), true);
  const unreadable = setUp();
  unreadable.breakOff.writeFailed(new Error("broken pipe"), false);
  for (const { told } of [ended, unreadable]) assertEquals(told, ["failed at 0: Error: broken pipe"]);
});

Deno.test("a stream that is over is not ended again", async () => {
  const { clock, told, receiving, breakOff } = setUp();
  receiving.waitingBytes = 1;
  breakOff.resetByPeer(RESET);
  breakOff.cancel();
  await clock.advance(LAST_WRITES_MS);
  assertEquals([told, clock.pendingTimers], [[], 0]);
});

Deno.test("reads of a stream that does not break off have no limit", () => {
  const { clock, breakOff } = setUp();
  breakOff.reading();
  assertEquals(clock.pendingTimers, 0);
});

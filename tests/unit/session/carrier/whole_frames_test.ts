/** Each write is whole frames, however small writes must be: other frames may follow it. */
import { assert, assertEquals } from "@std/assert";
import { FrameLog } from "../../../../lib/session/carrier/frame_log.ts";
import { LogBudget } from "../../../../lib/session/log_budget.ts";
import { WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { dataFrame } from "../../../support/frames.ts";
import type { MemoryPipe } from "../../../support/memory_pipe.ts";
import { SessionWorld } from "../../../support/session_world.ts";

Deno.test("a write has as many whole frames as fit, and one at the least", () => {
  const log = new FrameLog(new LogBudget({ limitBytes: 1 << 20 }));
  for (const bytes of [300, 400, 300, 2_000, 10]) {
    const frame = dataFrame(1, 0, new Uint8Array(bytes));
    const at = log.reserve(frame.length);
    log.arena.set(frame, at);
  }
  const hold = new WriteHold();
  const writes: number[] = [];
  while (log.hasUnsent) {
    writes.push(log.nextWrite(hold, 1_024)!.length);
    hold.release();
  }
  assertEquals(writes, [17 + 300 + 17 + 400, 17 + 300, 17 + 2_000, 17 + 10]);
});

Deno.test("where only small pieces pass, both ways at once, each byte is right", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 5 } });
  const swallowLarge = ({ aToB, bToA }: MemoryPipe) => void (aToB.largestBytes = bToA.largestBytes = 1_250);
  world.network.onPipe = swallowLarge;
  swallowLarge(world.network.last!);
  world.here.send(60_000);
  world.there.send(60_000);
  await world.untilDelivered(120_000);
  assert(world.network.pipes.length > 1);
  world.assertUnbroken();
  await world.end();
});

/** What streams put into a log in one step stays within its limit, whatever mix of them waits. */
import { assertLessOrEqual } from "@std/assert";
import { Mux } from "../../../lib/mux/mux.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const LIMIT_BYTES = 32 * 1024;

Deno.test("quiet streams and bulk together put no more into a log than fits", async () => {
  const clock = new FakeClock();
  const budget = new LogBudget({ limitBytes: LIMIT_BYTES });
  const log = new FrameLog(budget);
  const mux = new Mux({
    end: "client",
    clock,
    pool: new SegmentPool({ plenty: 16 }),
    maxStreams: 10,
    open: { count: 0 },
  });
  mux.bind({
    wake() {},
    wakeNow() {},
    drained() {},
    isEmpty: true,
    roundTripMs: 1,
    rateBytesPerMs: 0,
    frameBytes: Infinity,
    budget,
  });
  const open = (bytes: number) => {
    const [user, far] = duplexPair();
    mux.open(far);
    user.write(new Uint8Array(bytes)).catch(() => {});
  };
  open(200_000);
  const hold = new WriteHold();
  for (let round = 0; round < 12; round++) {
    if (round === 6) open(14_000);
    await clock.settle();
    mux.pull(log, 1e6, 1e6, 0);
    // Opens go whatever the limit.
    assertLessOrEqual(budget.heldBytes, LIMIT_BYTES + 40);
    while (log.hasUnsent) {
      log.nextWrite(hold);
      hold.release();
    }
    log.acknowledge(log.end);
  }
});

/**
 * What a mux makes of window values.
 *
 * @module
 */
import { Mux } from "../../lib/mux/mux.ts";
import { duplexPair } from "../../lib/net/pipe.ts";
import { FrameLog } from "../../lib/session/carrier/frame_log.ts";
import { decodeWindows } from "../../lib/session/frames.ts";
import { LogBudget } from "../../lib/session/log_budget.ts";
import { SegmentPool } from "../../lib/session/segment_pool.ts";
import { SimClock } from "../sim/clock.ts";
import { windowsFrame } from "../support/frames.ts";
import * as frames from "./frames.ts";
import { mangled } from "./mangle.ts";
import { check, hex, type Target, teleErrorOf } from "./target.ts";

/** Windows frames, as a mux with a few streams takes them. */
export const windows: Target = {
  name: "windows",
  about: "Mux.receiveWindow: window values for streams that are open and that are not, mangled ones and noise",
  quickStreams: 3000,
  run(choices, trace) {
    const pool = new SegmentPool({ plenty: 1 });
    const clock = new SimClock();
    const mux = new Mux({ end: "client", clock, pool, maxStreams: 4, open: { count: 0 } });
    const budget = new LogBudget({ limitBytes: 1 << 20 });
    mux.bind({
      wake() {},
      wakeNow() {},
      drained() {},
      isEmpty: true,
      roundTripMs: 0,
      rateBytesPerMs: 0,
      frameBytes: Infinity,
      budget,
    });
    const opened = choices.between(0, 3);
    for (let left = opened; left > 0; left--) mux.open(duplexPair()[0]);
    mux.pull(new FrameLog(budget), 1 << 16, 1 << 16, clock.now());
    const values = Array.from({ length: choices.between(1, 20) }, (): [number, number] => {
      const id = choices.chance(0.05) ? choices.next32() : 1 + 2 * choices.between(0, 3);
      return [id, frames.count(choices)];
    });
    const right = windowsFrame(...values).subarray(4);
    const payload = choices.chance(0.5) ? mangled(choices, right) : right;
    trace(() => hex(payload));
    const ids: number[] = [];
    const parsing = teleErrorOf(["protocol"], () => decodeWindows(payload, (id) => void ids.push(id)));
    const error = teleErrorOf(["protocol"], () => decodeWindows(payload, (id, limit) => mux.receiveWindow(id, limit)));
    const isWrong = parsing !== undefined || ids.some((id) => id % 2 === 0 || id > 2 * opened);
    check((error !== undefined) === isWrong, () => `it failed: ${error}, which was due: ${isWrong}`);
  },
};

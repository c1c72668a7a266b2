/** Of each window that has moved its newest value is told, once. */
import { assertEquals } from "@std/assert";
import { DueWindows } from "../../../lib/mux/due_windows.ts";
import { WINDOWS_A_FRAME } from "../../../lib/mux/mux_constants.ts";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { SessionFrameReader } from "../../../lib/session/carrier/frame_reader.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { decodeWindows } from "../../../lib/session/frames.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";

/** Writes all that is due. Returns the values, frame by frame. */
function told(windows: DueWindows): [id: number, limit: number][][] {
  const log = new FrameLog(new LogBudget({ limitBytes: 1 << 20 }));
  windows.writeInto(log);
  const frames: [number, number][][] = [];
  const reader = new SessionFrameReader({
    data: () => {},
    end: () => {},
    counted: (payload) => {
      const values: [number, number][] = [];
      decodeWindows(payload, (id, limit) => void values.push([id, limit]));
      frames.push(values);
    },
    control: () => {},
  });
  for (let bytes = log.nextWrite(new WriteHold()); bytes !== undefined; bytes = log.nextWrite(new WriteHold())) {
    reader.push(bytes);
  }
  return frames;
}

Deno.test("values leave together, each stream's newest, and only once", () => {
  const windows = new DueWindows();
  const moved = { id: 1, window: { granted: 10 } };
  windows.add(moved);
  windows.add({ id: 3, window: { granted: 20 } });
  moved.window.granted = 15;
  windows.add(moved);
  assertEquals(told(windows), [[[1, 15], [3, 20]]]);
  assertEquals([windows.isEmpty, told(windows)], [true, []]);
});

Deno.test("a stream that is over is not told of", () => {
  const windows = new DueWindows();
  const over = { id: 1, window: { granted: 10 } };
  windows.add(over);
  windows.delete(over);
  assertEquals([windows.isEmpty, told(windows)], [true, []]);
});

Deno.test("many values are told in several frames, each of which passes where large packets vanish", () => {
  const windows = new DueWindows();
  const count = 2 * WINDOWS_A_FRAME + 1;
  for (let at = 0; at < count; at++) windows.add({ id: 2 * at + 1, window: { granted: at } });
  const frames = told(windows);
  assertEquals(frames.map((values) => values.length), [WINDOWS_A_FRAME, WINDOWS_A_FRAME, 1]);
  assertEquals(frames.flat(), Array.from({ length: count }, (_, at) => [2 * at + 1, at]));
});

Deno.test("a window is told in the log of its stream's open, until that was taken, and else on the quiet carrier", () => {
  const windows = new DueWindows();
  const [log, other] = [1, 2].map(() => new FrameLog(new LogBudget({ limitBytes: 1024 })));
  windows.add({ id: 1, window: { granted: 100 }, openLog: other });
  windows.add({ id: 3, window: { granted: 200 } });
  windows.writeInto(log!, { quiet: true, bulk: false });
  windows.writeInto(other!, { quiet: false, bulk: true });
  assertEquals([log!.end, other!.end, windows.isEmpty], [5 + 12, 5 + 12, true]);
});

/**
 * Window values that are to be told.
 *
 * @module
 */
import type { FrameLog } from "../session/carrier/frame_log.ts";
import { writeWindow, writeWindowsHeader } from "../session/frames.ts";
import { COUNTED_HEADER_BYTES, WINDOW_BYTES } from "../session/session_constants.ts";
import { ALL, goesInto, type Share } from "../session/share.ts";
import { WINDOWS_A_FRAME } from "./mux_constants.ts";

/** A stream whose window has moved. */
export interface WindowTeller {
  /** Its number. */
  readonly id: number;
  /** What its peer may send. */
  readonly window: { readonly granted: number };
  /** The log that everything of it has to go into, until the peer has taken its open from there. */
  readonly openLog?: object;
}

/**
 * Streams whose peers may send more than they were told. However often a window moves, only its newest value is told,
 * with those of others in one frame.
 *
 * @example
 * ```ts
 * import { DueWindows } from "./due_windows.ts";
 * import { FrameLog } from "../session/carrier/frame_log.ts";
 * import { LogBudget } from "../session/log_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const windows = new DueWindows();
 * windows.add({ id: 1, window: { granted: 100 } });
 * windows.add({ id: 3, window: { granted: 200 } });
 * const log = new FrameLog(new LogBudget({ limitBytes: 1024 }));
 * windows.writeInto(log);
 * assertEquals([log.end, windows.isEmpty], [5 + 2 * 12, true]);
 * ```
 */
export class DueWindows {
  readonly #streams: Set<WindowTeller> = new Set();

  /** Whether none is to be told. */
  get isEmpty(): boolean {
    return this.#streams.size === 0;
  }

  /** The window of `stream` has moved, or a value of it was lost. */
  add(stream: WindowTeller): void {
    this.#streams.add(stream);
  }

  /** It is over: its window means nothing any more. */
  delete(stream: WindowTeller): void {
    this.#streams.delete(stream);
  }

  /** Puts those into `log` that may go there. */
  writeInto(log: FrameLog, share: Share = ALL): void {
    if (this.isEmpty) return;
    let due: WindowTeller[] = [];
    for (const stream of this.#streams) {
      if (!goesInto(log, stream.openLog, share)) continue;
      this.#streams.delete(stream);
      due.push(stream);
      if (due.length < WINDOWS_A_FRAME) continue;
      writeWindows(log, due);
      due = [];
    }
    if (due.length > 0) writeWindows(log, due);
  }
}

function writeWindows(log: FrameLog, streams: readonly WindowTeller[]): void {
  let at = log.reserve(COUNTED_HEADER_BYTES + streams.length * WINDOW_BYTES);
  writeWindowsHeader(log.arena, at, streams.length);
  at += COUNTED_HEADER_BYTES;
  for (const { id, window } of streams) {
    writeWindow(log.arena, at, id, window.granted);
    at += WINDOW_BYTES;
  }
}

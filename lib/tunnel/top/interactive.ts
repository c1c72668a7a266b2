/**
 * `tele top` on a terminal.
 *
 * @module
 */
import { KeyReader } from "./keys.ts";
import type { Report } from "./report.ts";
import type { TerminalScreen } from "./terminal_screen.ts";
import { TopView } from "./top_view.ts";
import { watch, type WatchNeeds } from "./watch.ts";

/** Needed beside the process that is asked. */
export interface InteractiveNeeds extends WatchNeeds {
  /** Where the process is asked, as its user wrote it. */
  readonly address: string;
  /** Where it is drawn. */
  readonly screen: TerminalScreen;
  /** Reads what is typed; `null` when there is no keyboard any more. */
  readonly read: () => Promise<Uint8Array | null>;
  /** Calls back whenever the terminal has another size; returns what ends that. */
  readonly onResize: (action: () => void) => () => void;
}

/**
 * Draws until somebody presses `q` or it is ended. The terminal is taken with the first answer, and given back whatever
 * happens.
 *
 * @throws Why there is no first answer; a fault of drawing.
 */
export async function runInteractive(needs: InteractiveNeeds): Promise<void> {
  const ending = new AbortController();
  const signal = AbortSignal.any([needs.signal, ending.signal]);
  const faults: unknown[] = [];
  let view: TopView | undefined;
  const draw = () => {
    if (view !== undefined && !signal.aborted) needs.screen.draw(view.lines(needs.screen.size));
  };
  const stopResize = needs.onResize(draw);
  const begin = (report: Report) => {
    const begun = new TopView(needs.address, report);
    needs.screen.enter();
    obeyKeys(needs.read, begun, draw).catch((error) => faults.push(error)).finally(() => ending.abort());
    return begun;
  };
  try {
    await watch({ ...needs, signal }, {
      take(report) {
        if (view === undefined) view = begin(report);
        else view.take(report);
        draw();
      },
      lost(reason) {
        view?.lost(reason);
        draw();
      },
    });
  } finally {
    stopResize();
    await needs.screen.leave();
  }
  if (faults.length > 0) throw faults[0];
}

/** Resolves when a key asks for the end, or no key will come any more. */
async function obeyKeys(read: InteractiveNeeds["read"], view: TopView, draw: () => void): Promise<void> {
  const keys = new KeyReader();
  // A terminal that has gone is an end as well.
  const typed = () => read().catch(() => null);
  for (let bytes = await typed(); bytes !== null; bytes = await typed()) {
    for (const key of keys.read(bytes)) {
      if (key === "end") return;
      view.press(key);
    }
    draw();
  }
}

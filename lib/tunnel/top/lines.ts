/**
 * `tele top` without a terminal: one line each second.
 *
 * @module
 */
import { Rates } from "./rates.ts";
import type { Report } from "./report.ts";
import { lostLine, reportLine } from "./report_line.ts";
import { watch, type WatchNeeds } from "./watch.ts";

/**
 * Writes lines until it is ended, or nobody reads them any more.
 *
 * @param write Writes a line; resolves with what went wrong, if anything did.
 * @throws Why there is no first answer; what went wrong with writing, unless it is that the reader has gone.
 */
export async function runLines(needs: WatchNeeds, write: (line: string) => Promise<unknown>): Promise<void> {
  const ending = new AbortController();
  let fault: unknown;
  let isWriting = false;
  const put = async (line: string) => {
    // Who does not read for a second misses its line: they must not pile up.
    if (isWriting) return;
    isWriting = true;
    fault = await write(line);
    isWriting = false;
    if (fault !== undefined) ending.abort();
  };
  let before: Report | undefined;
  await watch({ ...needs, signal: AbortSignal.any([needs.signal, ending.signal]) }, {
    take(report) {
      put(reportLine(report, new Rates(report, before)));
      before = report;
    },
    lost: (reason) => void put(lostLine(reason, needs.clock.wallNow())),
  });
  if (fault !== undefined && !(fault instanceof Deno.errors.BrokenPipe)) throw fault;
}

/**
 * Time for files that are watched (`lib/tunnel/files/watched_files.ts`).
 *
 * @module
 */
import type { FakeClock } from "./fake_clock.ts";
import { until } from "./wait.ts";

/**
 * Lets `count` looks at files happen, `lookMs` milliseconds apart, each to its end: the real event loop reads them, and the next
 * look is planned when it has.
 */
export async function looks(clock: FakeClock, count: number, lookMs = 1_000): Promise<void> {
  const planned = clock.pendingTimers;
  for (let look = 0; look < count; look++) {
    await clock.advance(lookMs);
    await until(() => clock.pendingTimers >= planned, 10_000, "the end of a look");
    await clock.settle();
  }
}

/**
 * What a part of the bench has started, and that it ends, however the bench does.
 *
 * @module
 */
import { Scenario } from "../../tests/support/scenario.ts";
import { pause } from "../../tests/support/wait.ts";
import { killChildren } from "./program.ts";

/** How long everything together may take to end on a signal, in milliseconds. */
const END_MS = 15_000;

const alive = new Set<Scenario>();
let isEnding = false;

/** Runs `body` with a folder and processes of its own, and ends them. */
export async function withScene<T>(body: (s: Scenario) => Promise<T>): Promise<T> {
  const s = new Scenario(await Deno.makeTempDir({ prefix: "tele-bench-" }));
  alive.add(s);
  try {
    return await body(s);
  } finally {
    // What fails because all is being ended must not go on to the next thing.
    if (isEnding) await new Promise<never>(() => {});
    await end(s);
  }
}

/** From now on a signal to end leaves nothing behind. */
export function endOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, async () => {
      if (isEnding) return;
      isEnding = true;
      // The latest first: they use what the earlier ones have made.
      const ending = (async () => {
        for (const s of [...alive].reverse()) await end(s);
      })();
      // What fails to end, or does not, is ended below.
      await Promise.race([ending.catch(() => {}), pause(END_MS)]);
      killChildren(Deno.pid);
      Deno.exit(130);
    });
  }
}

async function end(s: Scenario): Promise<void> {
  alive.delete(s);
  await s.end();
  await Deno.remove(s.home, { recursive: true });
}

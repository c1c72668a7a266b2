/**
 * Waiting with an end.
 *
 * @module
 */

/** The result of `promise`; throws if it takes longer than `ms`, naming `what`. */
export async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `isSo` is true, looking every 10 ms; throws after `ms`, naming `what`. Returns how long it took. */
export async function until(isSo: () => boolean, ms: number, what: string): Promise<number> {
  const start = performance.now();
  while (!isSo()) {
    if (performance.now() - start > ms) throw new Error(`${what}: not within ${ms} ms`);
    await pause(10);
  }
  return performance.now() - start;
}

/** Waits `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** How often a test cuts all carriers of a fleet: enough that each server has each kind, or what TELE_CUTS says. */
export const CUTS = Number(Deno.env.get("TELE_CUTS") ?? 25);

/** How long an outage of a user's program lasts, in milliseconds: `usualMs`, or what TELE_OUTAGE_SECONDS says. */
export function outageMs(usualMs: number): number {
  const seconds = Number(Deno.env.get("TELE_OUTAGE_SECONDS") ?? usualMs / 1_000);
  if (!(seconds >= 1 && seconds <= 600)) throw new Error("TELE_OUTAGE_SECONDS is a number from 1 to 600");
  return seconds * 1_000;
}

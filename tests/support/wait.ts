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

/**
 * Memory of the two tele processes over a soak, and whether it grows.
 *
 * @module
 */

const MIB = 2 ** 20;

/** Growth is what the median of the last quarter has over that of the second, beyond these bytes a connection ... */
export const GROWTH_BYTES_EACH = 256;
/** ... and beyond these in any case: garbage that V8 has not collected yet comes and goes. */
export const GROWTH_TOLERANCE_BYTES = 16 * MIB;
/** With fewer samples in a quarter nothing is judged: a process that has just started does grow. */
export const LEAST_QUARTER_SAMPLES = 60;

/** What a series of samples says. */
export interface GrowthVerdict {
  /** Median of the second quarter, in bytes. */
  earlyBytes: number;
  /** Median of the last quarter, in bytes. */
  lateBytes: number;
  /** How much that is for each connection that ended between the two, in bytes; 0 if it is less. */
  bytesEach: number;
  /** `undefined` if there were too few samples to tell. */
  grew: boolean | undefined;
}

/**
 * Compares the second quarter with the last. The first quarter is left out: that is the process warming up. Medians are
 * compared, so that an outage with full buffers at either time does not count.
 *
 * @param samples Resident bytes, taken at even intervals.
 * @param connections How many had ended at the end.
 */
export function judgeGrowth(samples: readonly number[], connections: number): GrowthVerdict {
  const quarter = Math.floor(samples.length / 4);
  const earlyBytes = median(samples.slice(quarter, 2 * quarter));
  const lateBytes = median(samples.slice(samples.length - quarter));
  // From the middle of one to the middle of the other is half of the time.
  const between = Math.max(1, connections / 2);
  const grownBytes = Math.max(0, lateBytes - earlyBytes);
  const grew = grownBytes > Math.max(GROWTH_TOLERANCE_BYTES, GROWTH_BYTES_EACH * between);
  const isLong = quarter >= LEAST_QUARTER_SAMPLES;
  return { earlyBytes, lateBytes, bytesEach: grownBytes / between, grew: isLong ? grew : undefined };
}

/** The middle one; of nothing, 0. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Bytes as whole MiB. */
export function inMib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

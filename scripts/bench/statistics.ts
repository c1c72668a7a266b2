/**
 * Medians and their spread.
 *
 * @module
 */

/** The middle of some samples: half of them lie between the quartiles. */
export interface Quartiles {
  low: number;
  median: number;
  high: number;
}

/** The sample below which `part` of all lie, by the nearest rank; `NaN` where there is none. */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}

/** The median and the quartiles; between two samples they are interpolated. */
export function quartiles(samples: readonly number[]): Quartiles {
  const sorted = samples.toSorted((one, other) => one - other);
  const at = (part: number) => {
    const rank = part * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]];
    return below + (above - below) * (rank - Math.floor(rank));
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}

/** A number with three digits that count. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

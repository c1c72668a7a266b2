/**
 * Durations, as people read them.
 *
 * @module
 */

/** Tells a duration to a person. */
export function formatMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

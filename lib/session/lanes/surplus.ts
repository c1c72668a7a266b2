/**
 * Which carriers are too many.
 *
 * @module
 */

/** A carrier of a client. */
export interface Dispensable {
  /** Which of the client's paths it takes. */
  readonly path: number;
}

/**
 * Chooses `count` carriers that leave: each time the oldest of the path that has the most, but none of `kept`, which are
 * the quiet ones. A pure function.
 *
 * @param working Carriers that work, oldest first.
 *
 * @example
 * ```ts
 * import { surplus } from "./surplus.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [quiet, one, other, third] = [{ path: 0 }, { path: 0 }, { path: 0 }, { path: 1 }];
 * assertEquals(surplus([quiet, one, other, third], [quiet, third], 1), [one]);
 * ```
 */
export function surplus<Carrier extends Dispensable>(
  working: readonly Carrier[],
  kept: readonly Carrier[],
  count: number,
): Carrier[] {
  const gone: Carrier[] = [];
  while (gone.length < count) {
    const left = working.filter((carrier) => !gone.includes(carrier));
    const countOn = (path: number) => left.filter((carrier) => carrier.path === path).length;
    const most = Math.max(...left.map(({ path }) => countOn(path)));
    const candidates = left.filter((carrier) => !kept.includes(carrier));
    const next = candidates.find(({ path }) => countOn(path) === most) ?? candidates[0];
    if (next === undefined) break;
    gone.push(next);
  }
  return gone;
}

/**
 * How many carriers leave other paths, so that one that has come back gets its share: as many as make it as rich as the
 * richest of them, but for one.
 *
 * @param counts How many each path has.
 * @param path The one that has come back.
 *
 * @example
 * ```ts
 * import { shareOf } from "./surplus.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([shareOf([5, 1], 1), shareOf([2, 1], 1), shareOf([3, 2, 1], 2)], [2, 0, 1]);
 * ```
 */
export function shareOf(counts: readonly number[], path: number): number {
  const left = [...counts];
  for (let moved = 0;; moved++) {
    const richest = left.indexOf(Math.max(...left));
    if (left[richest] - left[path] < 2) return moved;
    left[richest]--;
    left[path]++;
  }
}

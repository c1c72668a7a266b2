/**
 * Which carriers of which paths are quiet, and which take bulk.
 *
 * @module
 */
import type { Lane } from "../handshake/messages.ts";

/** The session's quiet carrier stays on its path unless another path's round trip is shorter by this share, ... */
const SHORTER = 0.8;
/** ... and by so many milliseconds. */
const SHORTER_MS = 2;

/** A carrier that may be sent on. */
export interface LinedUp {
  /** Its number, its path and what was measured there. */
  readonly carrier: {
    readonly number: number;
    readonly path: string;
    readonly roundTripMs: number;
    readonly room: { readonly flight: { readonly lowestRoundTripMs: number } };
  };
  /** What it is for. */
  readonly lane: Lane;
  /** Whether anything came on it. */
  readonly isHeard: boolean;
  /** Whether only a guess speaks for it. */
  readonly isDoubted: boolean;
  /** Whether what it has in flight makes no progress. */
  readonly isStill: boolean;
}

/** Who does what. */
export interface LineUp<Attached> {
  /** The quiet carrier of each path. The first is the session's, the second goes beside it for small frames. */
  readonly quiets: readonly Attached[];
  /** Those that take bulk. */
  readonly takers: readonly Attached[];
}

/**
 * Lines up the carriers of a session. A pure function.
 *
 * Each path has a quiet carrier: of those with that lane the newest that is not in doubt, else the newest of any lane.
 * The session's is on a path that makes progress, the one with the shortest round trip. Bulk goes on all bulk carriers,
 * and on the quiet one of a path that has none. At a server those that it has heard go first, since the accept of
 * another may have been lost.
 *
 * Source: `PROTOCOL.md`, "Lanes", "Several paths".
 *
 * @param before The path on which the session's quiet carrier was.
 *
 * @example
 * ```ts
 * import { lineUp } from "./line_up.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const attached = (number: number, path: string, lowestRoundTripMs: number, lane: "quiet" | "bulk") => ({
 *   carrier: { number, path, roundTripMs: 0, room: { flight: { lowestRoundTripMs } } },
 *   lane, isHeard: true, isDoubted: false, isStill: false,
 * });
 * const all = [attached(0, "wifi", 9, "quiet"), attached(1, "cable", 4, "quiet"), attached(2, "cable", 4, "bulk")];
 * const { quiets, takers } = lineUp(all, undefined);
 * assertEquals([quiets, takers].map((some) => some.map(({ carrier }) => carrier.number)), [[1, 0], [0, 2]]);
 * ```
 */
export function lineUp<Attached extends LinedUp>(
  usable: readonly Attached[],
  before: string | undefined,
): LineUp<Attached> {
  const groups = Map.groupBy(usable, ({ carrier }) => carrier.path);
  const quiets = [...groups.values()].map((group) => group.reduce(better));
  if (quiets.length > 1) putFirst(quiets, before);
  const takers = [...groups.values()].flatMap((group) => {
    const quiet = quiets.find((each) => group.includes(each))!;
    const bulk = group.filter((attached) => attached !== quiet && attached.lane === "bulk" && isSound(attached));
    if (bulk.length > 0) return bulk;
    return quiet === quiets[0] || isSound(quiet) ? [quiet] : [];
  });
  return { quiets, takers };
}

function isSound({ isHeard, isDoubted }: LinedUp): boolean {
  return isHeard && !isDoubted;
}

/** What is heard goes before what has the lane: nothing may be sent on the other. */
function rank({ isHeard, isDoubted, lane }: LinedUp): number {
  return (isHeard ? 8 : 0) + (isDoubted ? 0 : 4) + (lane === "quiet" ? 1 : 0);
}

/** On one path what stands still is not left: all its carriers wait for the same. */
function better<Attached extends LinedUp>(one: Attached, other: Attached): Attached {
  const difference = rank(one) - rank(other) || one.carrier.number - other.carrier.number;
  return difference > 0 ? one : other;
}

function putFirst(quiets: LinedUp[], before: string | undefined): void {
  const rankOf = (quiet: LinedUp) => rank(quiet) + (quiet.isStill ? 0 : 2);
  quiets.sort((one, other) =>
    rankOf(other) - rankOf(one) || roundTripOf(one) - roundTripOf(other) || other.carrier.number - one.carrier.number
  );
  const [best] = quiets;
  const at = quiets.findIndex(({ carrier }) => carrier.path === before);
  if (at <= 0 || rankOf(quiets[at]) < rankOf(best) || isMuchShorter(roundTripOf(best), roundTripOf(quiets[at]))) return;
  quiets.unshift(...quiets.splice(at, 1));
}

/** In milliseconds; `Infinity` if unknown. */
function roundTripOf({ carrier: { room: { flight }, roundTripMs } }: LinedUp): number {
  return flight.lowestRoundTripMs || roundTripMs || Infinity;
}

function isMuchShorter(oneMs: number, otherMs: number): boolean {
  return oneMs < SHORTER * otherMs && oneMs + SHORTER_MS <= otherMs;
}

/**
 * Who goes when there are too many sessions: the pure choice. Source: `PROTOCOL.md`, "Too many sessions".
 *
 * @module
 */

/** How long a session must have been without a carrier before it goes for a newcomer, in milliseconds. */
export const EVICT_AFTER_MS = 120_000;

/** Of a host with more empty sessions than this without a carrier, one goes however short its outage. */
export const MOST_LEFT_BY_A_HOST = 16;

/** What the choice depends on. */
export interface Candidate {
  /** Whether its end loses nothing. */
  readonly isEmpty: boolean;
  /** When it lost its carrier, by the clock; `undefined` while it has one. */
  readonly detachedAt: number | undefined;
  /** Whether its client can be known again after a restart. */
  readonly hasIdentity: boolean;
  /** Address its last carrier came from, without the port. */
  readonly host: string;
  /** Name of the token that it began with, if that has one. */
  readonly tokenName: string | undefined;
}

/**
 * The session that makes room for another; `undefined` if none may go, and the newcomer must.
 *
 * Invariant 9: a session with streams, or with bytes that the peer has not taken, never goes, and none goes in a short
 * outage. The exception are hosts that leave one empty session after the other: else one guest could keep everyone out.
 * For a newcomer goes one of the token's name that has the most sessions, if that is its own, or has more than its own:
 * nobody pushes out others by coming often.
 *
 * @example
 * ```ts
 * import { choiceOf } from "./eviction.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const idle = { isEmpty: true, detachedAt: 0, hasIdentity: true, host: "192.0.2.1", tokenName: undefined };
 * assertEquals(choiceOf([idle], 1_000), undefined);
 * assertEquals(choiceOf([idle], 120_000), idle);
 * assertEquals(choiceOf([{ ...idle, isEmpty: false }], 120_000), undefined);
 * ```
 */
export function choiceOf<Each extends Candidate>(
  sessions: Iterable<Each>,
  nowMs: number,
  newcomer?: string,
): Each | undefined {
  const all = [...sessions];
  const counts = countsOf(all);
  const mayGo = (one: Candidate) => one.tokenName === newcomer || counts(one) > counts({ tokenName: newcomer });
  const left = all.filter((one) => one.isEmpty && one.detachedAt !== undefined && mayGo(one))
    .sort((one, other) => counts(other) - counts(one) || goesBefore(one, other));
  return left.find(({ detachedAt }) => nowMs - detachedAt! >= EVICT_AFTER_MS) ?? oldestOfCrowd(left);
}

/** How many sessions there are of a token's name; those without a name are counted together. */
function countsOf(all: readonly Candidate[]): (of: Pick<Candidate, "tokenName">) => number {
  const counts = new Map<string | undefined, number>();
  for (const { tokenName } of all) counts.set(tokenName, (counts.get(tokenName) ?? 0) + 1);
  return ({ tokenName }) => counts.get(tokenName) ?? 0;
}

/** Sessions without an identity go first, then those that have waited longer. */
function goesBefore(one: Candidate, other: Candidate): number {
  if (one.hasIdentity !== other.hasIdentity) return one.hasIdentity ? 1 : -1;
  return one.detachedAt! - other.detachedAt!;
}

/** The oldest session of the host that left the most, if it left too many. */
function oldestOfCrowd<Each extends Candidate>(left: readonly Each[]): Each | undefined {
  const byHost = Map.groupBy(left, ({ host }) => host);
  const crowd = [...byHost.values()].reduce((most, each) => each.length > most.length ? each : most, []);
  return crowd.length > MOST_LEFT_BY_A_HOST ? crowd[0] : undefined;
}

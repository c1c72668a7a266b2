/**
 * Which outages there are, and when.
 *
 * @module
 */

/** How the network breaks. */
export type OutageKind = "reset" | "close" | "black hole" | "one path";

/** One planned outage. */
export interface PlannedOutage {
  readonly kind: OutageKind;
  /** The part of the transfer after which it comes, between 0 and 1. */
  readonly after: number;
  /** How long nothing at all passes; 0 if new connections work at once. */
  readonly silentMs: number;
  /** The index of the path that is torn alone; `undefined` if all are. */
  readonly path?: number;
}

/** One outage that happened. */
export interface Outage {
  readonly kind: OutageKind;
  /** Since the transfers began. */
  readonly atMs: number;
  /** Downloaded until then. */
  readonly downBytes: number;
  /** Uploaded until then. */
  readonly upBytes: number;
}

/** The order of the kinds. A reset comes first: nothing is quicker to show what it does to a plain connection. */
const KINDS: readonly OutageKind[] = ["reset", "close", "black hole", "one path"];

/** Lengths of the black holes, in turn. Tele notices one after 3 s: one ends before that, one then, one later. */
const BLACK_HOLES_MS: readonly number[] = [2_000, 3_000, 4_000];

/**
 * How one path alone is torn, in turn: by silence, or by a reset. Each of the two paths in both ways. The silence is
 * longer than tele needs to tell that the path is down, unless it takes it for a queue.
 */
const ONE_PATH: readonly { readonly path: number; readonly silentMs: number }[] = [
  { path: 0, silentMs: 6_000 },
  { path: 1, silentMs: 0 },
  { path: 1, silentMs: 6_000 },
  { path: 0, silentMs: 0 },
];

/** The letter that stands for a kind in the progress bar. */
export const LETTERS: Readonly<Record<OutageKind, string>> = {
  reset: "R",
  close: "C",
  "black hole": "B",
  "one path": "P",
};

/** Plans `count` outages, evenly over the transfers. */
export function planOutages(count: number): PlannedOutage[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = KINDS[index % KINDS.length];
    const round = Math.floor(index / KINDS.length);
    const after = (index + 1) / (count + 1);
    if (kind === "one path") return { kind, after, ...ONE_PATH[round % ONE_PATH.length] };
    const silentMs = kind === "black hole" ? BLACK_HOLES_MS[round % BLACK_HOLES_MS.length] : 0;
    return { kind, after, silentMs };
  });
}

/** What a path is told, so that the outage happens there. */
export function commandOf({ kind, silentMs }: PlannedOutage): string {
  if (silentMs > 0) return `black hole ${silentMs}`;
  return kind === "one path" ? "reset" : kind;
}

/** The fastest that the demo's network gets: 100 Mbit/s each way, over both paths together. */
const MOST_BYTES_PER_SECOND = 100e6 / 8;

/**
 * The time between two outages that a transfer of any size should last over both paths, in seconds. Behind an outage of
 * one path that others follow there is twice that to do: more than the path that stays moves in those 6 s of silence.
 */
const SECONDS_BETWEEN = 2;

/**
 * The rate of both paths together in bytes per second, at which all outages come in the middle of the transfers.
 */
export function networkRate(sizeBytes: number, outages: number): number {
  return Math.min(MOST_BYTES_PER_SECOND, sizeBytes / (outages + 1) / SECONDS_BETWEEN);
}

/** Counts by kind: `10: 3 resets, 3 closes, 2 black holes, 2 of one path`. */
export function countKinds(outages: readonly { readonly kind: OutageKind }[]): string {
  const counts = KINDS.map((kind) => ({ kind, count: outages.filter((outage) => outage.kind === kind).length }));
  const parts = counts.filter(({ count }) => count > 0).map(({ kind, count }) => {
    if (kind === "one path") return `${count} of one path`;
    return count === 1 ? `1 ${kind}` : `${count} ${kind}s`;
  });
  return parts.length === 0 ? "0" : `${outages.length}: ${parts.join(", ")}`;
}

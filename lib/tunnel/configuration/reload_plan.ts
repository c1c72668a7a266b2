/**
 * What changes when a configuration is read again.
 *
 * @module
 */

import { isSame, type TunnelEntry } from "./tunnel_table.ts";

/** What happens to the tunnels; each is in one of the lists. */
export interface ReloadPlan {
  /** They go on as if nothing had happened: what runs is what is wanted. */
  readonly kept: readonly TunnelEntry[];
  /** They end, and begin again, as they are wanted now. */
  readonly changed: readonly TunnelEntry[];
  /** They begin. */
  readonly added: readonly TunnelEntry[];
  /** They end. */
  readonly removed: readonly TunnelEntry[];
}

/**
 * Compares by name and content: what stands in another order, or says the same in other words of TOML, is kept.
 *
 * @param running What runs.
 * @param wanted What shall run.
 */
export function planReload(running: readonly TunnelEntry[], wanted: readonly TunnelEntry[]): ReloadPlan {
  const former = (entry: TunnelEntry) => running.find(({ name }) => name === entry.name);
  const isKept = (entry: TunnelEntry) => {
    const before = former(entry);
    return before !== undefined && isSame(before, entry);
  };
  return {
    kept: wanted.filter(isKept),
    changed: wanted.filter((entry) => former(entry) !== undefined && !isKept(entry)),
    added: wanted.filter((entry) => former(entry) === undefined),
    removed: running.filter((entry) => !wanted.some(({ name }) => name === entry.name)),
  };
}

/** The plan in words, as `kept office and web, changed nas, gone lab`. */
export function tellPlan({ kept, changed, added, removed }: ReloadPlan): string {
  const parts: [word: string, entries: readonly TunnelEntry[]][] = [
    ["kept", kept],
    ["changed", changed],
    ["new", added],
    ["gone", removed],
  ];
  return parts.filter(([, entries]) => entries.length > 0)
    .map(([word, entries]) => `${word} ${entries.map(({ name }) => name).join(" and ")}`)
    .join(", ");
}

/**
 * How much memory the sessions of this process may hold, and how it is given back.
 *
 * @module
 */
import process from "node:process";
import v8 from "node:v8";
import vm from "node:vm";
import type { Clock, Timer } from "../../net/clock.ts";
import { MemoryBudget } from "../../session/memory_budget.ts";

/** Part of the machine's memory, unless the user sets a limit. */
const SHARE = 1 / 4;
/** Lower bound of a machine's memory, in bytes: whatever the system reports, sessions must work. */
const LEAST_MACHINE_BYTES = 256 * 1024 * 1024;
/** Assumed memory of a machine that may not be asked, in bytes. */
const ASSUMED_MACHINE_BYTES = 4 * 1024 ** 3;
/** A collection stops everything for a moment, so it comes after a delay and with pauses; both in milliseconds. */
const PAUSE_MS = 20_000;
const SOON_MS = 1_000;

/**
 * The budget of `--memory`: `memoryBytes`, or a quarter of what the machine or its control group (cgroup) has.
 *
 * @param processes How many processes share that.
 */
export function budgetOf(memoryBytes: number | undefined, clock: Clock, processes = 1): MemoryBudget {
  const limitBytes = memoryBytes ?? SHARE * machineMemoryBytes();
  return new MemoryBudget(Math.floor(limitBytes / processes), collectSoon(clock, garbageCollector()));
}

/** Memory of the machine or, if that is less, of the control group that this process is in; in bytes. */
export function machineMemoryBytes(): number {
  return Math.max(LEAST_MACHINE_BYTES, Math.min(...toldBytes()));
}

function toldBytes(): number[] {
  try {
    // Some releases of Deno 2.6 lack it; without a control group it returns an astronomical number.
    const limit = (process as { constrainedMemory?: () => number }).constrainedMemory?.() ?? 0;
    return [limit > 0 ? limit : Infinity, Deno.systemMemoryInfo().total];
  } catch {
    // No permission (`--allow-sys=systemMemoryInfo`), which is no reason not to start.
    return [ASSUMED_MACHINE_BYTES];
  }
}

/**
 * Asks V8 to collect. By itself it collects when it allocates: a server whose clients have left does not, and would
 * keep what they held.
 *
 * @returns `undefined` where the runtime does not offer it.
 */
export function garbageCollector(): (() => void) | undefined {
  try {
    v8.setFlagsFromString("--expose-gc");
    const collect: unknown = vm.runInNewContext("gc");
    return typeof collect === "function" ? () => void collect() : undefined;
  } catch {
    // Then the runtime collects when it likes.
    return undefined;
  }
}

/**
 * Calls `collect` a second after the returned function was called, and not more than once in 20 s.
 */
export function collectSoon(clock: Clock, collect: (() => void) | undefined): () => void {
  let timer: Timer | undefined;
  let lastMs = -Infinity;
  return () => {
    if (collect === undefined || timer !== undefined) return;
    const waitMs = Math.max(SOON_MS, lastMs + PAUSE_MS - clock.now());
    timer = clock.setTimer(() => {
      timer = undefined;
      lastMs = clock.now();
      collect();
    }, waitMs);
  };
}

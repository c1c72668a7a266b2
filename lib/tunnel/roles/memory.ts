/**
 * How much memory the sessions of this process may hold, and how what they held comes back.
 *
 * @module
 */
import process from "node:process";
import v8 from "node:v8";
import vm from "node:vm";
import type { Clock, Timer } from "../../net/clock.ts";
import { MemoryBudget } from "../../net/memory_budget.ts";

/** Unless told otherwise, so much of the machine's memory. */
const SHARE = 1 / 4;
/** The least that is taken for a machine's memory, in bytes: whatever it says, sessions must work. */
const LEAST_MACHINE_BYTES = 256 * 1024 * 1024;
/** Taken for a machine's memory where it may not be asked, in bytes. */
const ASSUMED_MACHINE_BYTES = 4 * 1024 ** 3;
/** A collection stops everything for a moment: not in the step that asks for it, and not often, in milliseconds. */
const PAUSE_MS = 20_000;
const SOON_MS = 1_000;

/** The budget of `--memory`: `memoryBytes`, or a quarter of what the machine or its control group (cgroup) has. */
export function budgetOf(memoryBytes: number | undefined, clock: Clock): MemoryBudget {
  const limitBytes = memoryBytes ?? Math.floor(SHARE * machineMemoryBytes());
  return new MemoryBudget(limitBytes, collectSoon(clock, garbageCollector()));
}

/** Memory of the machine or, if that is less, of the control group that this process is in; in bytes. */
export function machineMemoryBytes(): number {
  return Math.max(LEAST_MACHINE_BYTES, Math.min(...toldBytes()));
}

function toldBytes(): number[] {
  try {
    // On Deno 2.6 there may be no such function; without a group it answers with an astronomical number.
    const limit = (process as { constrainedMemory?: () => number }).constrainedMemory?.() ?? 0;
    return [limit > 0 ? limit : Infinity, Deno.systemMemoryInfo().total];
  } catch {
    // Not allowed (`--allow-sys=systemMemoryInfo`): that is no reason not to start.
    return [ASSUMED_MACHINE_BYTES];
  }
}

/**
 * V8 collects when it allocates: a server whose guests have left has no reason to, and keeps what they held. (450 MiB of
 * them stayed for as long as nobody came.)
 *
 * @returns Asks it to, where the runtime lets itself be asked.
 */
export function garbageCollector(): (() => void) | undefined {
  try {
    v8.setFlagsFromString("--expose-gc");
    const collect: unknown = vm.runInNewContext("gc");
    return typeof collect === "function" ? () => void collect() : undefined;
  } catch {
    // A runtime that does not let itself be asked collects when it likes.
    return undefined;
  }
}

/**
 * Calls `collect` a second after it is asked for, once in 20 s at most.
 *
 * @returns Asks for it.
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

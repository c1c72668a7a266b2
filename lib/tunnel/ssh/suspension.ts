/**
 * A program that is suspended while this one waits for it.
 *
 * @module
 */

/**
 * Whether a process is stopped by a signal (proc(5), `stat`). Only Linux tells.
 *
 * @param stat The text of its `/proc/PID/stat`. The name, in parentheses, may hold any character.
 *
 * @example
 * ```ts
 * import { isStopped } from "./suspension.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["7 (ssh) T 1 7", "7 (a) T) S 1 7"].map(isStopped), [true, false]);
 * ```
 */
export function isStopped(stat: string): boolean {
  return /^T\b/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

/** What {@linkcode followSuspension} asks of the system. */
export interface SuspensionNeeds {
  /** Calls `action` whenever a child has ended, stopped or gone on; returns what ends that. */
  onChild(action: () => void): () => void;
  /** The text of a process's `/proc/PID/stat`; throws where there is none. */
  stat(pid: number): string;
  /** Suspends this process. */
  suspend(): void;
}

/** This system. */
const SYSTEM: SuspensionNeeds = {
  onChild(action) {
    Deno.addSignalListener("SIGCHLD", action);
    return () => Deno.removeSignalListener("SIGCHLD", action);
  },
  stat: (pid) => Deno.readTextFileSync(`/proc/${pid}/stat`),
  suspend: () => Deno.kill(Deno.pid, "SIGSTOP"),
};

/**
 * Suspends this process whenever its child `pid` is: at `~^Z` ssh stops itself alone, and a shell waits for this one,
 * which it has started. `fg` then lets both go on. Where the system does not tell, it does nothing.
 *
 * @returns Ends that.
 */
export function followSuspension(pid: number, { onChild, stat, suspend }: SuspensionNeeds = SYSTEM): () => void {
  return onChild(() => {
    try {
      if (isStopped(stat(pid))) suspend();
    } catch {
      // It has ended, or this system does not tell.
    }
  });
}

/**
 * The pipe from a parent to its worker: what it says, and that it ends with the parent, also when that was killed.
 *
 * @module
 */

/**
 * What a parent writes when others listen on the worker's ports. A signal cannot say it: SIGQUIT alone is for one that
 * nobody follows, and SIGUSR2 may come to all processes by name.
 */
export const LEAVE_PORTS = 0x4c;

/**
 * Settles when the pipe from the parent ends: the system closes it with the parent's process.
 *
 * @param input What the parent holds the other end of: standard input.
 * @param onLeavePorts Called when it says {@linkcode LEAVE_PORTS}; what else it says is let go.
 *
 * @example
 * ```ts
 * import { parentEnded } from "./life_line.ts";
 *
 * await parentEnded({ read: () => Promise.resolve(null) }, () => {});
 * ```
 */
export async function parentEnded(
  input: { read(into: Uint8Array): Promise<number | null> },
  onLeavePorts: () => void,
): Promise<void> {
  const into = new Uint8Array(64);
  try {
    for (let count; (count = await input.read(into)) !== null;) {
      if (into.subarray(0, count).includes(LEAVE_PORTS)) onLeavePorts();
    }
  } catch {
    // Without the pipe there is no parent either.
  }
}

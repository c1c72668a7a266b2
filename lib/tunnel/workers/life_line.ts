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

/** What a parent writes when those others drain as well: they may end first, and then nobody would listen. */
export const RETURN_TO_PORTS = 0x52;

/** Hears the words of a parent. */
export interface LifeLineHearer {
  /** {@linkcode LEAVE_PORTS} */
  onLeavePorts(): void;
  /** {@linkcode RETURN_TO_PORTS} */
  onReturnToPorts(): void;
}

/**
 * Settles when the pipe from the parent ends: the system closes it with the parent's process.
 *
 * @param input What the parent holds the other end of: standard input.
 * @param hearer Told what it says; a word that is not known is let go, for the parent may be of another version.
 *
 * @example
 * ```ts
 * import { parentEnded } from "./life_line.ts";
 *
 * await parentEnded({ read: () => Promise.resolve(null) }, { onLeavePorts() {}, onReturnToPorts() {} });
 * ```
 */
export async function parentEnded(
  input: { read(into: Uint8Array): Promise<number | null> },
  { onLeavePorts, onReturnToPorts }: LifeLineHearer,
): Promise<void> {
  const into = new Uint8Array(64);
  try {
    for (let count; (count = await input.read(into)) !== null;) {
      for (const word of into.subarray(0, count)) {
        if (word === LEAVE_PORTS) onLeavePorts();
        if (word === RETURN_TO_PORTS) onReturnToPorts();
      }
    }
  } catch {
    // Without the pipe there is no parent either.
  }
}

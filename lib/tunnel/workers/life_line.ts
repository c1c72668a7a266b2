/**
 * How a worker notices that its parent has ended, also when that was killed.
 *
 * @module
 */

/**
 * Settles when the pipe from the parent ends: the system closes it with the parent's process.
 *
 * @param input What the parent holds the other end of: standard input.
 *
 * @example
 * ```ts
 * import { parentEnded } from "./life_line.ts";
 *
 * await parentEnded({ read: () => Promise.resolve(null) });
 * ```
 */
export async function parentEnded(input: { read(into: Uint8Array): Promise<number | null> }): Promise<void> {
  const into = new Uint8Array(64);
  try {
    while (await input.read(into) !== null);
  } catch {
    // Without the pipe there is no parent either.
  }
}

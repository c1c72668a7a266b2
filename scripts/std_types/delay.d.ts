/** Types of `@std/async/delay`: see the note in `README.md` of this folder. */

/** Options of {@linkcode delay}. */
export interface DelayOptions {
  /** Ends the delay early: the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Whether the pending timer keeps the process alive.
   *
   * @default {true}
   */
  persistent?: boolean;
}

/** Resolves after `ms` milliseconds. */
export function delay(ms: number, options?: DelayOptions): Promise<void>;

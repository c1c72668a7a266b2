/** Types of `@std/async/deadline`: see the note in `README.md` of this folder. */

/** Options of {@linkcode deadline}. */
export interface DeadlineOptions {
  /** Gives up earlier, with the signal's reason. */
  signal?: AbortSignal;
}

/** Settles as `p` does, or rejects with a `TimeoutError` (a `DOMException`) after `ms` milliseconds. */
export function deadline<T>(p: Promise<T>, ms: number, options?: DeadlineOptions): Promise<T>;

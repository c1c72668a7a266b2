/**
 * Plays something in a task of its own, and hears of the promises that reject in it with nobody to look at them.
 *
 * @module
 */
import { setImmediate } from "node:timers";

let isRunning = false;
let rejected: { reason: unknown } | undefined;

globalThis.addEventListener("unhandledrejection", (event) => {
  if (!isRunning) return;
  event.preventDefault();
  rejected ??= { reason: event.reason };
});

/** What came of a task, and the first rejection in it that nobody handled. */
export interface Played<Result> {
  result: Result;
  rejected: { reason: unknown } | undefined;
}

/** Calls `body` in a task of its own: `drain` must not be called from within a promise job. */
export async function inOwnTask<Result>(body: () => Result | Promise<Result>): Promise<Played<Result>> {
  isRunning = true;
  rejected = undefined;
  try {
    const result = await new Promise<Result>((resolve, reject) => {
      setImmediate(() => {
        try {
          resolve(body());
        } catch (error) {
          reject(error);
        }
      });
    });
    // The runtime tells of rejections when it comes around.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    return { result, rejected };
  } finally {
    isRunning = false;
  }
}

/** What is wrong, in the words of an error and where it was thrown. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

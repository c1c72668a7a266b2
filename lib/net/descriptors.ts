/**
 * File descriptors: a process has a limited number, and what is needed most must not find the last one taken.
 *
 * @module
 */

/** How many are kept for carriers: an outage must be survived also where users' connections took the rest. */
const SPARE = 4;

/** Between two looks for a free one, in milliseconds. */
export const DESCRIPTOR_PAUSE_MS = 100;

/**
 * Whether `count` file descriptors are still free. Where that cannot be tried (Windows, no `--allow-read=/dev/null`) the
 * answer is yes.
 *
 * @param count @default {those kept for carriers}
 *
 * @example
 * ```ts
 * import { hasSpareDescriptors } from "./descriptors.ts";
 * import { assert } from "@std/assert";
 *
 * assert(hasSpareDescriptors());
 * ```
 */
export function hasSpareDescriptors(count: number = SPARE): boolean {
  const opened: Deno.FsFile[] = [];
  try {
    while (opened.length < count) opened.push(Deno.openSync("/dev/null"));
    return true;
  } catch (error) {
    return !isOutOfDescriptors(error);
  } finally {
    for (const file of opened) file.close();
  }
}

/** Whether `error` says that this process, or the system, has no file descriptor left. */
export function isOutOfDescriptors(error: unknown): boolean {
  const code = (error as { code?: string } | undefined)?.code;
  return code === "EMFILE" || code === "ENFILE" || /os error 2[34]\)/.test(String(error));
}

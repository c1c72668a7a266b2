/**
 * A signal that asks a tool to end. What the tool has started must end with it.
 *
 * @module
 */

/** The exit code of a tool that was interrupted: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;

const SIGNALS: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Resolves with {@linkcode INTERRUPTED} at the first signal, which does not end the process any more. */
export function interrupted(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, () => resolve(INTERRUPTED));
  });
}

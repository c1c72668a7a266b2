/**
 * What both roles share with the process they run in: signals, and an orderly end.
 *
 * @module
 */

/** The signals that end a role. Windows knows only the first. */
const SIGNALS: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Resolves with the name of the first signal that asks the process to end.
 *
 * To be called first thing: at EMFILE, registering the first signal listener panics.
 */
export function endSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, () => resolve(signal));
  });
}

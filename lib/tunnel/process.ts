/**
 * What both roles share with the process they run in: signals, and an orderly end.
 *
 * @module
 */

/** The signals that end a role. On Windows they are Ctrl-C, Ctrl-Break, and the console that is closed. */
const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Resolves with the name of the first signal that asks the process to end.
 *
 * To be called first thing: at EMFILE, registering the first signal listener panics.
 */
export function endSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) {
      try {
        Deno.addSignalListener(signal, () => resolve(signal));
      } catch (error) {
        // Deno before 2.7.6 throws for SIGHUP on Windows: there, closing the console ends the process at once.
        if (Deno.build.os !== "windows") throw error;
      }
    }
  });
}

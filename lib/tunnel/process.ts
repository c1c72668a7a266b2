/**
 * What both roles share with the process they run in: signals.
 *
 * @module
 */
import inspector from "node:inspector";

/** The signals that end a role. On Windows they are Ctrl-C, Ctrl-Break, and the console that is closed. */
const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** How often and for how long to look for a debugger that a signal starts, in milliseconds. */
const DEBUGGER_POLL_MS = 2;
const DEBUGGER_WATCH_MS = 1_000;

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

/**
 * Calls `action` for each SIGUSR1, which would otherwise kill the process. Does nothing on Windows, which has no such
 * signal. To be called first thing, as {@linkcode endSignal}.
 */
export function onTryNowSignal(action: () => void): void {
  if (Deno.build.os === "windows") return;
  // Whoever starts tele with --inspect wants its debugger.
  const isDebugged = debuggerUrl() !== undefined;
  Deno.addSignalListener("SIGUSR1", () => {
    if (!isDebugged) closeDebugger();
    action();
  });
}

/** Where a debugger can come in, if one can. */
function debuggerUrl(): string | undefined {
  try {
    return inspector.url();
  } catch {
    // Not allowed (`--allow-sys=inspector`): then it cannot be closed either.
    return undefined;
  }
}

/**
 * `deno run`, from 2.9.2 on, takes SIGUSR1 for a wish to be debugged whoever listens: it opens a port of 127.0.0.1 by
 * which every user of this machine could run code in this process. There is no option against it, so it is closed.
 */
function closeDebugger(): void {
  const watch = setInterval(() => {
    if (debuggerUrl() !== undefined) inspector.close();
  }, DEBUGGER_POLL_MS);
  setTimeout(() => clearInterval(watch), DEBUGGER_WATCH_MS);
}

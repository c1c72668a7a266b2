/**
 * The signals that a role obeys.
 *
 * @module
 */
import inspector from "node:inspector";
import { constants } from "node:os";

/**
 * The signals that end a role. On Windows they are Ctrl-C, Ctrl-Break and the closing of the console. Elsewhere SIGTERM
 * comes first: with the first listener Deno takes over all three, and a service manager's SIGTERM must not be lost.
 */
const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGTERM", "SIGINT", "SIGHUP"];

/** Interval and duration of the watch for a debugger that a signal starts, in milliseconds. */
const DEBUGGER_POLL_MS = 2;
const DEBUGGER_WATCH_MS = 1_000;

/** Signals within this time are one wish, in milliseconds: `npx` passes on what the terminal sends to both. */
const SAME_WISH_MS = 500;

/** The wish that the process should end. */
export interface EndSignals {
  /** Resolves with the name of the first signal. */
  readonly first: Promise<string>;
  /** Resolves with the name of the next one, from somebody who does not want to wait. */
  readonly insisted: Promise<string>;
}

/**
 * Listens for the signals that ask the process to end.
 *
 * A signal that was ignored at the start stays ignored: by that, `nohup` keeps a process whose terminal goes away, and
 * a shell without job control keeps its background processes from Ctrl-C. To ignore takes a listener that does nothing:
 * with the first listener of any signal, Deno takes over SIGHUP, SIGINT and SIGTERM, and each without a listener ends
 * the process (measured on 2.9.6).
 *
 * Call it first of all: at EMFILE, Deno panics when the first signal listener is added.
 *
 * @param isStdio Whether the process carries standard input and output: its parent may end it by SIGHUP.
 * @param onReload Called for each SIGHUP, which is no wish to end then, and is heard though it was ignored at the start:
 * under `nohup` too a service can be told to read its files again. On Windows, where SIGHUP is the closing of the
 * console, never.
 */
export function endSignals(isStdio: boolean, onReload?: () => void): EndSignals {
  const ignored = ignoredSignals();
  const first = Promise.withResolvers<string>();
  const insisted = Promise.withResolvers<string>();
  let firstAtMs: number | undefined;
  const onSignal = (signal: string) => {
    const nowMs = performance.now();
    firstAtMs ??= nowMs;
    if (nowMs - firstAtMs < SAME_WISH_MS) first.resolve(signal);
    else insisted.resolve(signal);
  };
  for (const signal of SIGNALS) {
    if (signal === "SIGHUP" && onReload !== undefined && Deno.build.os !== "windows") {
      Deno.addSignalListener(signal, onReload);
      continue;
    }
    const isIgnored = ignored === undefined ? signal === "SIGHUP" && mayBeNohup(isStdio) : isIn(ignored, signal);
    try {
      Deno.addSignalListener(signal, isIgnored ? () => {} : () => onSignal(signal));
    } catch (error) {
      // Deno before 2.7.6 throws for SIGHUP on Windows: there, closing the console ends the process at once.
      if (Deno.build.os !== "windows") throw error;
    }
  }
  return { first: first.promise, insisted: insisted.promise };
}

/** One bit for each ignored signal. Only Linux tells, and Deno lets only a process with all permissions ask. */
function ignoredSignals(): bigint | undefined {
  try {
    // proc(5).
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    return mask === undefined ? undefined : BigInt(`0x${mask}`);
  } catch {
    return undefined;
  }
}

function isIn(mask: bigint, signal: Deno.Signal): boolean {
  const number = constants.signals[signal as keyof typeof constants.signals];
  return (mask >> BigInt(number - 1) & 1n) === 1n;
}

/** A guess where ignored signals are not known: under `nohup` neither output is a terminal. */
function mayBeNohup(isStdio: boolean): boolean {
  return Deno.build.os !== "windows" && !isStdio && !Deno.stdout.isTerminal() && !Deno.stderr.isTerminal();
}

/**
 * Calls `action` for each SIGUSR1, which would otherwise kill the process. Does nothing on Windows, which has no such
 * signal. Call it first of all, as {@linkcode endSignals}.
 */
export function onTryNowSignal(action: () => void): void {
  if (Deno.build.os === "windows") return;
  // With --inspect the user wants the debugger.
  const isDebugged = debuggerUrl() !== undefined;
  Deno.addSignalListener("SIGUSR1", () => {
    if (!isDebugged) closeDebugger();
    action();
  });
}

/**
 * Calls `action` for each SIGQUIT, which would otherwise kill the process. Does nothing on Windows, which has no such
 * signal. Call it first of all, as {@linkcode endSignals}.
 */
export function onDrainSignal(action: () => void): void {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGQUIT", action);
}

/**
 * Calls `action` for each SIGUSR2, which would otherwise kill the process. Does nothing on Windows, which has no such
 * signal. Call it first of all, as {@linkcode endSignals}.
 */
export function onUpgradeSignal(action: () => void): void {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGUSR2", action);
}

/** The address of the debugger's port, if it is open. */
function debuggerUrl(): string | undefined {
  try {
    return inspector.url();
  } catch {
    // No permission (`--allow-sys`): then it cannot be closed either.
    return undefined;
  }
}

/**
 * From 2.9.2 on, `deno run` opens a debugger's port on SIGUSR1, whether there is a listener or not, and every user of
 * this machine could run code in this process through it. No option prevents that, so the port is closed.
 */
function closeDebugger(): void {
  const watch = setInterval(() => {
    if (debuggerUrl() !== undefined) inspector.close();
  }, DEBUGGER_POLL_MS);
  setTimeout(() => clearInterval(watch), DEBUGGER_WATCH_MS);
}

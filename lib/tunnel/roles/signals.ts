/**
 * What both roles share with the process they run in: signals.
 *
 * @module
 */
import inspector from "node:inspector";
import { constants } from "node:os";

/**
 * The signals that end a role. On Windows they are Ctrl-C, Ctrl-Break, and the console that is closed. Elsewhere SIGTERM
 * first: with the first listener Deno takes over all three, and a service manager's must not fall in between.
 */
const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGTERM", "SIGINT", "SIGHUP"];

/** How often and for how long to look for a debugger that a signal starts, in milliseconds. */
const DEBUGGER_POLL_MS = 2;
const DEBUGGER_WATCH_MS = 1_000;

/** A signal that comes sooner behind another is the same wish: `npx` passes on what the terminal sends to both. In ms. */
const SAME_WISH_MS = 500;

/** The wish that the process should end. */
export interface EndSignals {
  /** Resolves with the name of the first signal that asks for it. */
  readonly first: Promise<string>;
  /** Resolves with the next one that comes behind it, from somebody who does not want to wait. */
  readonly insisted: Promise<string>;
}

/**
 * Listens for the signals that ask the process to end.
 *
 * A signal that was ignored at the start stays so: that is how `nohup` keeps a process when its terminal goes, and how a
 * shell without job control keeps what it starts in the background from Ctrl-C. It takes a listener that does nothing:
 * with the first listener of any signal, Deno takes over SIGHUP, SIGINT and SIGTERM, and ends the process by those that
 * nobody listens to (measured on 2.9.6).
 *
 * To be called first thing: at EMFILE, registering the first signal listener panics.
 *
 * @param isStdio Whether the process carries standard input and output: who started it may end it by SIGHUP.
 */
export function endSignals(isStdio: boolean): EndSignals {
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

/** One bit for each signal that this process ignores; only Linux tells, and Deno only a process with all permissions. */
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

/** Where nobody tells which signals are ignored: `nohup` leaves neither output on a terminal. */
function mayBeNohup(isStdio: boolean): boolean {
  return Deno.build.os !== "windows" && !isStdio && !Deno.stdout.isTerminal() && !Deno.stderr.isTerminal();
}

/**
 * Calls `action` for each SIGUSR1, which would otherwise kill the process. Does nothing on Windows, which has no such
 * signal. To be called first thing, as {@linkcode endSignals}.
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

/**
 * A program of the system, started with pipes to its standard input, output and error.
 *
 * @module
 */
import { reasonOf, TeleError } from "../error.ts";

/** How a program ended. */
export type CommandStatus = Pick<Deno.CommandStatus, "success" | "code" | "signal">;

/** A program that runs. */
export interface CommandProcess {
  /** What it reads. Closing it is the end of that. */
  readonly stdin: WritableStream<Uint8Array>;
  /** What it writes: a byte stream. */
  readonly stdout: ReadableStream<Uint8Array>;
  /** What it says about that. */
  readonly stderr: ReadableStream<Uint8Array>;
  /** Settles when it has ended. */
  readonly status: Promise<CommandStatus>;
  /**
   * Tells it, and all that it has started and that has not left its group, to end, or ends them. Never throws.
   *
   * @returns Whether anybody was there.
   */
  signal(signal: "SIGTERM" | "SIGKILL"): boolean;
}

/**
 * Starts a program in a session of its own (setsid): Ctrl-C in a terminal is for tele, which has a word for the tele
 * server first; and no question to the terminal's user can stop it.
 *
 * @param words Its name or path, and its arguments.
 * @throws {TeleError} `refused` if there is no such program or it may not be started, `carrier-lost` for what may pass.
 */
export function startProcess(words: readonly string[]): CommandProcess {
  const [program = "", ...args] = words;
  const isWindows = Deno.build.os === "windows";
  let child: Deno.ChildProcess;
  try {
    const options = { args, stdin: "piped", stdout: "piped", stderr: "piped", detached: !isWindows } as const;
    child = new Deno.Command(program, options).spawn();
  } catch (error) {
    throw explain(error, program);
  }
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    status: child.status,
    signal(signal) {
      try {
        if (isWindows) child.kill(signal);
        else Deno.kill(-child.pid, signal);
        return true;
      } catch {
        return false;
      }
    },
  };
}

function explain(error: unknown, program: string): TeleError {
  const name = JSON.stringify(program);
  const refused = (sentence: string) => new TeleError("refused", sentence, { cause: error });
  if (error instanceof Deno.errors.NotFound) {
    return refused(`there is no program ${name}: install it, or write its path`);
  }
  if (error instanceof Deno.errors.PermissionDenied) return refused(`this user may not start ${name}`);
  if (error instanceof Deno.errors.NotCapable) return refused(`tele may start no programs: give Deno --allow-run`);
  return new TeleError("carrier-lost", `${name} cannot be started: ${reasonOf(error)}`, { cause: error });
}

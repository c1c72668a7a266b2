/**
 * A worker as a child process.
 *
 * @module
 */
import { constants } from "node:os";
import { badInput, reasonOf } from "../../net/error.ts";
import { LEAVE_PORTS, RETURN_TO_PORTS } from "./life_line.ts";
import type { WorkerEnd, WorkerProcess } from "./worker_process.ts";
import { readReady } from "./worker_ready.ts";

/** What is started. */
export interface ChildCommand {
  /** The program, and its arguments. */
  readonly words: readonly string[];
  /** Variables beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables that are empty there: not all of this process' may be read, so that some are left out. */
  readonly without: readonly string[];
}

/**
 * Starts a worker. Its standard input is a pipe that ends with this process, however that ends. Its first line on
 * standard output tells that it listens; its log goes where that of this process goes.
 *
 * @throws {TeleError} `bad-input` if the program cannot be started.
 */
export function startChild({ words: [program, ...args], env, without }: ChildCommand): WorkerProcess {
  const none = Object.fromEntries(without.map((name) => [name, ""]));
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program!, {
      args,
      env: { ...none, ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      // In a session of its own: what a terminal sends to all in front of it is for the parent, which may be deaf to it.
      detached: true,
    }).spawn();
  } catch (error) {
    throw badInput(`cannot start ${program}: ${reasonOf(error)}`, { cause: error });
  }
  const input = child.stdin.getWriter();
  const say = (word: number) => {
    input.write(Uint8Array.of(word)).catch(() => {
      // It has ended, and its status is on the way.
    });
  };
  return {
    ready: readReady(child.stdout),
    ended: child.status.then(endOf),
    signal(name) {
      try {
        child.kill(name);
      } catch {
        // The same.
      }
    },
    leavePorts: () => say(LEAVE_PORTS),
    returnToPorts: () => say(RETURN_TO_PORTS),
  };
}

function endOf({ code, signal }: Deno.CommandStatus): WorkerEnd {
  const number = signal === null ? undefined : constants.signals[signal as keyof typeof constants.signals];
  return { code: number === undefined ? code : 128 + number, signal };
}

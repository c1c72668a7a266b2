/**
 * A parent: from the command line of its workers to an exit code.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { systemClock } from "../../net/clock.ts";
import { reasonOf } from "../../net/error.ts";
import { ExitCode } from "../command_line/exit_code.ts";
import type { Log } from "../../net/log.ts";
import type { StatusOptions } from "../command_line/role_options.ts";
import type { RoleCommand } from "../configuration/tunnel_table.ts";
import { LineWriter } from "../log/line_writer.ts";
import { formatLogLine, makeLog } from "../log/log_format.ts";
import { writeLine } from "../log/standard_streams.ts";
import { FLUSH_MS, keepRunning, readyLine } from "../roles/role_process.ts";
import { endSignals, onDrainSignal, onTryNowSignal, onUpgradeSignal } from "../roles/signals.ts";
import { serviceManager } from "../service/notify_socket.ts";
import { selfWords, thisProgram } from "../ssh/self_command.ts";
import { type OpenDoor, openDoor } from "../status/status_server.ts";
import { dialWorker } from "./ask_worker.ts";
import { startChild } from "./child_process.ts";
import { checkPlacesAreFree } from "./free_places.ts";
import { PrivateFolder } from "./private_folder.ts";
import { statusOf } from "./seat.ts";
import { mustMeet, seatVariable } from "./seat_here.ts";
import type { WorkerPlace } from "./worker.ts";
import { WorkerPool, type WorkerPoolOptions } from "./worker_pool.ts";
import { WorkersStatus } from "./workers_status.ts";

/** What tells a service manager's main process: workers are others. */
const MANAGER_VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/** What is shared by the workers of a role. */
export interface WorkersOptions {
  /** How many there are. */
  readonly count: number;
  /** The arguments of this process, which are those of its workers. */
  readonly args: readonly string[];
}

/**
 * Starts workers of a role, and keeps them running until it is asked to end.
 *
 * @returns The exit code.
 */
export async function runWorkers(command: RoleCommand, { count, args }: WorkersOptions): Promise<number> {
  const { logLevel: level, logFormat: format } = command.options;
  const lines = new LineWriter(
    (bytes) => Deno.stderr.write(bytes),
    (message) => formatLogLine(format, "warn", message, {}, Date.now()),
  );
  const log = makeLog({ level, format, write: (line) => lines.write(line), wallNow: Date.now });
  let folder: PrivateFolder | undefined;
  let open: OpenDoor | undefined;
  const start = workerStarter(args, count, () => folder);
  const pool = new WorkerPool({ count, clock: systemClock, log, start });
  const over = obeySignals(pool);
  keepRunning(log);
  const manager = serviceManager(log);
  let code: number = ExitCode.ok;
  try {
    const { status } = command.options;
    if (mustMeet(command) || status !== undefined) folder = PrivateFolder.make();
    if (folder !== undefined && status !== undefined) open = await openStatus(status, pool, folder.path, log);
    const started = checkPlacesAreFree(command, systemClock).then(() => pool.start());
    const ready = await Promise.race([started, over]);
    if (typeof ready !== "string") {
      const told = { ...ready, readyLine: `${ready.readyLine}, by ${count} ${count === 1 ? "worker" : "workers"}` };
      await writeLine(Deno.stdout, readyLine(told, format));
      manager.ready(told.readyLine);
    }
    const reason = await over;
    log("info", `ended by ${reason}`);
    await manager.stopping(`ended by ${reason}`);
  } catch (error) {
    // Of one that was asked to end while it started, the workers did as they were told.
    if (!pool.isEnding) {
      log("error", reasonOf(error));
      code = ExitCode.failed;
    }
  }
  open?.close();
  folder?.remove();
  await deadline(lines.flush(FLUSH_MS), FLUSH_MS).catch(() => {});
  return code;
}

/**
 * Passes signals on to the workers. Call it first of all, as {@linkcode endSignals}.
 *
 * @returns Settles with the signal that ended them, when none is left.
 */
function obeySignals(pool: WorkerPool): Promise<string> {
  const over = Promise.withResolvers<string>();
  const end = (signal: string) => void pool.end(signal as Deno.Signal).then(() => over.resolve(signal));
  const signals = endSignals(false);
  void signals.first.then(end);
  void signals.insisted.then(end);
  onDrainSignal(() => end("SIGQUIT"));
  onTryNowSignal(() => pool.signal("SIGUSR1"));
  onUpgradeSignal(() => void pool.upgrade());
  return over.promise;
}

/** One status address for all. */
function openStatus(options: StatusOptions, pool: WorkerPool, folder: string, log: Log): Promise<OpenDoor> {
  const addressOf = (place: WorkerPlace) => statusOf(place, folder);
  const status = new WorkersStatus({ clock: systemClock, places: () => pool.places, addressOf, dial: dialWorker });
  return openDoor(options, { clock: systemClock, log, look: () => status.look() });
}

/** Starts processes from the program that stands at the path where this one was started. */
function workerStarter(
  args: readonly string[],
  count: number,
  folderOf: () => PrivateFolder | undefined,
): WorkerPoolOptions["start"] {
  // Later the path of a program that was replaced is told with "(deleted)" behind it.
  const words = [...selfWords(thisProgram()), ...args];
  return async ({ number, generation }) => {
    const folder = folderOf();
    await folder?.clean();
    await folder?.writeKey();
    const seat = { number, count, generation, folder: folder?.path };
    return startChild({ words, env: seatVariable(seat), without: MANAGER_VARIABLES });
  };
}

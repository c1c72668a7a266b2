/**
 * What the service manager that started this process wants to be told: sd_notify(3), sd_watchdog_enabled(3).
 *
 * @module
 */
import { badInput } from "../../net/error.ts";

/** Variables that systemd sets for a service of `Type=notify`, and for one with `WatchdogSec=`. */
export interface ManagerEnvironment {
  /** Where its socket is: a path, or a name behind `@` (unix(7), abstract). */
  readonly NOTIFY_SOCKET?: string | undefined;
  /** How often it wants to hear of the process at least, in microseconds. */
  readonly WATCHDOG_USEC?: string | undefined;
  /** Of which process; a child inherits the variables, and they are not for it. */
  readonly WATCHDOG_PID?: string | undefined;
}

/** What the service manager wants. */
export interface ManagerRequest {
  /** The address of its socket, as Deno spells it: an abstract one begins with a zero. */
  readonly path: string;
  /** After a silence of this many milliseconds it ends the process; `undefined` if it does not watch. */
  readonly watchdogMs: number | undefined;
}

/**
 * Reads what the service manager wants.
 *
 * @param pid The number of this process.
 * @returns `undefined` if there is none, or none that wants to be told.
 * @throws {TeleError} `bad-input` for a socket of another kind, as between a virtual machine and its host.
 *
 * @example
 * ```ts
 * import { readManagerRequest } from "./manager_request.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const environment = { NOTIFY_SOCKET: "@manager", WATCHDOG_USEC: "30000000" };
 * assertEquals(readManagerRequest(environment, 7), { path: "\0manager", watchdogMs: 30_000 });
 * ```
 */
export function readManagerRequest(environment: ManagerEnvironment, pid: number): ManagerRequest | undefined {
  const { NOTIFY_SOCKET: socket = "", WATCHDOG_USEC, WATCHDOG_PID = "" } = environment;
  if (socket === "") return undefined;
  if (!/^[/@]./.test(socket)) {
    throw badInput(
      `NOTIFY_SOCKET is neither a path nor @NAME, so the service manager is not told that tele is ready: give the ` +
        "service Type=exec",
    );
  }
  const watchdogMs = Math.floor(Number(WATCHDOG_USEC) / 1000);
  const isWatched = watchdogMs > 0 && (WATCHDOG_PID === "" || WATCHDOG_PID === String(pid));
  return { path: socket.replace(/^@/, "\0"), watchdogMs: isWatched ? watchdogMs : undefined };
}

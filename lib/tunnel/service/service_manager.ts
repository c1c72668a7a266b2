/**
 * The service manager that started this process, as systemd: it is told when the tunnels are ready, that the process
 * is alive, and that it ends.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import type { ManagerRequest } from "./manager_request.ts";

/** Options of {@linkcode ServiceManager}. */
export interface ServiceManagerOptions {
  /** What it wants; `undefined` if nobody wants to be told. */
  readonly request: ManagerRequest | undefined;
  /** Sends one datagram to its socket. */
  readonly send: (path: string, text: string) => Promise<void>;
  /** Time. */
  readonly clock: Clock;
  /** Told once if it cannot be told. */
  readonly log: Log;
}

/** Tells a service manager of this process, by the words of sd_notify(3). */
export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  /** A message is sent when the one before it has left. */
  #sent: Promise<void> = Promise.resolve();
  #hasFailed = false;
  #isStopping = false;

  /** Nothing is told yet. */
  constructor(options: ServiceManagerOptions) {
    this.#options = options;
  }

  /**
   * The tunnels serve. From now on it also hears twice in the time that it grants that the event loop turns: a process
   * that hangs sends nothing, and is started anew.
   *
   * @param status A sentence for `systemctl status`.
   */
  ready(status: string): void {
    // Who was asked to end while it started is no longer ready.
    if (this.#isStopping) return;
    this.#tell("READY=1", `STATUS=${oneLine(status)}`);
    const { watchdogMs } = this.#options.request ?? {};
    if (watchdogMs !== undefined) this.#watch(watchdogMs / 2);
  }

  /** Something has changed: the configuration that was read again is in force, or fewer connections are left. */
  status(status: string): void {
    if (this.#isStopping) return;
    this.#tell(`STATUS=${oneLine(status)}`);
  }

  /** The process ends: connections that are told to their peers may take a while. Settles when that was sent. */
  stopping(reason: string): Promise<void> {
    this.#isStopping = true;
    this.#tell("STOPPING=1", `STATUS=${oneLine(reason)}`);
    return this.#sent;
  }

  /** There is no end of it but that of the process: a process that hangs while it stops is one that hangs. */
  #watch(everyMs: number): void {
    this.#tell("WATCHDOG=1");
    this.#options.clock.setTimer(() => this.#watch(everyMs), everyMs);
  }

  #tell(...lines: string[]): void {
    const { request, send, log } = this.#options;
    if (request === undefined) return;
    this.#sent = this.#sent.then(() => send(request.path, lines.join("\n"))).catch((error) => {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      log("warn", `the service manager cannot be told how tele is (NOTIFY_SOCKET): ${reasonOf(error)}`);
    });
  }
}

/** A line end would begin another word. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

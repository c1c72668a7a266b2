/**
 * The process around a role: its log, its signals, and its end.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { sleep, systemClock } from "../../net/clock.ts";
import { reasonOf } from "../../net/error.ts";
import type { Log, LogLevel } from "../../net/log.ts";
import { ExitCode } from "../command_line/exit_code.ts";
import { LineWriter } from "../log/line_writer.ts";
import { formatLogLine, type LogFormat, makeLog } from "../log/log_format.ts";
import { failed, writeLine } from "../log/standard_streams.ts";
import { StatusDisplay } from "../log/status_display.ts";
import { StatusTerminal } from "../log/status_terminal.ts";
import { workerLog } from "../log/worker_log.ts";
import { isDumb, isInForeground, rewrapsLines, terminalSize } from "../log/terminal.ts";
import { serviceManager } from "../service/notify_socket.ts";
import { watchParent } from "../workers/orphan.ts";
import type { Seat } from "../workers/seat.ts";
import { formatReady } from "../workers/worker_ready.ts";
import { DrainingProcess } from "./draining_process.ts";
import type { Running } from "./running.ts";
import { type EndSignals, endSignals, onDrainSignal, onTryNowSignal, onUpgradeSignal } from "./signals.ts";

/** An end that takes longer than this is explained, in milliseconds. */
const SAY_WHY_AFTER_MS = 700;

/** Limit for writing the last log lines, in milliseconds. */
export const FLUSH_MS = 200;

/** A role, and how its process behaves. */
export interface RoleProcess {
  /** Lowest level that is logged. */
  readonly logLevel: LogLevel;
  /** Shape of a log line. */
  readonly logFormat: LogFormat;
  /** Whether it carries standard input and output: its parent may end it by SIGHUP. */
  readonly isStdio: boolean;
  /** Which worker it is; `undefined` for none. */
  readonly seat?: Seat | undefined;
  /** Starts the role; throws a TeleError for what makes it impossible. */
  start(log: Log): Promise<Running>;
}

/**
 * Runs a role until it ends or is asked to end.
 *
 * @returns The exit code.
 */
export async function runRole(role: RoleProcess): Promise<number> {
  const signals = endSignals(role.isStdio);
  let tryNow = () => {};
  onTryNowSignal(() => tryNow());
  const draining = new DrainingProcess(systemClock);
  onDrainSignal(() => draining.ask());
  // It is for the parent, and one who sends it to all by name must not kill workers.
  if (role.seat !== undefined) onUpgradeSignal(() => {});
  const terminal = new StatusTerminal({
    write: (bytes) => Deno.stderr.write(bytes),
    columns: () => terminalSize().columns,
    rewraps: rewrapsLines({
      TERM: Deno.env.get("TERM"),
      TMUX: Deno.env.get("TMUX"),
      XTERM_VERSION: Deno.env.get("XTERM_VERSION"),
    }),
  });
  const { logLevel: level, logFormat: format } = role;
  const lines = new LineWriter(
    (bytes) => terminal.write(bytes),
    (message) => formatLogLine(format, "warn", message, {}, Date.now()),
  );
  const ownLog = makeLog({ level, format, write: (line) => lines.write(line), wallNow: Date.now });
  const log = role.seat === undefined ? ownLog : workerLog(role.seat.number, ownLog);
  const orphaned = role.seat && watchParent({ input: Deno.stdin, seat: role.seat, draining, log });
  keepRunning(log);
  const running = await start(role, signals, lines, log);
  if (typeof running === "number") return running;
  tryNow = () => running.tryNow();
  // A role that ends by itself has another use for standard output, and is no service.
  const manager = running.ended === undefined ? serviceManager(log) : undefined;
  const ready = role.seat === undefined ? readyLine(running, format) : formatReady(running);
  if (running.ended === undefined) await writeLine(Deno.stdout, ready);
  else log("debug", running.readyLine);
  manager?.ready(running.readyLine);
  draining.runs(running, manager);
  lines.release();
  const display = format === "text" && role.seat === undefined ? showStatus(running, terminal) : undefined;
  const { code, reason } = await Promise.race([
    Promise.race([signals.first, draining.over]).then((reason) => ({ code: ExitCode.ok, reason })),
    ...running.ended === undefined ? [] : [running.ended.then((code) => ({ code, reason: undefined }))],
  ]);
  // Before the last log lines, below which the live line would come back.
  const erased = display?.stop();
  const told = manager?.stopping(endedBy(reason ?? "its connection"));
  await stopOrInsist(running.stop(reason ?? "its connection is over"), signals, log);
  if (reason !== undefined) log("info", endedBy(reason));
  await orphaned?.clean();
  // A terminal that is held up must not delay the end.
  await deadline(Promise.all([erased, told, lines.flush(FLUSH_MS)]), FLUSH_MS).catch(() => {});
  return code;
}

/** Why the process ends: the name of a signal, or what {@linkcode Running.drain} says. */
export function endedBy(reason: string): string {
  return reason.startsWith("SIG") ? `ended by ${reason}` : `ended: ${reason}`;
}

/** Starts the role. If that fails, or a signal comes first, returns the exit code. */
async function start(
  role: RoleProcess,
  signals: EndSignals,
  lines: LineWriter,
  log: Log,
): Promise<Running | number> {
  // The line that says that it worked comes first, and below it what the start logs.
  lines.hold();
  try {
    // It may take for ever: a file may be a pipe that nobody writes to.
    const started = await Promise.race([role.start(log), signals.first]);
    if (typeof started !== "string") return started;
    log("info", `ended by ${started}`);
    lines.release();
    await lines.flush(FLUSH_MS);
    return ExitCode.ok;
  } catch (error) {
    lines.release();
    await lines.flush(FLUSH_MS);
    return await failed(error, role.logFormat);
  }
}

/** The ready line in the shape of a log line, for a program that reads both; `tunnel` names one of several. */
export function readyLine(
  { readyLine, listens }: Pick<Running, "readyLine" | "listens">,
  format: LogFormat,
  tunnel?: string,
): string {
  const line = tunnel === undefined ? readyLine : `${tunnel}: ${readyLine}`;
  if (format === "text") return line;
  const fields = { ...tunnel === undefined ? {} : { tunnel }, listens: listens.join(" ") };
  return formatLogLine(format, "info", line, fields, Date.now());
}

/** To tell the peers over the present path may take seconds; a user in a hurry sends the signal again. */
export async function stopOrInsist(stopping: Promise<void>, signals: EndSignals, log: Log): Promise<void> {
  const told = new AbortController();
  sleep(systemClock, SAY_WHY_AFTER_MS, told.signal).then(() => {
    if (!told.signal.aborted) {
      log("info", "telling the other side, behind what is under way; Ctrl-C again ends at once");
    }
  });
  await Promise.race([stopping, signals.insisted]);
  told.abort();
}

/** Shows the state of the client, where there is somebody to see it. */
function showStatus({ status }: Running, terminal: StatusTerminal): StatusDisplay | undefined {
  if (status === undefined || !Deno.stderr.isTerminal() || isDumb()) return undefined;
  return new StatusDisplay({
    clock: systemClock,
    terminal,
    status,
    isForeground: isInForeground,
  });
}

/** A fault in one connection must not end all others: it is logged, and the process goes on. */
export function keepRunning(log: Log): void {
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log("error", `a fault in tele itself, please report it: ${reasonOf(event.reason)}`);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    log("error", `a fault in tele itself, please report it: ${reasonOf(event.error)}`);
  });
}

/**
 * From a parsed command line to an exit code.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import config from "../../deno.json" with { type: "json" };
import { sleep, systemClock } from "../net/clock.ts";
import { reasonOf } from "../net/error.ts";
import type { Log } from "../net/log.ts";
import { startClient } from "./roles/client.ts";
import { type Command, type CommandEnvironment, parseCommandLine } from "./command_line/command_line.ts";
import { ExitCode } from "./command_line/exit_code.ts";
import { helpText } from "./command_line/help.ts";
import type { HostName } from "./values/host_name.ts";
import { LineWriter } from "./log/line_writer.ts";
import { formatLogLine, type LogFormat, makeLog } from "./log/log_format.ts";
import { writeCertificate } from "./files/make_cert.ts";
import { type EndSignals, endSignals, onTryNowSignal } from "./roles/signals.ts";
import type { Running } from "./roles/running.ts";
import { startServer } from "./roles/server.ts";
import { completionFor } from "./shells/completion.ts";
import { manPage } from "./shells/man_page.ts";
import { StatusDisplay } from "./log/status_display.ts";
import { StatusTerminal } from "./log/status_terminal.ts";
import { hasColors, isDumb, isInForeground, rewrapsLines, terminalColumns } from "./log/terminal.ts";
import { makeToken, makeTokenLine } from "./files/token_file.ts";

/** An end that takes longer than this is explained, in milliseconds. */
const SAY_WHY_AFTER_MS = 700;

/** Limit for writing the last log lines, in milliseconds. */
const FLUSH_MS = 200;

/**
 * Runs `tele` with the given arguments until it is asked to end.
 *
 * @param args The arguments behind the program's name.
 * @returns The exit code.
 */
export async function run(args: readonly string[]): Promise<number> {
  let command: Command;
  try {
    command = parseCommandLine(args, environment());
  } catch (error) {
    await writeLine(Deno.stderr, `tele: ${reasonOf(error)}`);
    return ExitCode.usage;
  }
  if (command.kind === "help") return await print(helpText(hasColors()).trimEnd());
  if (command.kind === "version") return await print(`tele ${config.version}`);
  if (command.kind === "completion") return await print(completionFor(command.shell).trimEnd());
  if (command.kind === "man") return await print(manPage(config.version).trimEnd());
  if (command.kind === "make-cert") return await makeCert(command.directory, command.hosts);
  if (command.kind === "make-token") {
    return await print(command.name === undefined ? makeToken() : makeTokenLine(command.name));
  }
  return await runRole(command);
}

/** The variables that count as options. */
function environment(): CommandEnvironment {
  return {
    TELE_TOKEN: Deno.env.get("TELE_TOKEN"),
    https_proxy: Deno.env.get("https_proxy"),
    HTTPS_PROXY: Deno.env.get("HTTPS_PROXY"),
    all_proxy: Deno.env.get("all_proxy"),
    ALL_PROXY: Deno.env.get("ALL_PROXY"),
    no_proxy: Deno.env.get("no_proxy"),
    NO_PROXY: Deno.env.get("NO_PROXY"),
  };
}

async function makeCert(directory: string, hosts: readonly HostName[]): Promise<number> {
  try {
    await writeLine(Deno.stdout, await writeCertificate(directory, hosts));
    return ExitCode.ok;
  } catch (error) {
    return await failed(error);
  }
}

/** Writes what was asked for. A full disk must not leave an empty token behind without a word. */
async function print(text: string): Promise<number> {
  const fault = await writeLine(Deno.stdout, text);
  if (fault === undefined || fault instanceof Deno.errors.BrokenPipe) return ExitCode.ok;
  return await failed(new Error(`cannot write to standard output: ${reasonOf(fault)}`));
}

/** Writes to standard error why it failed, in the shape of a log line. */
async function failed(error: unknown, format: LogFormat = "text"): Promise<number> {
  const reason = reasonOf(error);
  const line = format === "text" ? `tele: ${reason}` : formatLogLine(format, "error", reason, {}, Date.now());
  await writeLine(Deno.stderr, line);
  return ExitCode.failed;
}

/** A command that runs until it is asked to end. */
type RoleCommand = Command & { kind: "server" | "client" };

async function runRole(command: RoleCommand): Promise<number> {
  const signals = endSignals(command.kind === "client" && command.options.isStdio);
  let tryNow = () => {};
  onTryNowSignal(() => tryNow());
  const terminal = new StatusTerminal({
    write: (bytes) => Deno.stderr.write(bytes),
    columns: terminalColumns,
    rewraps: rewrapsLines({
      TERM: Deno.env.get("TERM"),
      TMUX: Deno.env.get("TMUX"),
      XTERM_VERSION: Deno.env.get("XTERM_VERSION"),
    }),
  });
  const { logLevel: level, logFormat: format } = command.options;
  const lines = new LineWriter(
    (bytes) => terminal.write(bytes),
    (message) => formatLogLine(format, "warn", message, {}, Date.now()),
  );
  const log = makeLog({ level, format, write: (line) => lines.write(line), wallNow: Date.now });
  keepRunning(log);
  const running = await start(command, signals, lines, log);
  if (typeof running === "number") return running;
  tryNow = () => running.tryNow();
  // A role that ends by itself carries standard output, where nothing but user bytes may go.
  if (running.ended === undefined) await writeLine(Deno.stdout, readyLine(running, format));
  else log("debug", running.readyLine);
  lines.release();
  const display = format === "text" ? showStatus(running, terminal) : undefined;
  const { code, reason } = await Promise.race([
    signals.first.then((signal) => ({ code: ExitCode.ok, reason: signal })),
    ...running.ended === undefined ? [] : [running.ended.then((code) => ({ code, reason: undefined }))],
  ]);
  // Before the last log lines, below which the live line would come back.
  const erased = display?.stop();
  await stopOrInsist(running.stop(reason ?? "its connection is over"), signals, log);
  if (reason !== undefined) log("info", `ended by ${reason}`);
  // A terminal that is held up must not delay the end.
  await deadline(Promise.all([erased, lines.flush(FLUSH_MS)]), FLUSH_MS).catch(() => {});
  return code;
}

/** Starts the role. If that fails, or a signal comes first, returns the exit code. */
async function start(
  command: RoleCommand,
  signals: EndSignals,
  lines: LineWriter,
  log: Log,
): Promise<Running | number> {
  // The line that says that it worked comes first, and below it what the start logs.
  lines.hold();
  try {
    const starting = command.kind === "server" ? startServer(command.options, log) : startClient(command.options, log);
    // It may take for ever: a file may be a pipe that nobody writes to.
    const started = await Promise.race([starting, signals.first]);
    if (typeof started !== "string") return started;
    log("info", `ended by ${started}`);
    lines.release();
    await lines.flush(FLUSH_MS);
    return ExitCode.ok;
  } catch (error) {
    lines.release();
    await lines.flush(FLUSH_MS);
    return await failed(error, command.options.logFormat);
  }
}

/** The ready line in the shape of a log line, for a program that reads both. */
function readyLine({ readyLine, listens }: Running, format: LogFormat): string {
  if (format === "text") return readyLine;
  return formatLogLine(format, "info", readyLine, { listens: listens.join(" ") }, Date.now());
}

/** To tell the peers over the present path may take seconds; a user in a hurry sends the signal again. */
async function stopOrInsist(stopping: Promise<void>, signals: EndSignals, log: Log): Promise<void> {
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
function keepRunning(log: Log): void {
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log("error", `a fault in tele itself, please report it: ${reasonOf(event.reason)}`);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    log("error", `a fault in tele itself, please report it: ${reasonOf(event.error)}`);
  });
}

/** Returns what went wrong in place of throwing: that nobody reads any more is no reason to end. */
async function writeLine(stream: typeof Deno.stdout | typeof Deno.stderr, line: string): Promise<unknown> {
  const bytes = new TextEncoder().encode(`${line}\n`);
  try {
    for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * From a parsed command line to an exit code.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { reasonOf } from "../net/error.ts";
import type { Log } from "../net/log.ts";
import { startClient } from "./client.ts";
import { type Command, parseCommandLine } from "./command_line.ts";
import { helpText } from "./help.ts";
import type { HostName } from "./host_name.ts";
import { LineWriter } from "./line_writer.ts";
import { makeLog } from "./log_format.ts";
import { writeCertificate } from "./make_cert.ts";
import { endSignal } from "./process.ts";
import { type Running, startServer } from "./server.ts";
import { makeToken } from "./token.ts";

/** How long the last log lines may take, in milliseconds. */
const FLUSH_MS = 200;

/** Exit codes: ended as asked, could not run, wrong command line. */
export const ExitCode = { ok: 0, failed: 1, usage: 2 } as const;

/**
 * Runs `tele` with the given arguments until it is asked to end.
 *
 * @param args What stands behind the program's name.
 * @returns The exit code.
 */
export async function run(args: readonly string[]): Promise<number> {
  let command: Command;
  try {
    command = parseCommandLine(args, { TELE_TOKEN: Deno.env.get("TELE_TOKEN") });
  } catch (error) {
    await writeLine(Deno.stderr, `tele: ${reasonOf(error)}`);
    return ExitCode.usage;
  }
  if (command.kind === "help") await writeLine(Deno.stdout, helpText().trimEnd());
  else if (command.kind === "version") await writeLine(Deno.stdout, `tele ${config.version}`);
  else if (command.kind === "make-cert") return await makeCert(command.directory, command.hosts);
  else if (command.kind === "make-token") await writeLine(Deno.stdout, makeToken());
  else return await runRole(command);
  return ExitCode.ok;
}

async function makeCert(directory: string, hosts: readonly HostName[]): Promise<number> {
  try {
    await writeLine(Deno.stdout, await writeCertificate(directory, hosts));
    return ExitCode.ok;
  } catch (error) {
    return await failed(error);
  }
}

/** Tells on standard error why it could not be done. */
async function failed(error: unknown): Promise<number> {
  await writeLine(Deno.stderr, `tele: ${reasonOf(error)}`);
  return ExitCode.failed;
}

async function runRole(command: Command & { kind: "server" | "client" }): Promise<number> {
  const signalled = endSignal();
  const lines = new LineWriter((bytes) => Deno.stderr.write(bytes));
  const log = makeLog({
    level: command.options.logLevel,
    format: command.options.logFormat,
    write: (line) => lines.write(line),
    wallNow: Date.now,
  });
  keepRunning(log);
  let running: Running;
  try {
    running = command.kind === "server"
      ? await startServer(command.options, log)
      : await startClient(command.options, log);
  } catch (error) {
    return await failed(error);
  }
  await writeLine(Deno.stdout, running.readyLine);
  const signal = await signalled;
  await running.stop(signal);
  log("info", `ended by ${signal}`);
  await lines.flush(FLUSH_MS);
  return ExitCode.ok;
}

/** A mistake in one connection must not end all others: it is logged, and the process goes on. */
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

async function writeLine(stream: typeof Deno.stdout | typeof Deno.stderr, line: string): Promise<void> {
  const bytes = new TextEncoder().encode(`${line}\n`);
  try {
    for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
  } catch {
    // Nobody reads any more; that is no reason to end.
  }
}

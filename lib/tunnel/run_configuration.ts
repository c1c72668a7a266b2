/**
 * From a configuration to an exit code.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { deadline } from "@std/async/deadline";
import { systemClock } from "../net/clock.ts";
import { reasonOf } from "../net/error.ts";
import { hears, type Log, type LogLevel } from "../net/log.ts";
import type { MemoryBudget } from "../session/memory_budget.ts";
import { readEnvironment } from "./command_line/command_environment.ts";
import type { ConfigCommand } from "./command_line/config_command.ts";
import { ExitCode } from "./command_line/exit_code.ts";
import { type Configuration, readConfiguration } from "./configuration/configuration.ts";
import { checkTunnelFiles } from "./configuration/tunnel_files.ts";
import { printConfiguration } from "./configuration/print.ts";
import { RunningTunnels } from "./configuration/running_tunnels.ts";
import { readFiles, settle } from "./files/watched_files.ts";
import { LineWriter } from "./log/line_writer.ts";
import { formatLogLine, makeLog } from "./log/log_format.ts";
import { failed, print } from "./log/standard_streams.ts";
import { DrainingProcess } from "./roles/draining_process.ts";
import { budgetOf } from "./roles/memory.ts";
import { endedBy, FLUSH_MS, keepRunning, readyLine, stopOrInsist } from "./roles/role_process.ts";
import { type SharedByTunnels, startTunnel } from "./roles/start_role.ts";
import { type EndSignals, endSignals, onDrainSignal, onTryNowSignal } from "./roles/signals.ts";
import { type OpenStatus, openStatus } from "./status/status_server.ts";
import { serviceManager } from "./service/notify_socket.ts";
import type { ServiceManager } from "./service/service_manager.ts";

/** Runs the tunnels of a configuration until the process is asked to end, or prints them. Returns the exit code. */
export async function runConfiguration(command: ConfigCommand): Promise<number> {
  let [reload, tryNow] = [() => {}, () => {}];
  const signals = endSignals(false, () => reload());
  onTryNowSignal(() => tryNow());
  const draining = new DrainingProcess(systemClock);
  onDrainSignal(() => draining.ask());
  let configuration: Configuration;
  try {
    configuration = await load(command);
  } catch (error) {
    return await failed(error, command.logFormat);
  }
  if (command.isPrinted) return await print(printConfiguration(configuration).trimEnd());
  const process = new ConfiguredProcess(command, configuration, draining);
  reload = () => process.reload();
  tryNow = () => process.tunnels.tryNow();
  return await process.run(signals);
}

/** Reads the file. What the command line says of the log holds in place of what the file says. */
async function load({ path, logLevel, logFormat }: ConfigCommand): Promise<Configuration> {
  const { "--config": text = "" } = await readFiles({ "--config": path });
  const configuration = readConfiguration(text, { file: path, environment: readEnvironment() });
  return {
    ...configuration,
    logLevel: logLevel ?? configuration.logLevel,
    logFormat: logFormat ?? configuration.logFormat,
  };
}

/** The tunnels of a configuration, and the log that they share. */
class ConfiguredProcess {
  readonly tunnels: RunningTunnels;
  readonly #command: ConfigCommand;
  readonly #manager: ServiceManager;
  readonly #draining: DrainingProcess;
  readonly #memory: MemoryBudget;
  readonly #atStart: Configuration;
  readonly #readyLines = new LineWriter((bytes) => Deno.stdout.write(bytes));
  readonly #lines = new LineWriter(
    (bytes) => Deno.stderr.write(bytes),
    (message) => formatLogLine(this.#inForce.logFormat, "warn", message, {}, Date.now()),
  );
  #inForce: Configuration;
  /** The address that shows how it goes, if it has one. */
  #open: OpenStatus | undefined;
  #log: Log;
  /** Settles when nothing is being started or read. */
  #turn: Promise<void> = Promise.resolve();
  /** Whether the file is to be read when that has settled. */
  #isDue = false;

  constructor(command: ConfigCommand, configuration: Configuration, draining: DrainingProcess) {
    this.#command = command;
    this.#draining = draining;
    this.#inForce = configuration;
    this.#log = this.#makeLog();
    this.#atStart = configuration;
    this.#memory = budgetOf(configuration.memoryBytes, systemClock);
    // Of now: a change of the file may have brought another.
    const log: Log = Object.assign((...line: Parameters<Log>) => this.#log(...line), {
      hears: (level: LogLevel) => hears(this.#log, level),
    });
    this.tunnels = new RunningTunnels({
      start: ({ command, name }, log) => startTunnel(command, log, systemClock, this.#shared, name),
      check: checkTunnelFiles,
      onReady: (name, running) => this.#readyLines.write(readyLine(running, this.#inForce.logFormat, name)),
      log,
    });
    keepRunning(log);
    this.#manager = serviceManager(log);
  }

  /** Until a signal ends the process. Returns the exit code. */
  async run(signals: EndSignals): Promise<number> {
    // The lines that say that it worked come first, and below them what the start logs.
    this.#lines.hold();
    const starting = this.#start(this.#inForce);
    this.#turn = starting.then(() => this.#tellReady()).then(() => this.#lines.release(), () => {});
    try {
      await Promise.race([starting, signals.first]);
    } catch (error) {
      this.#lines.release();
      await this.#lines.flush(FLUSH_MS);
      return await failed(error, this.#inForce.logFormat);
    }
    const reason = await Promise.race([signals.first, this.#draining.over]);
    this.#lines.release();
    const told = this.#manager.stopping(endedBy(reason));
    await stopOrInsist(this.tunnels.stop(reason), signals, this.#log);
    this.#open?.close();
    this.#log("info", endedBy(reason));
    await deadline(Promise.all([told, this.#lines.flush(FLUSH_MS)]), FLUSH_MS).catch(() => {});
    return ExitCode.ok;
  }

  async #start({ status, tunnels }: Configuration): Promise<void> {
    if (status !== undefined) {
      const needs = { clock: systemClock, log: this.#log, memory: this.#memory, version: config.version };
      this.#open = await openStatus(status, needs);
      this.#log = this.#makeLog();
    }
    await this.tunnels.start(tunnels);
  }

  get #shared(): SharedByTunnels {
    return { memory: this.#memory, status: this.#open?.status };
  }

  /** On SIGHUP: several while one is being obeyed are one. */
  reload(): void {
    if (this.#draining.isAsked) return this.#log("warn", "SIGHUP changes nothing any more: this process is draining");
    if (this.#isDue) return;
    this.#isDue = true;
    this.#turn = this.#turn.then(async () => {
      await this.#reload();
    }).catch(reportError);
  }

  async #reload(): Promise<void> {
    let configuration: Configuration;
    await settle({ "--config": this.#command.path }, systemClock);
    // What was signalled up to here is in what is read now.
    this.#isDue = false;
    try {
      configuration = await load(this.#command);
    } catch (error) {
      return this.#log("error", `nothing changes, for the configuration is wrong: ${reasonOf(error)}`);
    }
    this.#inForce = configuration;
    this.#log = this.#makeLog();
    for (const what of changedForStart(this.#atStart, configuration)) {
      this.#log("warn", `${what} changed in the configuration: that takes effect when tele starts anew`);
    }
    await this.tunnels.reload(configuration.tunnels);
    this.#manager.status(this.#status());
  }

  #tellReady(): Promise<void> {
    this.#manager.ready(this.#status());
    const { tunnels } = this;
    this.#draining.runs({ drain: () => tunnels.drain(), connections: () => tunnels.connections }, this.#manager);
    return this.#readyLines.flush(FLUSH_MS);
  }

  #status(): string {
    return `${this.tunnels.size} of ${this.#inForce.tunnels.length} tunnels run`;
  }

  #makeLog(): Log {
    const { logLevel: level, logFormat: format } = this.#inForce;
    const log = makeLog({ level, format, write: (line) => this.#lines.write(line), wallNow: Date.now });
    return this.#open?.status.beside(log) ?? log;
  }
}

/** What is another, and holds from the start of the process on. */
function changedForStart(before: Configuration, after: Configuration): string[] {
  const isOther = (key: "memoryBytes" | "status") => JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  return [...isOther("memoryBytes") ? ["memory"] : [], ...isOther("status") ? ["status"] : []];
}

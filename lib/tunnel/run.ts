/**
 * From a parsed command line to an exit code.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { reasonOf } from "../net/error.ts";
import type { Log } from "../net/log.ts";
import { readEnvironment } from "./command_line/command_environment.ts";
import { type Command, parseCommandLine } from "./command_line/command_line.ts";
import { ExitCode } from "./command_line/exit_code.ts";
import { helpText } from "./command_line/help.ts";
import { runDoctorProcess } from "./doctor/doctor_process.ts";
import { runDrain } from "./drain/run_drain.ts";
import { configurationSchema } from "./configuration/schema.ts";
import { writeCertificate } from "./files/make_cert.ts";
import { makeToken, makeTokenLine } from "./files/token_file.ts";
import { failed, print, writeLine } from "./log/standard_streams.ts";
import { hasColors } from "./log/terminal.ts";
import { runRole } from "./roles/role_process.ts";
import { startRole } from "./roles/start_role.ts";
import { runConfiguration } from "./run_configuration.ts";
import { completionFor } from "./shells/completion.ts";
import { manPage } from "./shells/man_page.ts";
import { runService } from "./service/run_service.ts";
import { runSsh } from "./ssh/run_ssh.ts";
import { runWorkers } from "./workers/run_workers.ts";
import type { Seat } from "./workers/seat.ts";
import { seated, takeSeat } from "./workers/seat_here.ts";
import { runTop } from "./top/run_top.ts";
import type { HostName } from "./values/host_name.ts";

/**
 * Runs `tele` with the given arguments until it is asked to end.
 *
 * @param args The arguments behind the program's name.
 * @returns The exit code.
 */
export async function run(args: readonly string[]): Promise<number> {
  const [word, ...others] = args;
  if (word === "ssh") return await runSsh(others);
  if (word === "service") return await runService(others);
  if (word === "top") return await runTop(others);
  if (word === "drain") return await runDrain(others);
  let command: Command;
  let seat: Seat | undefined;
  try {
    seat = takeSeat();
    command = parseCommandLine(args, readEnvironment());
  } catch (error) {
    await writeLine(Deno.stderr, `tele: ${reasonOf(error)}`);
    return ExitCode.usage;
  }
  if (command.kind === "help") return await print(helpText(hasColors()).trimEnd());
  if (command.kind === "version") return await print(`tele ${config.version}`);
  if (command.kind === "completion") return await print(completionFor(command.shell).trimEnd());
  if (command.kind === "man") return await print(manPage(config.version).trimEnd());
  if (command.kind === "config-schema") return await print(JSON.stringify(configurationSchema(), null, 2));
  if (command.kind === "config") return await runConfiguration(command);
  if (command.kind === "make-cert") return await makeCert(command.directory, command.hosts);
  if (command.kind === "make-token") {
    return await print(command.name === undefined ? makeToken() : makeTokenLine(command.name));
  }
  if (command.kind === "doctor") return await runDoctorProcess(command.options);
  const { workers } = command.options;
  if (workers !== undefined && seat === undefined) return await runWorkers(command, { count: workers, args });
  const own = seat === undefined ? command : seated(command, seat);
  const start = (log: Log) => startRole(own, log);
  return await runRole({
    ...command.options,
    seat,
    isStdio: command.kind === "client" && command.options.isStdio,
    start,
  });
}

async function makeCert(directory: string, hosts: readonly HostName[]): Promise<number> {
  try {
    await writeLine(Deno.stdout, await writeCertificate(directory, hosts));
    return ExitCode.ok;
  } catch (error) {
    return await failed(error);
  }
}

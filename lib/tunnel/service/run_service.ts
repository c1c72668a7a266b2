/**
 * `tele service`: from its arguments to an exit code.
 *
 * @module
 */
import { resolve } from "node:path";
import { badInput, reasonOf } from "../../net/error.ts";
import { ExitCode } from "../command_line/exit_code.ts";
import { readConfiguration } from "../configuration/configuration.ts";
import { readFiles } from "../files/watched_files.ts";
import { failed, print, writeLine } from "../log/standard_streams.ts";
import { hasColors } from "../log/terminal.ts";
import { selfWords, thisProgram } from "../ssh/self_command.ts";
import { accountOf, type PathFacts } from "./account.ts";
import { Installer } from "./installer.ts";
import type { Account, Service } from "./service.ts";
import { serviceHelpText } from "./service_help.ts";
import { needsOf, type ServiceNeeds } from "./service_needs.ts";
import { parseServiceCommand, type ServiceCommand } from "./service_options.ts";
import { systemHost } from "./system_host.ts";
import { type SystemService, systemService } from "./system_service.ts";

/** Runs `tele service` with the arguments behind these words. Returns the exit code. */
export async function runService(args: readonly string[]): Promise<number> {
  let command: ServiceCommand;
  try {
    command = parseServiceCommand(args);
  } catch (error) {
    await writeLine(Deno.stderr, `tele: ${reasonOf(error)}`);
    return ExitCode.usage;
  }
  if (command.kind === "help") return await print(serviceHelpText(hasColors()).trimEnd());
  try {
    return await obey(command);
  } catch (error) {
    return await failed(error);
  }
}

async function obey(command: Exclude<ServiceCommand, { kind: "help" }>): Promise<number> {
  const system = thisSystem();
  const isDryRun = command.kind !== "status" && command.isDryRun;
  // What is wrong with the configuration comes before what is wrong with the machine.
  const service = command.kind === "install" ? await serviceOf(command.name, command.config, system) : undefined;
  // sd_booted(3).
  if (Deno.build.os === "linux" && !isDryRun && !isThere("/run/systemd/system")) {
    throw badInput(
      "no systemd runs on this machine (there is no /run/systemd/system): start tele by what does; --dry-run of install " +
        "prints a unit for another machine",
    );
  }
  const installer = new Installer(system.plan(command.name), systemHost, isDryRun);
  if (command.kind === "status") return await installer.status() ? ExitCode.ok : ExitCode.failed;
  if (service === undefined) await installer.remove();
  else await installer.install(system.text(service));
  return ExitCode.ok;
}

function thisSystem(): SystemService {
  const { os } = Deno.build;
  return systemService({
    os,
    uid: os === "windows" ? undefined : Deno.uid() ?? undefined,
    environment: {
      HOME: Deno.env.get("HOME"),
      LOCALAPPDATA: Deno.env.get("LOCALAPPDATA"),
      USERDOMAIN: Deno.env.get("USERDOMAIN"),
      USERNAME: Deno.env.get("USERNAME"),
    },
  });
}

/** Reads the configuration as the service will, and what it needs. */
async function serviceOf(name: string, path: string, { isOfSystem }: SystemService): Promise<Service> {
  if (Deno.env.get("TELE_TOKEN") !== undefined) {
    throw badInput(
      "TELE_TOKEN is set here, and a service does not see it: write the token into a file, and name that by token-file",
    );
  }
  const config = resolve(path);
  const { "--config": text = "" } = await readFiles({ "--config": config });
  const needs = needsOf(readConfiguration(text, { file: path, environment: {} }));
  const missing = [...needs.reads, ...needs.writes].find((path) => !isThere(path));
  if (missing !== undefined) throw badInput(`${path} names ${missing}, which is not there: make it first`);
  const program = thisProgram();
  const start = selfWords(program);
  const reads = [program.path, ...program.isCompiled ? [] : start.slice(-1), config, ...needs.reads];
  return {
    ...needs,
    name,
    words: [...start, `--config=${config}`],
    reads,
    account: isOfSystem ? accountFor({ ...needs, reads }, program.isCompiled) : undefined,
    cacheHome: program.isCompiled ? undefined : Deno.env.get("HOME"),
  };
}

/** Commands, and Deno's cache, are those of the user that installs: root. */
function accountFor({ reads, writes, startsCommands }: ServiceNeeds, isCompiled: boolean): Account {
  if (startsCommands || !isCompiled) return { kind: "user", uid: 0 };
  return accountOf([
    ...reads.map((path) => ({ path, use: "read" }) as const),
    ...writes.map((path) => ({ path, use: "write" }) as const),
  ], factsOf);
}

function factsOf(path: string): PathFacts {
  try {
    const { uid, mode } = Deno.statSync(path);
    return { uid: uid ?? 0, mode: mode ?? 0 };
  } catch (error) {
    throw badInput(`${path} cannot be looked at: ${reasonOf(error)}`, { cause: error });
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * `tele drain`: from its arguments to an exit code.
 *
 * @module
 */
import { basename } from "node:path";
import { systemClock } from "../../net/clock.ts";
import { badInput, reasonOf } from "../../net/error.ts";
import { ExitCode } from "../command_line/exit_code.ts";
import { failed, print, writeLine } from "../log/standard_streams.ts";
import { hasColors } from "../log/terminal.ts";
import { selfWords, thisProgram } from "../ssh/self_command.ts";
import { StatusClient } from "../top/status_client.ts";
import { readStatusToken } from "../top/status_token.ts";
import { drain, type DrainNeeds } from "./drain.ts";
import { drainHelpText } from "./drain_help.ts";
import { type DrainCommand, parseDrainCommand } from "./drain_options.ts";
import { look, presenceOf, quit } from "./running_process.ts";

/** Runs `tele drain` with the arguments behind these words. Returns the exit code. */
export async function runDrain(args: readonly string[]): Promise<number> {
  let command: DrainCommand;
  try {
    command = parseDrainCommand(args);
  } catch (error) {
    await writeLine(Deno.stderr, `tele: ${reasonOf(error)}`);
    return ExitCode.usage;
  }
  if (command.kind === "help") return await print(drainHelpText(hasColors()).trimEnd());
  try {
    await drainProcess(command);
    return ExitCode.ok;
  } catch (error) {
    return await failed(error);
  }
}

async function drainProcess(command: Exclude<DrainCommand, { kind: "help" }>): Promise<void> {
  if (Deno.build.os === "windows") {
    throw badInput("Windows has no SIGQUIT, by which a tele is drained: end the process instead, as by Ctrl-C");
  }
  const { pid } = command;
  await drain({
    pid,
    ownName: basename(selfWords(thisProgram()).at(-1)!),
    clock: systemClock,
    presence: () => presenceOf(pid),
    look: () => look(pid),
    quit: () => quit(pid),
    connections: await counter(command),
    say: (line) => writeLine(Deno.stdout, `tele drain: ${line}`),
  });
}

/** Asks the status of the process, if it has one. That nobody answers is told once, and is no reason not to drain. */
async function counter(
  { status, tokenFile }: Exclude<DrainCommand, { kind: "help" }>,
): Promise<DrainNeeds["connections"]> {
  if (status === undefined) return () => Promise.resolve(undefined);
  const token = tokenFile === undefined ? undefined : await readStatusToken(tokenFile);
  const client = new StatusClient(status, token, systemClock);
  let hasAnswered = false;
  let hasFailed = false;
  return async (signal) => {
    try {
      const { streamsOpen } = await client.report(signal);
      hasAnswered = true;
      return streamsOpen;
    } catch (error) {
      // At the end nobody answers any more.
      if (!hasAnswered && !hasFailed && !signal.aborted) await writeLine(Deno.stderr, `tele drain: ${reasonOf(error)}`);
      hasFailed = true;
      return undefined;
    }
  };
}

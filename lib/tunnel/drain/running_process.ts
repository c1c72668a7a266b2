/**
 * Another process of this machine.
 *
 * @module
 */
import nodeProcess from "node:process";
import { badInput, reasonOf } from "../../net/error.ts";
import { factsOfProc, factsOfPs, type ProcessFacts, PS_FORMAT } from "./process_facts.ts";

/** Whether there is such a process, and whether this user may send it signals: kill(2) with signal 0. */
export function presenceOf(pid: number): "there" | "none" | "of another user" {
  try {
    nodeProcess.kill(pid, 0);
    return "there";
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ESRCH") return "none";
    if (code === "EPERM") return "of another user";
    throw badInput(`process ${pid} cannot be looked at: ${reasonOf(error)}`, { cause: error });
  }
}

/** Sends SIGQUIT; a process that has ended meanwhile is what was wanted. */
export function quit(pid: number): void {
  try {
    Deno.kill(pid, "SIGQUIT");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw badInput(`process ${pid} cannot be sent SIGQUIT: ${reasonOf(error)}`, { cause: error });
  }
}

/** What the system tells of a process; `undefined` where nothing can see that, as in an image without programs. */
export async function look(pid: number): Promise<ProcessFacts | undefined> {
  if (Deno.build.os !== "linux") return readPs(pid);
  const stat = await readProc(`/proc/${pid}/stat`);
  const commandLine = await readProc(`/proc/${pid}/cmdline`);
  return stat === undefined || commandLine === undefined ? undefined : factsOfProc(stat, commandLine);
}

/** Deno lets only a process with all permissions read there; the compiled program asks cat(1). */
async function readProc(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    return error instanceof Deno.errors.NotCapable ? await printed("cat", [path]) : undefined;
  }
}

async function readPs(pid: number): Promise<ProcessFacts | undefined> {
  const line = await printed("ps", [...PS_FORMAT, "-p", String(pid)]);
  return line === undefined ? undefined : factsOfPs(line);
}

/** What a program prints; `undefined` if it is not there, or fails. */
async function printed(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const options = { env: { LC_ALL: "C" }, stdin: "null", stderr: "null" } as const;
    const { success, stdout } = await new Deno.Command(program, { ...options, args: [...args] }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined;
  }
}

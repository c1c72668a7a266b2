/**
 * The workers of a parent, as the system knows them (Linux).
 *
 * @module
 */
import type { TeleProcess } from "./tele_process.ts";

/** The processes that `process` has started, by proc(5), the oldest first. */
export function workersOf(process: TeleProcess): number[] {
  const text = Deno.readTextFileSync(`/proc/${process.pid}/task/${process.pid}/children`);
  const others = [...Deno.readDirSync(`/proc/${process.pid}/task`)].filter(({ name }) => name !== `${process.pid}`)
    .map(({ name }) => Deno.readTextFileSync(`/proc/${process.pid}/task/${name}/children`));
  return [text, ...others].join(" ").split(/\s+/).filter((word) => word !== "").map(Number);
}

/** Whether a process has not ended. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

/** What a process has computed so far, of all its threads, in seconds: proc(5), with a clock of 100 ticks a second. */
export function processorSeconds(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const [user, system] = text.slice(text.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(Number);
  return (user! + system!) / 100;
}

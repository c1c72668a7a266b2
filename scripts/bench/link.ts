/**
 * Two network namespaces and the paths between them.
 *
 * @module
 */
import { removeNamespace } from "../../tests/support/namespace.ts";
import type { Scenario } from "../../tests/support/scenario.ts";
import { find, program } from "../../tests/support/skip.ts";
import { type Ends, Path, type PathOptions } from "./path.ts";
import { runProgram } from "./program.ts";

/** How TCP reacts to what a path does. */
export type CongestionControl = "cubic" | "bbr" | "reno";

/** What a link is like. */
export interface LinkOptions {
  /** One or several. */
  paths: readonly PathOptions[];
  /** Of all connections over the paths, at both ends. @default {the system's} */
  congestionControl?: CongestionControl;
}

/** A link that stands. */
export interface Link {
  /** Put in front of a command so that it runs at the near end. */
  near: readonly string[];
  /** Put in front of a command so that it runs at the far end. */
  far: readonly string[];
  paths: readonly Path[];
}

/** How long `ip` and `cc` may take, in milliseconds. */
const TOOL_MS = 60_000;

/** What a link needs, in words for a table. */
export const LINK_NEEDS = "root's rights, /dev/net/tun, ip and cc, for paths of IP packets";

/** Compiles the source of `wan` into the scenario's folder. `undefined` where there can be no link. */
export async function compileWan(s: Scenario, source: string): Promise<string | undefined> {
  if (Deno.uid() !== 0 || !exists(source) || !exists("/dev/net/tun")) return undefined;
  if (find("ip") === undefined || find("cc") === undefined) return undefined;
  const wan = `${s.home}/wan`;
  await runProgram(["cc", "-O2", "-o", wan, source], TOOL_MS);
  return wan;
}

/** Makes a link of the compiled `wan`; it ends with the scenario, and with it all that its ends' kernels still hold. */
export async function makeLink(s: Scenario, wan: string, { paths, congestionControl }: LinkOptions): Promise<Link> {
  count++;
  const ends = { near: `tele-${Deno.pid}-bench-${count}-near`, far: `tele-${Deno.pid}-bench-${count}-far` };
  for (const name of [ends.near, ends.far]) await makeNamespace(s, name);
  const laid: Path[] = [];
  for (const [number, path] of paths.entries()) {
    laid.push(await Path.lay(s, wan, ends, number, path));
    if (congestionControl !== undefined) await setCongestionControl(ends, number, congestionControl);
  }
  return { near: on(ends.near), far: on(ends.far), paths: laid };
}

/** By the routes: a namespace's own setting takes only what the whole system allows to everybody. */
async function setCongestionControl({ near, far }: Ends, number: number, name: CongestionControl): Promise<void> {
  for (const [index, end] of [near, far].entries()) {
    const route = [`10.99.${number}.0/24`, "dev", `wan${number}`, "src", `10.99.${number}.${index + 1}`];
    try {
      await ip("-n", end, "route", "replace", ...route, "congctl", name);
    } catch (error) {
      throw new Error(`missing: the kernel's congestion control ${name} (modprobe tcp_${name}): ${error}`);
    }
  }
}

async function makeNamespace(s: Scenario, name: string): Promise<void> {
  await ip("netns", "add", name);
  made.add(name);
  s.defer(async () => {
    await removeNamespace(name);
    made.delete(name);
  });
  // Else a connection would start from what the kernel remembers of the contender before it.
  const forget = "echo 1 > /proc/sys/net/ipv4/tcp_no_metrics_save";
  await runProgram(["sh", "-c", forget], TOOL_MS, on(name));
}

function ip(...args: string[]): Promise<string> {
  return runProgram(["ip", ...args], TOOL_MS);
}

function on(name: string): string[] {
  return [program("ip"), "netns", "exec", name];
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

let count = 0;

/** Namespaces of this process that are there. */
const made = new Set<string>();

// Whatever way this process ends, its namespaces do not stay behind.
globalThis.addEventListener("unload", () => {
  for (const name of made) new Deno.Command("ip", { args: ["netns", "delete", name], stderr: "null" }).outputSync();
});

/**
 * The two machines between which a tunnel runs, and the path between them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Scenario } from "../../tests/support/scenario.ts";
import { find, program } from "../../tests/support/skip.ts";
import { freePort } from "../../tests/support/user_programs.ts";
import { Program, runProgram } from "./program.ts";

/** What a wide-area path is like; the same both ways. */
export interface PathOptions {
  roundTripMs: number;
  megabitsPerSecond: number;
  queueKib: number;
}

/** An address to connect to. */
export interface Endpoint {
  host: string;
  port: number;
}

/** Where a user's client connects, and the processes between it and the user's server. */
export interface Tunnel extends Endpoint {
  pids: number[];
}

/** Where the two halves of a tunnel run. */
export interface Site {
  /** Put in front of a command so that it runs beside the user's client. */
  near: readonly string[];
  /** Put in front of a command so that it runs beside the user's server. */
  far: readonly string[];
  /** Where programs on the far side listen for the near side. */
  farAddress: string;
  /** Where the user's server listens, so that it can be reached through a tunnel and directly. */
  serverHost: string;
  /** How the near side reaches a port of the far side. */
  reach(port: number): Promise<Endpoint>;
}

/** How long `ip` and `cc` may take, in milliseconds. */
const TOOL_MS = 60_000;

/** The far end of `wan.c`'s link, as that program sets it. */
const FAR_ADDRESS = "10.99.0.2";

/** Both sides are this machine. */
export const LOOPBACK: Site = {
  near: [],
  far: [],
  farAddress: "127.0.0.1",
  serverHost: "127.0.0.1",
  reach: (port) => Promise.resolve({ host: "127.0.0.1", port }),
};

/** Whether a path of IP packets can be made here, by network namespaces and the source of `wan`. */
export function canMakeLink(source: string): boolean {
  if (Deno.uid() !== 0 || !exists(source) || !exists("/dev/net/tun")) return false;
  return find("ip") !== undefined && find("cc") !== undefined;
}

/** What wide-area figures were measured on, in words for the output. */
export function describeLink(source: string): string {
  return canMakeLink(source)
    ? "an IP link between two network namespaces (wan.c)"
    : "a TCP relay of the bench's own with delay, rate and a bounded queue (no root, no wan.c or no compiler here)";
}

/** Two namespaces with a path between them, or this machine with a relay in the middle where that cannot be. */
export async function wideArea(s: Scenario, source: string, options: PathOptions): Promise<Site> {
  return canMakeLink(source) ? await namespaces(s, source, options) : delayed(s, options);
}

async function namespaces(s: Scenario, source: string, options: PathOptions): Promise<Site> {
  const [near, far] = ["near", "far"].map((side) => `tele-${Deno.pid}-bench-${side}`);
  const ip = (...args: string[]) => runProgram(["ip", ...args], TOOL_MS);
  for (const name of [near, far]) {
    await ip("netns", "add", name);
    made.add(name);
    s.defer(async () => {
      await ip("netns", "delete", name);
      made.delete(name);
    });
    // Else a connection would start from what the kernel remembers of the contender before it.
    const forget = "echo 1 > /proc/sys/net/ipv4/tcp_no_metrics_save";
    await runProgram(["sh", "-c", forget], TOOL_MS, on(name));
  }
  const wan = `${s.home}/wan`;
  await runProgram(["cc", "-O2", "-o", wan, source], TOOL_MS);
  const { roundTripMs, megabitsPerSecond, queueKib } = options;
  const command = [wan, near, far, ...[roundTripMs / 2, megabitsPerSecond, queueKib].map(String)];
  await Program.start(s, { command, says: "ready" });
  return {
    near: on(near),
    far: on(far),
    farAddress: FAR_ADDRESS,
    serverHost: "0.0.0.0",
    reach: (port) => Promise.resolve({ host: FAR_ADDRESS, port }),
  };
}

function delayed(s: Scenario, { roundTripMs, megabitsPerSecond, queueKib }: PathOptions): Site {
  return {
    ...LOOPBACK,
    async reach(to) {
      const port = freePort();
      const script = fileURLToPath(new URL("./delay_main.ts", import.meta.url));
      const path = [port, to, roundTripMs, megabitsPerSecond, queueKib].map(String);
      await Program.start(s, { command: [Deno.execPath(), "run", "-A", script, ...path], port });
      return { host: "127.0.0.1", port };
    },
  };
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

/** Namespaces of this process that are there. */
const made = new Set<string>();

// Whatever way this process ends, its namespaces do not stay behind.
globalThis.addEventListener("unload", () => {
  for (const name of made) new Deno.Command("ip", { args: ["netns", "delete", name], stderr: "null" }).outputSync();
});

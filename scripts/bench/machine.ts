/**
 * The machine and the programs that figures were measured with.
 *
 * @module
 */
import { find, program } from "../../tests/support/skip.ts";
import config from "../../deno.json" with { type: "json" };

/** How each program tells its version. */
const VERSION_ARGUMENTS: Record<string, string> = {
  ssh: "-V",
  stunnel4: "-version",
  socat: "-V",
  haproxy: "-v",
  iperf3: "-v",
  nginx: "-v",
  wrk: "-v",
  openssl: "version",
  cc: "--version",
};

/** A machine and its programs. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGib: number;
  kernel: string;
  deno: string;
  tele: string;
  /** Of the last minute before the run. */
  loadAverage: number;
  /** By program; one that is not installed is `missing`. */
  versions: Record<string, string>;
}

/** Looks around. */
export async function describeMachine(): Promise<Machine> {
  const names = Object.keys(VERSION_ARGUMENTS);
  const versions = await Promise.all(names.map(async (name) => [name, await versionOf(name)]));
  return {
    cpu: /^model name\s*:\s*(.*)$/m.exec(await Deno.readTextFile("/proc/cpuinfo"))?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memoryGib: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    kernel: `Linux ${Deno.osRelease()}`,
    deno: Deno.version.deno,
    tele: config.version,
    loadAverage: Deno.loadavg()[0],
    versions: Object.fromEntries(versions),
  };
}

/** The machine in a few lines. */
export function machineLines(machine: Machine): string[] {
  const { cpu, cores, memoryGib, kernel, deno, tele, versions, loadAverage } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGib} GiB, ${kernel}; tele ${tele} on Deno ${deno}`,
    Object.entries(versions).map(([name, version]) => `${name}: ${version}`).join("; "),
    `load average when it began: ${loadAverage.toFixed(2)}`,
  ];
}

async function versionOf(name: string): Promise<string> {
  if (find(name) === undefined) return "missing";
  const command = new Deno.Command(program(name), { args: [VERSION_ARGUMENTS[name]], stdin: "null" });
  // Some tell it on standard error, and some with an exit code.
  const { stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return /\d+\.\d+[\w.+-]*/.exec(text)?.[0] ?? "unknown";
}

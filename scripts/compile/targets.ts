/**
 * The systems that `tele` is compiled for.
 *
 * @module
 */

/** One system. */
export interface Target {
  /** Deno's name for it. */
  readonly name: string;
  /** What a person calls it. */
  readonly system: string;
  /** Name of the program inside the archive. */
  readonly program: string;
  /** How its users unpack archives without installing anything. */
  readonly archive: ".tar.gz" | ".zip";
}

/** All of them, in the order in which they are compiled. */
export const TARGETS: readonly Target[] = [
  unix("x86_64-unknown-linux-gnu", "Linux x86-64"),
  unix("aarch64-unknown-linux-gnu", "Linux arm64"),
  unix("x86_64-apple-darwin", "macOS x86-64"),
  unix("aarch64-apple-darwin", "macOS arm64"),
  { name: "x86_64-pc-windows-msvc", system: "Windows x86-64", program: "tele.exe", archive: ".zip" },
];

/** File name of the compiled program for a target: `tele-TARGET`, with `.exe` for Windows. */
export function programName(target: Target): string {
  return target.program.replace("tele", `tele-${target.name}`);
}

/** File name of the archive for a target. */
export function archiveName(target: Target): string {
  return `tele-${target.name}${target.archive}`;
}

function unix(name: string, system: string): Target {
  return { name, system, program: "tele", archive: ".tar.gz" };
}

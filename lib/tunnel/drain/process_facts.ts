/**
 * What the system tells of a process.
 *
 * @module
 */

/** What is known of a process. */
export interface ProcessFacts {
  /** Whether it has ended, and only its number is still kept for its parent. */
  readonly isOver: boolean;
  /** When it began, in the words of the system: another time is another process with the same number. */
  readonly began: string;
  /** Whether it listens to SIGQUIT, which kills it otherwise; `undefined` where the system does not tell. */
  readonly hearsQuit: boolean | undefined;
  /** Its command line. */
  readonly words: readonly string[];
}

/** The bit of SIGQUIT, signal 3 everywhere. */
const QUIT_BIT = 1n << 2n;

/**
 * Reads what Linux tells: proc(5).
 *
 * @param stat The text of `stat`.
 * @param commandLine The text of `cmdline`.
 * @returns `undefined` for what is no such text.
 *
 * @example
 * ```ts
 * import { factsOfProc } from "./process_facts.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const stat = "7 (tele) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5309 0 0 0 0 0 0 0 0 0 0 0 16391 0\n";
 * assertEquals(factsOfProc(stat, "tele\0--server\0"), {
 *   isOver: false,
 *   began: "5309",
 *   hearsQuit: true,
 *   words: ["tele", "--server"],
 * });
 * ```
 */
export function factsOfProc(stat: string, commandLine: string): ProcessFacts | undefined {
  // The name in parentheses may hold any character. Behind it is field 3.
  const fields = /^.*\) (.*)$/s.exec(stat)?.[1]?.trim().split(" ") ?? [];
  const field = (number: number) => fields[number - 3] ?? "";
  if (field(34) === "") return undefined;
  // Who waits for signals by sigwait(3), as the init of a container may, blocks them.
  const heard = BigInt(field(34)) | BigInt(field(32));
  return {
    isOver: /^[ZX]/.test(field(3)),
    began: field(22),
    hearsQuit: (heard & QUIT_BIT) !== 0n,
    words: commandLine.split("\0").slice(0, -1),
  };
}

/** What is asked of ps(1): its line is read by {@linkcode factsOfPs}. */
export const PS_FORMAT = ["-o", "stat=", "-o", "lstart=", "-o", "args="];

/**
 * Reads the line of ps(1) for {@linkcode PS_FORMAT}. It parts words by blanks, also where one holds some.
 *
 * @returns `undefined` for what is no such line.
 *
 * @example
 * ```ts
 * import { factsOfPs } from "./process_facts.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(factsOfPs("Ss   Fri Nov 27 19:20:36 2026 tele --server\n")?.words, ["tele", "--server"]);
 * ```
 */
export function factsOfPs(line: string): ProcessFacts | undefined {
  const [, state, began, command] = /^\s*(\S+)\s+(\S+ +\S+ +\d+ +[\d:]{8} +\d{4})(?:\s+(.*))?$/s.exec(line.trimEnd()) ??
    [];
  if (state === undefined || began === undefined) return undefined;
  return {
    isOver: state.startsWith("Z"),
    began,
    hearsQuit: undefined,
    words: command === undefined ? [] : command.split(/\s+/),
  };
}

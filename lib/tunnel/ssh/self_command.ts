/**
 * How this program is started once more.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { quoteWords } from "./shell_words.ts";

/** What is known of the program that runs. */
export interface Program {
  /** Whether it is a compiled file. */
  readonly isCompiled: boolean;
  /** The path of that, or of Deno. */
  readonly path: string;
  /** The address of its first module. */
  readonly module: string;
}

/** The program that runs. */
export function thisProgram(): Program {
  return { isCompiled: Deno.build.standalone, path: Deno.execPath(), module: Deno.mainModule };
}

/** The words that start it, also where no `deno.json` says what it needs: that of a package of npm has none. */
export function selfWords({ isCompiled, path, module }: Program): string[] {
  if (isCompiled) return [path];
  return [path, "run", "--quiet", "--unstable-net", "-A", module.startsWith("file:") ? fileURLToPath(module) : module];
}

/**
 * The value of ssh's `ProxyCommand` (ssh_config(5)) that starts it with `args`. A shell runs that, and `%` is ssh's.
 *
 * @example
 * ```ts
 * import { proxyCommand } from "./self_command.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const program = { isCompiled: true, path: "/opt/100%/tele", module: "" };
 * assertEquals(proxyCommand(program, ["ssh", "--carry"]), "'/opt/100%%/tele' ssh --carry");
 * ```
 */
export function proxyCommand(program: Program, args: readonly string[]): string {
  return quoteWords([...selfWords(program), ...args]).replaceAll("%", "%%");
}

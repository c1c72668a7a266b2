/**
 * What makes a shell complete tele's options: all of it is made from the option table.
 *
 * @module
 */

import type { Shell } from "../command_line/shell_options.ts";
import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { powershellCompletion } from "./powershell.ts";
import { zshCompletion } from "./zsh.ts";

const SCRIPTS: Readonly<Record<Shell, () => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
  powershell: powershellCompletion,
};

/**
 * The script for a shell; ends with a line end.
 *
 * @example
 * ```ts
 * import { completionFor } from "./completion.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(completionFor("bash"), "complete -F _tele tele\n");
 * ```
 */
export function completionFor(shell: Shell): string {
  return SCRIPTS[shell]();
}

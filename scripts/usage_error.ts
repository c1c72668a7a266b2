/**
 * Wrong command lines of the tools. Imports nothing, so that the smoke test runs without an import map.
 *
 * @module
 */

/** A mistake in the command line, told in one line. */
export class UsageError extends Error {}

/** The arguments themselves: `deno task TOOL -- --flag` hands the two dashes on. */
export function withoutDashes(args: readonly string[]): string[] {
  return args[0] === "--" ? args.slice(1) : args.slice();
}

/**
 * The command line of `deno task npm`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { refuseUnless, single } from "../cli.ts";
import { withoutDashes } from "../usage_error.ts";

/** Where to put the package. */
export interface NpmOptions {
  /** The folder that gets the file. */
  readonly folder: string;
}

/** What `--help` prints. */
export const NPM_HELP = `\
deno task npm [--to=FOLDER]

Makes tele-tunnel.tgz, a package for npm: tele as one module, and with it, as a
dependency, the Deno that runs this. Needs no npm.

  --to=FOLDER   the folder that gets the file; default dist
  --help        print this

Exit codes
  0  the package is there
  1  it is not
  2  wrong command line
`;

/**
 * Reads the command line.
 *
 * @returns `undefined` if it asks for the help.
 * @throws {UsageError} with a line that names the flag and what it takes.
 */
export function parseNpmOptions(args: readonly string[]): NpmOptions | undefined {
  const flags = parseArgs(withoutDashes(args), {
    boolean: ["help"],
    string: ["to", "_"],
    collect: ["to"],
    unknown: refuseUnless(["to", "help"]),
  });
  return flags.help ? undefined : { folder: single("to", flags.to) ?? "dist" };
}

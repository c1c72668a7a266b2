/**
 * The command line of `deno task compile`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { refuseUnless, single } from "../cli.ts";
import { UsageError, withoutDashes } from "../usage_error.ts";
import { type Target, TARGETS } from "./targets.ts";

/** What to compile, and where to put it. */
export interface CompileOptions {
  /** The systems. */
  readonly targets: readonly Target[];
  /** The folder that gets the files. */
  readonly folder: string;
  /** Where users will find them: install scripts for that place are written too. */
  readonly url: string | undefined;
}

/** What `--help` prints. */
export const COMPILE_HELP = `\
deno task compile [--target=TARGET ...] [--url=URL] [--to=FOLDER]

Makes tele a single file for each system, an archive of it, and SHA256SUMS.
Deno downloads a base for each system once.

  --target=TARGET   compile for this system only; may be given more than once:
${TARGETS.map(({ name, system }) => `                      ${name.padEnd(28)}${system}\n`).join("")}\
  --url=URL         where the files will be found: also writes install.sh and
                    install.ps1, which download from there; for example
                    --url=https://example.com/tele
  --to=FOLDER       the folder that gets the files; default dist
  --help            print this

Environment
  DENORT_BIN        a base for this machine's system, instead of a download
  DENO_FOR_COMPILE  a Deno that fits this base, instead of the one that runs

Exit codes
  0  every system was compiled
  1  some were not
  2  wrong command line
`;

const NAMES = ["target", "url", "to", "help"];

/**
 * Reads the command line.
 *
 * @returns `undefined` if it asks for the help.
 * @throws {UsageError} with a line that names the flag and what it takes.
 */
export function parseCompileOptions(args: readonly string[]): CompileOptions | undefined {
  const flags = parseArgs(withoutDashes(args), {
    boolean: ["help"],
    string: ["target", "url", "to", "_"],
    collect: ["target", "url", "to"],
    unknown: refuseUnless(NAMES),
  });
  if (flags.help) return undefined;
  const url = single("url", flags.url);
  if (url !== undefined && !/^https?:\/\/[^\s'"`$\\|]+$/.test(url)) {
    throw new UsageError(
      `--url takes the place of the files, for example --url=https://example.com/tele; ${url} is none`,
    );
  }
  return {
    targets: flags.target.length === 0 ? TARGETS : [...new Set(flags.target.map(findTarget))],
    folder: single("to", flags.to) ?? "dist",
    url: url?.replace(/\/+$/, ""),
  };
}

function findTarget(name: string): Target {
  const target = TARGETS.find((target) => target.name === name);
  if (target !== undefined) return target;
  const names = TARGETS.map(({ name }) => name).join(", ");
  throw new UsageError(`--target takes one of ${names}; ${JSON.stringify(name)} is none`);
}

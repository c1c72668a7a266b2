/**
 * The command line of `deno task compile`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { closestString } from "@std/text/closest-string";
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

/** A mistake in the command line, told in one line. */
export class UsageError extends Error {}

/**
 * Reads the command line.
 *
 * @returns `undefined` if it asks for the help.
 * @throws UsageError with a line that names the flag and what it takes.
 */
export function parseCompileOptions(args: readonly string[]): CompileOptions | undefined {
  // `deno task compile -- --url=…` hands the dashes on.
  const flags = parseArgs(args[0] === "--" ? args.slice(1) : args.slice(), {
    boolean: ["help"],
    string: ["target", "url", "to", "_"],
    collect: ["target", "url", "to"],
    unknown: refuse,
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

function single(name: "url" | "to", values: readonly string[]): string | undefined {
  if (values.length > 1) throw new UsageError(`--${name} is given more than once: give it once`);
  if (values[0] === "") throw new UsageError(`--${name} is empty: give it a value, or leave it out`);
  return values[0];
}

function refuse(arg: string): never {
  const nearest = closestString(arg.replace(/^-+/, "").replace(/=.*$/s, ""), NAMES);
  throw new UsageError(`unknown argument ${JSON.stringify(arg)}; the nearest is --${nearest}; see --help`);
}

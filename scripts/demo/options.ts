/**
 * The demo's command line.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { parseSize } from "../../lib/tunnel/values/size.ts";
import { refuseUnless, single, wholeNumber } from "../cli.ts";
import { UsageError, withoutDashes } from "../usage_error.ts";

/** What the demo is asked to do. */
export interface DemoOptions {
  /** Bytes of the download, and of the upload. */
  readonly sizeBytes: number;
  /** How often the network breaks. */
  readonly outages: number;
}

const DEFAULTS = { size: "256MiB", outages: "10" };
const NAMES = ["size", "outages", "help"];
const MOST_OUTAGES = 1_000;
const MOST_SIZE = "100GiB";

/** Least bytes between two outages: fewer would be under way inside the machine when the outage comes. */
const LEAST_BYTES_PER_OUTAGE = 2 ** 20;

/** What `--help` prints. */
export const DEMO_HELP = `\
deno task demo [--size=SIZE] [--outages=N]

A download, an upload and an interactive echo at the same time through a network
of two paths that break, both at once or one alone: first without tele, then
with it. Everything runs on this machine, on free ports, and is gone afterwards.

  --size=SIZE    bytes to download, and as many to upload: at least 1MiB for
                 each outage; default ${DEFAULTS.size}; for example --size=32MiB
  --outages=N    how often the network breaks; default ${DEFAULTS.outages}; for example
                 --outages=4
  --help         print this

Exit codes
  0  every byte equal, and no user program saw an error
  1  something differs, or the demo could not run
  2  wrong command line
`;

/**
 * Reads the command line.
 *
 * @returns `undefined` if it asks for the help.
 * @throws {UsageError} with a line that names the flag and what it takes.
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions | undefined {
  const flags = parseArgs(withoutDashes(args), {
    boolean: ["help"],
    string: ["size", "outages", "_"],
    collect: ["size", "outages"],
    unknown: refuseUnless(NAMES),
  });
  if (flags.help) return undefined;
  const size = single("size", flags.size) ?? DEFAULTS.size;
  const sizeBytes = parseDemoSize(size);
  const outages = wholeNumber("outages", single("outages", flags.outages) ?? DEFAULTS.outages, 1, MOST_OUTAGES);
  if (sizeBytes < outages * LEAST_BYTES_PER_OUTAGE) {
    throw new UsageError(`--size=${size} is too small for ${outages} outages: take at least --size=${outages}MiB`);
  }
  return { sizeBytes, outages };
}

function parseDemoSize(text: string): number {
  const takes = `--size takes a size up to ${MOST_SIZE}, for example --size=32MiB`;
  let bytes: number;
  try {
    bytes = parseSize(text);
  } catch (error) {
    throw new UsageError(`${takes}; ${(error as Error).message}`);
  }
  if (bytes > parseSize(MOST_SIZE)) throw new UsageError(`${takes}; ${text} is more`);
  return bytes;
}

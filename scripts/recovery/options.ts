/**
 * The command line of `deno task recovery`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { duration, refuseUnless, wholeNumber } from "../cli.ts";
import { withoutDashes } from "../usage_error.ts";

/** What the measurement of recovery is asked to do; times are in milliseconds. */
export interface RecoveryOptions {
  readonly runs: number;
  readonly parallel: number;
  /** Only outages with this in their name. */
  readonly only: string;
  readonly outageMs: number;
  readonly swallowedMs: number;
  readonly asleepMs: number;
}

const DEFAULTS = { runs: "20", outage: "10s", swallowed: "8s", asleep: "30s", parallel: "12", only: "" };
const NAMES = [...Object.keys(DEFAULTS), "help"];

/** What `--help` prints. */
export const RECOVERY_HELP = `\
deno task recovery [options]

Breaks the network between two hosts (network namespaces: needs Linux, root, and
the programs ip, tc, ss and socat) in the middle of a download, of an upload and
of typing, and prints how long after the link's return bytes move again: through
tele, and over plain TCP beside it.

  --runs=N        runs of each case; default ${DEFAULTS.runs}
  --outage=DUR    length of the black hole; default ${DEFAULTS.outage}
  --swallowed=DUR how long a middle box accepts connections and forwards nothing;
                  default ${DEFAULTS.swallowed}
  --asleep=DUR    how long the client is stopped; default ${DEFAULTS.asleep}
  --parallel=N    runs at the same time; default ${DEFAULTS.parallel}
  --only=WORDS    only outages with these words in their name, such as "box"
  --help          print this

Exit codes
  0  every bar is kept
  1  one is missed, or it could not run
  2  wrong command line
`;

/**
 * Reads the command line.
 *
 * @returns `undefined` if it asks for the help.
 * @throws {UsageError} with a line that names the flag and what it takes.
 */
export function parseRecoveryOptions(args: readonly string[]): RecoveryOptions | undefined {
  const flags = parseArgs(withoutDashes(args), {
    boolean: ["help"],
    string: [...Object.keys(DEFAULTS), "_"] as (keyof typeof DEFAULTS | "_")[],
    default: DEFAULTS,
    unknown: refuseUnless(NAMES),
  });
  if (flags.help) return undefined;
  return {
    runs: wholeNumber("runs", flags.runs, 1, 1_000),
    parallel: wholeNumber("parallel", flags.parallel, 1, 100),
    only: flags.only,
    outageMs: duration("outage", flags.outage),
    swallowedMs: duration("swallowed", flags.swallowed),
    asleepMs: duration("asleep", flags.asleep),
  };
}

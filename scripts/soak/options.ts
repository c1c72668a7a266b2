/**
 * The soak's command line.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { duration, refuseUnless, wholeNumber } from "../cli.ts";
import { withoutDashes } from "../usage_error.ts";

/** What the soak is asked to do. */
export interface SoakOptions {
  /** How long connections are made, in milliseconds; then those that are open may finish. */
  readonly timeMs: number;
  /** User connections that are open at any time. */
  readonly connections: number;
  /** What all sizes, pauses and outages are drawn from. */
  readonly seed: number;
}

const DEFAULTS = { time: "30m", connections: "200" };
const NAMES = ["time", "connections", "seed", "help"];
/** Each connection takes three file descriptors of one process or another. */
const MOST_CONNECTIONS = 5_000;

/** What `--help` prints. */
export const SOAK_HELP = `\
deno task soak [--time=DUR] [--connections=N] [--seed=N]

Many user connections through a tele client and a tele server, while the network
between the two breaks at random. Every byte is checked, and memory is watched.

  --time=DUR         how long; default ${DEFAULTS.time}; for example --time=20s
  --connections=N    user connections at a time; default ${DEFAULTS.connections}
  --seed=N           what everything random is drawn from; default a new one,
                     which is printed
  --help             print this

Exit codes
  0  every byte right, no error, no growth
  1  something was wrong
  2  wrong command line
`;

/**
 * Reads the command line.
 *
 * @returns `undefined` if it asks for the help.
 * @throws {UsageError} with a line that names the flag and what it takes.
 */
export function parseSoakOptions(args: readonly string[]): SoakOptions | undefined {
  const flags = parseArgs(withoutDashes(args), {
    boolean: ["help"],
    string: ["time", "connections", "seed", "_"],
    default: DEFAULTS,
    unknown: refuseUnless(NAMES),
  });
  if (flags.help) return undefined;
  return {
    timeMs: duration("time", flags.time),
    connections: wholeNumber("connections", flags.connections, 1, MOST_CONNECTIONS),
    seed: flags.seed === undefined ? newSeed() : wholeNumber("seed", flags.seed, 0, 2 ** 32 - 1),
  };
}

function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/**
 * The soak's command line.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { parseDuration } from "../../lib/tunnel/values/duration.ts";

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

/** A mistake in the command line, told in one line. */
export class UsageError extends Error {}

/**
 * Reads the command line.
 *
 * @returns `undefined` if it asks for the help.
 * @throws UsageError with a line that names the flag and what it takes.
 */
export function parseSoakOptions(args: readonly string[]): SoakOptions | undefined {
  // `deno task soak -- --time=1m` hands the dashes on.
  const given = args[0] === "--" ? args.slice(1) : args.slice();
  const flags = parseArgs(given, {
    boolean: ["help"],
    string: ["time", "connections", "seed"],
    default: DEFAULTS,
  });
  const unknown = Object.keys(flags).find((name) => name !== "_" && !NAMES.includes(name));
  const refused = unknown === undefined ? flags._[0] : `--${unknown}`;
  if (refused !== undefined) {
    throw new UsageError(`unknown argument ${JSON.stringify(refused)}; there are --time, --connections and --seed`);
  }
  if (flags.help) return undefined;
  return {
    timeMs: readDuration(flags.time),
    connections: readNumber("connections", flags.connections, 1, MOST_CONNECTIONS),
    seed: flags.seed === undefined ? newSeed() : readNumber("seed", flags.seed, 0, 2 ** 32 - 1),
  };
}

function readDuration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new UsageError(`--time takes a duration: ${(error as Error).message}`);
  }
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most) {
    throw new UsageError(`--${name}=${text}: write a whole number from ${least} to ${most}`);
  }
  return number;
}

function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

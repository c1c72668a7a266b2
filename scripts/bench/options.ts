/**
 * The bench's command line.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "@std/cli/parse-args";
import { refuseUnless, wholeNumber } from "../cli.ts";
import { UsageError, withoutDashes } from "../usage_error.ts";

/** What the bench is asked to do. */
export interface BenchOptions {
  rounds: number;
  /** Of one measurement. */
  seconds: number;
  /** Workloads whose name contains one of these; none means all. */
  only: string[];
  /** Contenders whose name contains one of these; none means all. */
  contenders: string[];
  json?: string;
  svg?: string;
  installPeers: boolean;
  wanSource: string;
}

/** What `--help` prints. */
export const BENCH_HELP = `\
deno task bench [options]

Compares tele with what people would use instead, side by side on this machine:
ssh -L, stunnel, socat and haproxy, each as a pair, a bare relay pair on Deno, and
a direct connection. In each round every contender is measured once, each round in
another order; the tables show medians and quartiles. Needs Linux. With root it
also makes a long path of IP packets between two network namespaces.

  --rounds=N          rounds; default 7
  --seconds=N         time of one measurement; over a long path it is three times
                      as long; default 3
  --only=WORDS        only workloads with one of these, comma separated, in their
                      name; a whole name means that one; for example
                      --only=echo,http
  --contenders=WORDS  only such contenders; for example --contenders=tele,bare
  --json=FILE         write everything that was measured
  --svg=FILE          write a chart
  --install-peers     first install missing programs with apt-get (Debian; root)
  --wan=FILE          the source of the long path; default scripts/bench/wan.c
  --help              print this

The environment variable TELE_MAIN names the main.ts of another tree to measure.

Exit codes
  0  measured; contenders that are missing or failed are named in the tables
  1  could not run
  2  wrong command line
`;

const NAMES = ["rounds", "seconds", "only", "contenders", "json", "svg", "install-peers", "wan", "help"] as const;
const WAN = fileURLToPath(new URL("./wan.c", import.meta.url));

/**
 * Reads the command line.
 *
 * @returns `undefined` if it asks for the help.
 * @throws {UsageError} with a line that names the flag and what it takes.
 */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const flags = parseArgs(withoutDashes(args), {
    boolean: ["help", "install-peers"],
    string: ["rounds", "seconds", "only", "contenders", "json", "svg", "wan", "_"],
    default: { rounds: "7", seconds: "3", wan: WAN },
    unknown: refuseUnless(NAMES),
  });
  if (flags.help) return undefined;
  return {
    rounds: wholeNumber("rounds", flags.rounds, 1, 1_000),
    seconds: wholeNumber("seconds", flags.seconds, 1, 600),
    only: words(flags.only),
    contenders: words(flags.contenders),
    json: file("json", flags.json),
    svg: file("svg", flags.svg),
    installPeers: flags["install-peers"],
    wanSource: flags.wan,
  };
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(",").map((word) => word.trim()).filter((word) => word !== "");
}

function file(name: string, path: string | undefined): string | undefined {
  if (path === "") throw new UsageError(`--${name} takes the name of a file, for example --${name}=bench.${name}`);
  return path;
}

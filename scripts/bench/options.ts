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
  /** Other trees to measure beside this one: their `main.ts`. */
  trees: string[];
  /** Further flags with which to measure this tree once more: each is a contender. */
  teleFlags: TeleFlags[];
}

/** Flags of a variant. */
export interface TeleFlags {
  /** As they were given. */
  text: string;
  client: string[];
  server: string[];
}

/** What `--help` prints. */
export const BENCH_HELP = `\
deno task bench [options]

Compares tele with what people would use instead, side by side on this machine:
ssh -L, stunnel, socat and haproxy, each as a pair, a bare relay pair on Deno, and
a direct connection. In each round every contender is measured once, each round in
another order; the tables show medians and quartiles. Needs Linux. With root it
also makes long paths of IP packets between two network namespaces.

  --rounds=N          rounds; default 7
  --seconds=N         time of one measurement; over a long path it is up to ten
                      times as long; default 3
  --only=WORDS        only workloads with one of these, comma separated, in their
                      name; a whole name means that one; for example
                      --only=echo,http
  --contenders=WORDS  only such contenders; for example --contenders=tele,bare
  --tree=PATH         measure the tele of this checkout too, as "tele (FOLDER)",
                      wherever this one is measured; may be given several times
  --tele-flags=FLAGS  measure this tele with these flags of the client too; those
                      of the server stand behind two dashes, as in
                      --tele-flags="--ping-interval=1s -- --max-sessions=9"; may
                      be given several times
  --json=FILE         write everything that was measured
  --svg=FILE          write a chart
  --install-peers     first install missing programs with apt-get (Debian; root)
  --wan=FILE          the source of long paths; default scripts/bench/wan.c
  --help              print this

The environment variable TELE_MAIN names the main.ts of another tree to measure.

Exit codes
  0  measured; contenders that are missing or failed are named in the tables
  1  could not run
  2  wrong command line
`;

const TEXTS = ["rounds", "seconds", "only", "contenders", "json", "svg", "wan"] as const;
const LISTS = ["tree", "tele-flags"] as const;
const NAMES = [...TEXTS, ...LISTS, "install-peers", "help"];
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
    string: [...TEXTS, ...LISTS, "_"],
    collect: LISTS,
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
    trees: flags.tree.map(mainOf),
    teleFlags: flags["tele-flags"].map(splitFlags),
  };
}

function mainOf(tree: string): string {
  try {
    return Deno.realPathSync(`${tree}/main.ts`);
  } catch {
    throw new UsageError(`--tree takes a checkout of tele, for example --tree=../before; ${tree}/main.ts is not there`);
  }
}

function splitFlags(text: string): TeleFlags {
  const flags = text.split(/\s+/).filter((flag) => flag !== "");
  if (flags.length === 0) throw new UsageError(`--tele-flags takes flags of tele, as in --tele-flags="--tls"`);
  const dashes = flags.indexOf("--");
  if (dashes < 0) return { text: flags.join(" "), client: flags, server: [] };
  return { text: flags.join(" "), client: flags.slice(0, dashes), server: flags.slice(dashes + 1) };
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(",").map((word) => word.trim()).filter((word) => word !== "");
}

function file(name: string, path: string | undefined): string | undefined {
  if (path === "") throw new UsageError(`--${name} takes the name of a file, for example --${name}=bench.${name}`);
  return path;
}

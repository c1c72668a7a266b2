/**
 * How soon bytes move again after an outage, with tele and on plain TCP, between two hosts made of network namespaces.
 *
 *     deno task recovery [--runs=20] [--outage=10s] [--swallowed=8s] [--asleep=30s] [--parallel=12] [--only=WORDS]
 *
 * Exit codes: 0 every bar is kept, 1 one is missed or it could not run, 2 wrong command line.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { parseDuration } from "../../lib/tunnel/values/duration.ts";
import { requiresHosts } from "../../tests/support/hosts.ts";
import { measure } from "./measure.ts";
import { isWithin, table } from "./table.ts";

const HELP = `\
deno task recovery [options]

Breaks the network between two hosts (network namespaces: needs Linux, root, and
the programs ip, tc, ss and socat) in the middle of a download, of an upload and
of typing, and prints how long after the link's return bytes move again: through
tele, and over plain TCP beside it.

  --runs=N        runs of each case; default 20
  --outage=DUR    length of the black hole; default 10s
  --swallowed=DUR how long a middle box accepts connections and forwards nothing;
                  default 8s
  --asleep=DUR    how long the client is stopped; default 30s
  --parallel=N    runs at the same time; default 12
  --only=WORDS    only outages with these words in their name, such as "box"
  --help          print this
`;

/** After the link's return a run waits so long, in milliseconds: the timers of plain TCP grow with the outage. */
const PATIENCE_MS = 30_000;

const flags = parseArgs(Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args, {
  boolean: ["help"],
  string: ["runs", "outage", "swallowed", "asleep", "parallel", "only"],
  default: { runs: "20", outage: "10s", swallowed: "8s", asleep: "30s", parallel: "12", only: "" },
  unknown: (flag) => refuse(`unknown argument ${JSON.stringify(flag)}`),
});

function refuse(message: string): never {
  console.error(`${message}; see --help`);
  Deno.exit(2);
}

function count(name: "runs" | "parallel"): number {
  const value = Number(flags[name]);
  if (!Number.isInteger(value) || value < 1) refuse(`--${name} takes a whole number from 1, for example --${name}=3`);
  return value;
}

function duration(name: "outage" | "swallowed" | "asleep"): number {
  try {
    return parseDuration(flags[name]);
  } catch {
    return refuse(`--${name} takes a duration, for example --${name}=10s`);
  }
}

if (flags.help) {
  console.log(HELP);
  Deno.exit(0);
}
const options = {
  runs: count("runs"),
  parallel: count("parallel"),
  only: flags.only,
  outageMs: duration("outage"),
  swallowedMs: duration("swallowed"),
  asleepMs: duration("asleep"),
};
if (requiresHosts("ss", "socat").ignore) Deno.exit(1);
// Leaving through `exit` removes the namespaces.
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => Deno.exit(130));

const isShown = Deno.stderr.isTerminal();
const onProgress = (done: number, of: number) =>
  isShown && Deno.stderr.writeSync(new TextEncoder().encode(`\r${done} of ${of} runs `));
const rows = await measure({ ...options, patienceMs: PATIENCE_MS, plainPatienceMs: PATIENCE_MS, onProgress });
if (isShown) console.error();
if (rows.length === 0) refuse(`no outage has ${JSON.stringify(flags.only)} in its name`);
console.log(
  `A black hole lasts ${flags.outage}, a box swallows for ${flags.swallowed}, the client sleeps for ${flags.asleep}.\n`,
);
console.log(table(rows).join("\n"));
Deno.exit(rows.every((row) => isWithin(row)) ? 0 : 1);

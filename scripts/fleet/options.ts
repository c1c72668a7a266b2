/**
 * The command line of `deno task fleet`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { duration, refuseUnless, wholeNumber } from "../cli.ts";
import { UsageError, withoutDashes } from "../usage_error.ts";

/** What may happen to the fleet, in the order in which it does. */
export const SCENES = ["connect", "cut", "roll", "restart", "lose", "memory"] as const;

/** One of {@linkcode SCENES}. */
export type Scene = typeof SCENES[number];

/** What is simulated; times are in milliseconds. */
export interface FleetRunOptions {
  readonly servers: number;
  readonly sessions: number;
  /** Of each session. */
  readonly carriers: number;
  readonly seed: number;
  /** Only these. */
  readonly scenes: readonly Scene[];
  /** Within which all connect. */
  readonly spreadMs: number;
  /** Conversations at once. */
  readonly busy: number;
  /** How long each lasts. */
  readonly staysMs: number;
  /** Between two words of one. */
  readonly typesMs: number;
  /** A drain ends what is left after that. */
  readonly drainTimeoutMs: number;
  readonly maxSessions: number;
  /** The balancer deals to a machine that is lost for so long. */
  readonly checkMs: number;
  /** Whose address servers see. */
  readonly seenAs: "balancer" | "client";
}

const DEFAULTS = {
  servers: "50",
  sessions: "100000",
  carriers: "1",
  seed: "1",
  scene: SCENES.filter((scene) => scene !== "memory").join(","),
  spread: "1m",
  busy: "1000",
  stays: "10s",
  types: "2s",
  "drain-timeout": "24h",
  "max-sessions": "10000",
  check: "3s",
  "seen-as": "balancer",
};
const NAMES = [...Object.keys(DEFAULTS), "help"];

/** What `--help` prints. */
export const FLEET_HELP = `\
deno task fleet [options]

Runs the real servers, fleet and clients over a network in memory, with a clock of
its own, behind a balancer that deals at random; and prints what happens to them
beside what was expected on paper. Cryptography is a stand-in: it takes no time.

  --servers=N          machines, with a server each; default ${DEFAULTS.servers}
  --sessions=N         clients, with a session each; default ${DEFAULTS.sessions}
  --carriers=N         carriers of each session, always; default ${DEFAULTS.carriers}
  --seed=N             the same seed is the same run; default ${DEFAULTS.seed}
  --scene=A,B          of connect, cut, roll, restart, lose and memory; all but
                       memory by default, one after the other:
                         connect  all clients come within --spread
                         cut      the balancer breaks all connections at once
                         roll     all servers drain, one after the other, and
                                  others take their places
                         restart  a server is killed, and starts again 5 s later
                         lose     a machine is lost for good: it swallows all
                         memory   what a session costs in memory, in the end
  --spread=DUR         clients come within that; default ${DEFAULTS.spread}
  --busy=N             conversations at once; default ${DEFAULTS.busy}
  --stays=DUR          length of each; default ${DEFAULTS.stays}
  --types=DUR          time between two words of one; default ${DEFAULTS.types}
  --drain-timeout=DUR  what a drain leaves after that is ended; default ${DEFAULTS["drain-timeout"]}
  --max-sessions=N     of each server; default ${DEFAULTS["max-sessions"]}
  --check=DUR          time until the balancer takes a lost machine for lost;
                       default ${DEFAULTS.check}
  --seen-as=WHO        whose address servers see: balancer, or client; default ${DEFAULTS["seen-as"]}
  --help               print this

Exit codes
  0  nothing was lost that should not have been
  1  something was, or it could not run
  2  wrong command line
`;

/**
 * Reads the command line.
 *
 * @returns `undefined` if it asks for the help.
 * @throws {UsageError} with a line that names the flag and what it takes.
 */
export function parseFleetOptions(args: readonly string[]): FleetRunOptions | undefined {
  const flags = parseArgs(withoutDashes(args), {
    boolean: ["help"],
    string: [...Object.keys(DEFAULTS), "_"] as (keyof typeof DEFAULTS | "_")[],
    default: DEFAULTS,
    unknown: refuseUnless(NAMES),
  });
  if (flags.help) return undefined;
  const options = {
    servers: wholeNumber("servers", flags.servers, 2, 1_000),
    sessions: wholeNumber("sessions", flags.sessions, 1, 1_000_000),
    carriers: wholeNumber("carriers", flags.carriers, 1, 9),
    seed: wholeNumber("seed", flags.seed, 1, 2 ** 31),
    scenes: scenes(flags.scene),
    spreadMs: duration("spread", flags.spread),
    busy: wholeNumber("busy", flags.busy, 0, 1_000_000),
    staysMs: duration("stays", flags.stays),
    typesMs: duration("types", flags.types),
    drainTimeoutMs: duration("drain-timeout", flags["drain-timeout"]),
    maxSessions: wholeNumber("max-sessions", flags["max-sessions"], 1, 1_000_000),
    checkMs: duration("check", flags.check),
    seenAs: seenAs(flags["seen-as"]),
  };
  if (options.busy > options.sessions) {
    throw new UsageError(`--busy=${options.busy} are more conversations than --sessions=${options.sessions} can have`);
  }
  return options;
}

function scenes(text: string): Scene[] {
  const named = text.split(",");
  const wrong = named.find((name) => !SCENES.some((scene) => scene === name));
  if (wrong === undefined) return SCENES.filter((scene) => scene === "connect" || named.includes(scene));
  throw new UsageError(`--scene takes some of ${SCENES.join(", ")}; ${JSON.stringify(wrong)} is none of them`);
}

function seenAs(text: string): FleetRunOptions["seenAs"] {
  if (text === "balancer" || text === "client") return text;
  throw new UsageError(`--seen-as takes balancer or client; ${JSON.stringify(text)} is neither`);
}

/**
 * Does this `tele` work on this machine? For users' CI: `deno run -A scripts/smoke/main.ts --bin=PATH`.
 *
 * It needs Deno and these files, no package and no network: nothing that it imports has a name of an import map.
 * (As a task it fetches what the whole project needs.)
 *
 * @module
 */
import { isNodeSound } from "../../lib/net/runtime.ts";
import { Breaker } from "../../tests/support/breaker.ts";
import { INTERRUPTED, interrupted } from "../interruption.ts";
import { UsageError, withoutDashes } from "../usage_error.ts";
import { compiled, fromSource, output, type Program, TeleChild } from "./process.ts";
import { Traffic } from "./traffic.ts";

const HELP = `\
deno run -A scripts/smoke/main.ts [--bin=PATH]

Starts a tele server and a tele client on free ports of this machine and moves
data both ways between them, through three outages. Prints one line a step.

  --bin=PATH   the tele to try; without it, the source beside this script
  --help       print this

Exit codes
  0  every byte arrived once and in order, and no program saw an error
  1  that is not so, or tele could not run
  2  wrong command line
`;

/** The whole run takes less, in milliseconds: 5 s where all is well, the rest is for a machine that is busy. */
const LIMIT_MS = 60_000;

/** Bytes that must come out of both ends before the first outage, between two, and after the last. */
const STEP_BYTES = 2 ** 20;

/** Length of the black hole, in milliseconds: tele calls a carrier dead after 3 s of silence. */
const SILENT_MS = 4_000;

/** What is said of a Deno without `resetAndDestroy`. */
const TOO_OLD = "cannot break a connection as a network does: run the smoke test with Deno 2.9 or later, such as 2.9.6";

/** The outages. Each must lead to a carrier of its own. */
const OUTAGES: readonly [name: string, cause: (network: Breaker) => void | Promise<void>][] = [
  ["reset", (network) => network.reset()],
  ["closed", (network) => network.close()],
  [`black hole of ${SILENT_MS / 1000} s`, swallow],
];

/** Carriers that are there stay silent for ever, those that are dialled meanwhile until it is over. */
async function swallow(network: Breaker): Promise<void> {
  network.blackHole(true);
  network.strand();
  await new Promise((resolve) => setTimeout(resolve, SILENT_MS));
  network.blackHole(false);
}

/** What is started here and ended by {@linkcode smoke}, whatever happens. */
interface Scene {
  readonly resources: AsyncDisposableStack;
  readonly children: TeleChild[];
  readonly say: (line: string) => void;
}

/** Runs all steps; throws at the first that is not as it should be. */
async function steps(program: Program, { resources, children, say }: Scene): Promise<void> {
  say(`it runs: ${await output(program, ["--version"])}`);
  const traffic = resources.use(new Traffic());
  const start = (role: "server" | "client", args: string[]) => {
    const child = resources.use(new TeleChild(program, role, args));
    children.push(child);
    return child;
  };
  const server = start("server", [`--in=127.0.0.1:${traffic.serverPort}`, "--out=127.0.0.1:0"]);
  const network = resources.use(await Breaker.start({ to: await server.port }));
  say(`tele server ready on port ${await server.port}`);
  const client = start("client", ["--in=127.0.0.1:0", `--out=127.0.0.1:${network.port}`]);
  const port = await client.port;
  say(`tele client ready on port ${port}`);

  const running = traffic.run(port);
  const failed = Promise.race([server.died, client.died, running.then(() => new Promise<never>(() => {}))]);
  await Promise.race([through(traffic), failed]);
  say("data flows both ways");
  for (const [index, [name, cause]] of OUTAGES.entries()) {
    const startMs = performance.now();
    const carriers = network.accepted;
    await cause(network);
    // What was in buffers behind the network flows also without a new carrier.
    await Promise.race([until(() => network.accepted > carriers), failed]);
    await Promise.race([through(traffic), failed]);
    say(`outage ${index + 1}, ${name}: data flows again ${seconds(performance.now() - startMs)} after it began`);
  }
  traffic.stop();
  await Promise.race([running, failed]);
  compare(traffic, say);
  for (const [name, child] of [["client", client], ["server", server]] as const) {
    const { code, wasForced } = await child.stop();
    // Windows has no signal that asks a process to end: it is ended.
    if (Deno.build.os === "windows") continue;
    if (wasForced) throw new Error(`the tele ${name} did not end when it was asked to`);
    if (code !== 0) throw new Error(`the tele ${name} ended with exit code ${code}`);
  }
  say("tele client and tele server ended as asked");
}

/** Waits until {@linkcode STEP_BYTES} more have come out at both ends. */
function through(traffic: Traffic): Promise<void> {
  const goal = traffic.received + STEP_BYTES;
  return until(() => traffic.received >= goal);
}

/** Waits; {@linkcode LIMIT_MS} is for the whole. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function compare({ up, down }: Traffic, say: Scene["say"]): void {
  for (const [name, direction] of [["up", up], ["down", down]] as const) {
    const { sent, received } = direction.hashes();
    if (direction.sent !== direction.received) {
      throw new Error(`${name}: ${direction.received} of ${direction.sent} bytes arrived`);
    }
    if (sent !== received) throw new Error(`${name}: SHA-256 is ${received} instead of ${sent}`);
    say(`${name}: ${(direction.sent / 2 ** 20).toFixed(1)} MiB, SHA-256 equal`);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Tries a program. Returns the exit code. */
async function smoke(program: Program): Promise<number> {
  const startMs = performance.now();
  let lastStep = "the start";
  const children: TeleChild[] = [];
  const say = (line: string) => {
    console.log(`ok ${line}`);
    lastStep = line;
  };
  const interruption = interrupted();
  await using resources = new AsyncDisposableStack();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`nothing new within ${LIMIT_MS / 1000} s; the last step was: ${lastStep}`)),
    LIMIT_MS,
  );
  try {
    const all = steps(program, { resources, children, say }).catch(async (error) => {
      // Ctrl-C reaches the children too, and one of them may end before this process hears of it.
      await new Promise((resolve) => setTimeout(resolve, 200));
      throw error;
    });
    if (await Promise.race([all, late.promise, interruption]) === INTERRUPTED) {
      console.error("smoke: interrupted");
      return INTERRUPTED;
    }
    console.log(`smoke: passed in ${seconds(performance.now() - startMs)}`);
    return 0;
  } catch (error) {
    console.error(`smoke: failed after ${seconds(performance.now() - startMs)}: ${(error as Error).message}`);
    for (const child of children) console.error(child.report());
    return 1;
  } finally {
    clearTimeout(timer);
  }
}

/** The program of a command line; `undefined` if it asks for the help. */
function readProgram(args: readonly string[]): Program | undefined {
  let path: string | undefined;
  for (const arg of withoutDashes(args)) {
    if (arg === "--help") return undefined;
    if (!arg.startsWith("--bin=")) {
      throw new UsageError(`unknown argument ${JSON.stringify(arg)}; it takes --bin=PATH and --help`);
    }
    if (path !== undefined) throw new UsageError("--bin is given more than once: give it once");
    path = arg.slice("--bin=".length);
    if (path === "") throw new UsageError("--bin takes the path of a tele, for example --bin=dist/tele");
  }
  return path === undefined ? fromSource() : compiled(existing(path));
}

/** The whole path: a name without a folder would be looked for in `PATH`. */
function existing(path: string): string {
  let isFile = false;
  try {
    isFile = Deno.statSync(path).isFile;
  } catch {
    // Not there, or not for us to see.
  }
  if (!isFile) throw new Error(`--bin=${path}: there is no such file; give the path of a tele, or leave --bin out`);
  return Deno.realPathSync(path);
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const program = readProgram(args);
    if (program !== undefined && !isNodeSound()) throw new Error(`Deno ${Deno.version.deno} ${TOO_OLD}`);
    if (program !== undefined) return await smoke(program);
    console.log(HELP.trimEnd());
    return 0;
  } catch (error) {
    console.error(`smoke: ${(error as Error).message}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

/**
 * Many connections through a network that breaks at random, for a long time: `deno task soak`.
 *
 * @module
 */
import { formatDuration } from "../../lib/tunnel/values/duration.ts";
import { Breaker } from "../../tests/support/breaker.ts";
import { Random } from "../../tests/support/random.ts";
import { TeleProcess } from "../../tests/support/tele_process.ts";
import { UserServer } from "../../tests/support/user_programs.ts";
import { pause, within } from "../../tests/support/wait.ts";
import { GROWTH_BYTES_EACH, GROWTH_TOLERANCE_BYTES, inMib, judgeGrowth } from "./memory.ts";
import { RandomOutages } from "./network.ts";
import { parseSoakOptions, SOAK_HELP, type SoakOptions } from "./options.ts";
import { runTool } from "../cli.ts";
import { INTERRUPTED, interrupted } from "../interruption.ts";
import { describe, isReset, type Kind, kindOf, KINDS, planOf, runClient, runServer } from "./traffic.ts";

const MINUTE_MS = 60_000;
const SAMPLE_MS = 1_000;
/** The longest quiet time between two outages of a long soak. */
const MOST_CALM_MS = 12_000;
/** A connection that takes longer hangs: the longest have a few minutes to do, outages included. */
const CONNECTION_MS = 10 * MINUTE_MS;
/** When all connections have ended, the tele processes have closed theirs within this time. */
const CLOSED_MS = 15_000;
/** Errors that are shown one by one. */
const MOST_SHOWN = 20;
/** Lines of a tele process's log that must not be there: no outage explains a lost stream. */
const BAD_LINE = /\berror\b|\bcut\b|unknown session|protocol/i;

/** Everything that runs, and what became of it. */
class Soak {
  readonly #options: SoakOptions;
  readonly #random: Random;
  readonly #processes: TeleProcess[];
  readonly #samples = new Map<TeleProcess, number[]>();
  readonly #done: Record<Kind, number> = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  readonly #outages: RandomOutages;
  readonly #network: Breaker;
  readonly #server: UserServer;
  readonly #port: number;
  readonly #start = performance.now();
  #errors = 0;
  #serverErrors = 0;
  #checkedBytes = 0;
  #stopped = false;
  /** Counts bytes that came and were right. */
  readonly count = (bytes: number): void => void (this.#checkedBytes += bytes);

  constructor(options: SoakOptions, server: UserServer, network: Breaker, processes: TeleProcess[]) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#server = server;
    this.#network = network;
    this.#processes = processes;
    this.#port = processes[1].port;
    const mostCalmMs = Math.min(MOST_CALM_MS, Math.max(1_000, options.timeMs / 10));
    this.#outages = new RandomOutages(network, new Random(options.seed + 1), mostCalmMs);
    for (const process of processes) this.#samples.set(process, []);
  }

  /** Returns whether all was well. */
  async run(): Promise<boolean> {
    const filesBefore = this.#processes.map((process) => process.openFiles() ?? 0);
    const sampler = setInterval(() => this.#sample(), SAMPLE_MS);
    const reporter = setInterval(() => this.#report(), MINUTE_MS);
    try {
      const breaking = this.#outages.run();
      const workers = Array.from({ length: this.#options.connections }, (_, index) => this.#work(index));
      await this.#untilTime();
      this.#stopped = true;
      this.#outages.stop();
      await Promise.all([breaking, ...workers]);
    } finally {
      clearInterval(sampler);
      clearInterval(reporter);
    }
    this.#report();
    await this.#checkClosed(filesBefore);
    this.#checkLogs();
    return this.#conclude();
  }

  /** Carries one connection after the other out. */
  async #work(index: number): Promise<void> {
    const kind = kindOf(index);
    const random = new Random(this.#random.next32());
    await pause(random.between(0, 2_000));
    while (!this.#stopped) {
      const plan = planOf(kind, random, this.#options.timeMs / 4);
      try {
        await within(runClient(this.#port, plan, this.count), CONNECTION_MS, "its end");
        this.#done[kind]++;
      } catch (error) {
        this.#tell(`${describe(plan)}: ${(error as Error).message}`);
        // A tele process that has gone would give thousands a second.
        await pause(1_000);
      }
    }
  }

  async #untilTime(): Promise<void> {
    const end = this.#start + this.#options.timeMs;
    while (performance.now() < end) {
      await pause(Math.min(SAMPLE_MS, end - performance.now()));
      this.#showServerErrors();
      const ended = this.#processes.find((process) => process.status !== undefined);
      if (ended) return this.#tell(`the tele ${ended.role} has ended with code ${ended.status?.code}`);
    }
  }

  #showServerErrors(): void {
    for (const error of this.#server.errors.slice(this.#serverErrors)) this.#tell((error as Error).message);
    this.#serverErrors = this.#server.errors.length;
  }

  #tell(message: string): void {
    this.#errors++;
    if (this.#errors <= MOST_SHOWN) console.log(`  ERROR after ${this.#elapsed()}: ${message}`);
    if (this.#errors === MOST_SHOWN) console.log("  further errors are only counted");
  }

  #elapsed(): string {
    return formatDuration(performance.now() - this.#start);
  }

  get #allDone(): number {
    return Object.values(this.#done).reduce((sum, count) => sum + count, 0);
  }

  #sample(): void {
    for (const process of this.#processes) this.#samples.get(process)!.push(process.residentBytes() ?? 0);
  }

  #report(): void {
    const resident = this.#processes.map((process) => `${process.role} ${inMib(process.residentBytes() ?? 0)}`);
    const parts = [
      `${this.#allDone} connections done`,
      `${inMib(this.#checkedBytes)} checked`,
      `${this.#outages.total} outages`,
      `${this.#network.accepted} carriers`,
      `${this.#errors} errors`,
      ...resident,
    ];
    console.log(`${this.#elapsed()}: ${parts.join(", ")}`);
  }

  async #checkClosed(filesBefore: number[]): Promise<void> {
    const end = performance.now() + CLOSED_MS;
    for (const [index, process] of this.#processes.entries()) {
      // The carriers of the last minute may come and go: a few more or less are none of the users' connections.
      const most = filesBefore[index] + 10;
      while ((process.openFiles() ?? 0) > most && performance.now() < end) await pause(100);
      const files = process.openFiles() ?? 0;
      if (files > most) this.#tell(`the tele ${process.role} has ${files} open files, ${filesBefore[index]} at first`);
    }
    while (this.#server.open > 0 && performance.now() < end) await pause(100);
    if (this.#server.open > 0) this.#tell(`${this.#server.open} connections are open at the user's server`);
    this.#showServerErrors();
  }

  #checkLogs(): void {
    for (const { role, log } of this.#processes) {
      for (const line of log.filter((line) => BAD_LINE.test(line))) this.#tell(`tele ${role}: ${line}`);
    }
  }

  #conclude(): boolean {
    const resets = KINDS.filter(isReset).reduce((sum, kind) => sum + this.#done[kind], 0);
    console.log(`\nconnections  ${listOf(this.#done)}`);
    console.log(`resets       ${resets} of ${this.#allDone}`);
    console.log(`outages      ${listOf(this.#outages.counts)}`);
    let grew = false;
    for (const [process, samples] of this.#samples) {
      if (process.residentBytes() === undefined) continue;
      const verdict = judgeGrowth(samples, this.#allDone);
      const at = [0, Math.floor(samples.length / 2), samples.length - 1].map((index) => inMib(samples[index] ?? 0));
      const quarters = `median of the second quarter ${inMib(verdict.earlyBytes)}, of the last ${
        inMib(verdict.lateBytes)
      }`;
      const says = verdict.grew === undefined ? "too short to judge" : verdict.grew ? "GREW" : "no growth";
      const peak = inMib(Math.max(0, ...samples));
      console.log(
        `memory       ${process.role}: start ${at[0]}, middle ${at[1]}, end ${at[2]}, most ${peak}; ${quarters}, ${
          Math.round(verdict.bytesEach)
        } bytes a connection: ${says}`,
      );
      grew ||= verdict.grew === true;
    }
    console.log(
      `             growth: more than ${GROWTH_BYTES_EACH} bytes a connection and ${
        inMib(GROWTH_TOLERANCE_BYTES)
      } between the two`,
    );
    console.log(`errors       ${this.#errors}`);
    return this.#errors === 0 && !grew;
  }
}

function listOf(counts: Record<string, number>): string {
  return Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", ");
}

/** Starts all that is needed, runs the soak, and leaves nothing behind. Returns the exit code. */
async function soak(options: SoakOptions): Promise<number> {
  const interruption = interrupted();
  let wasInterrupted = false;
  const home = await Deno.makeTempDir({ prefix: "tele-soak-" });
  let count = (_bytes: number): void => {};
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(home, { recursive: true }));
  const server = new UserServer((connection) => runServer(connection, count));
  // Its connections end when they have done what they are there for: who interrupts does not wait for that.
  cleanup.defer(() => wasInterrupted ? undefined : server.stop());
  const teleServer = cleanup.use(
    await TeleProcess.start({ role: "server", args: [`--in=127.0.0.1:${server.port}`, "--out=127.0.0.1:0"], home }),
  );
  const network = cleanup.use(await Breaker.start({ to: teleServer.port }));
  const teleClient = cleanup.use(
    await TeleProcess.start({ role: "client", args: ["--in=127.0.0.1:0", `--out=127.0.0.1:${network.port}`], home }),
  );
  const time = formatDuration(options.timeMs);
  console.log(`${options.connections} connections for ${time}, --seed=${options.seed}`);
  const run = new Soak(options, server, network, [teleServer, teleClient]);
  count = run.count;
  const code = await Promise.race([run.run().then((wasWell) => wasWell ? 0 : 1), interruption]);
  wasInterrupted = code === INTERRUPTED;
  if (wasInterrupted) console.error("soak: interrupted");
  return code;
}

if (import.meta.main) {
  Deno.exit(await runTool({ name: "soak", help: SOAK_HELP, parse: parseSoakOptions, run: soak }, Deno.args));
}

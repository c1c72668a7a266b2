/**
 * The bench: that its parts measure and tell what they say, and that it leaves nothing behind. No figure is judged here.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { judge } from "../../scripts/bench/bars.ts";
import { chart } from "../../scripts/bench/chart.ts";
import type { Contender } from "../../scripts/bench/contender.ts";
import { DIRECT } from "../../scripts/bench/contender.ts";
import { firstAnswers, flood, pingPong, startMessageServer } from "../../scripts/bench/load.ts";
import { BENCH_HELP, parseBenchOptions, UsageError } from "../../scripts/bench/options.ts";
import { processTree } from "../../scripts/bench/program.ts";
import type { Result } from "../../scripts/bench/result.ts";
import { measureRounds } from "../../scripts/bench/rounds.ts";
import { wideArea } from "../../scripts/bench/site.ts";
import { format, quantile, quartiles } from "../../scripts/bench/statistics.ts";
import { resultTable } from "../../scripts/bench/table.ts";
import type { Workload } from "../../scripts/bench/workload.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { freePort } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/bench/main.ts", import.meta.url));

/** The load generator that works everywhere. */
const LOAD = {
  description: "TypeScript",
  command: [Deno.execPath(), "run", "-A", fileURLToPath(new URL("../../scripts/bench/load_main.ts", import.meta.url))],
};

const onLinux = { ignore: Deno.build.os !== "linux" };

function startBench(home: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", SCRIPT, ...args],
    env: { TMPDIR: home, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function bench(home: string, ...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  const { code, stdout, stderr } = await startBench(home, ...args).output();
  return { code, output: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
}

// ---------------------------------------------------------------------------------------------------------------------
// The whole bench, in its shortest form
// ---------------------------------------------------------------------------------------------------------------------

Deno.test({
  name: "a short bench prints its table and bars, writes JSON and a chart, and leaves nothing behind",
  ...onLinux,
  fn: scenario(120_000, async ({ home }) => {
    const files = await Deno.makeTempDir();
    try {
      const short = ["--only=echo", "--contenders=direct,bare Deno pair,tele", "--rounds=1", "--seconds=1"];
      const { code, output, errors } = await bench(home, ...short, `--json=${files}/json`, `--svg=${files}/svg`);
      assertEquals([code, errors], [0, ""], output);
      const echo = output.slice(output.indexOf("### Echo"), output.indexOf("### Bars"));
      for (const name of ["direct", "bare Deno pair", "tele"]) {
        assertMatch(echo, new RegExp(`^\\| ${name} +\\| +[\\d.,]+ \\(.* to .*\\) \\| +[\\d.,]+ \\(`, "m"));
      }
      assertMatch(output, /^\| echo p50: tele ≤ 1\.30 × bare Deno pair .* \| +\d.* \| /m);

      const report = JSON.parse(await Deno.readTextFile(`${files}/json`));
      const [result] = report.results as Result[];
      assertEquals(result.rows.map(({ contender, samples }) => [contender, samples.length]), [
        ["direct", 1],
        ["bare Deno pair", 1],
        ["tele", 1],
      ]);
      for (const { samples: [{ p50, p99 }] } of result.rows) assert(0 < p50 && p50 <= p99, `${p50}, ${p99}`);
      assertEquals(report.machine.deno, Deno.version.deno);
      assertStringIncludes(await Deno.readTextFile(`${files}/svg`), "Echo of 64 bytes");
      assertEquals([...Deno.readDirSync(home)], []);
    } finally {
      await Deno.remove(files, { recursive: true });
    }
  }),
});

Deno.test({
  name: "the bench tells the rate and the CPU time of a bulk transfer",
  ...requires("iperf3"),
  fn: scenario(120_000, async ({ home }) => {
    const short = ["--only=bulk-up-1", "--contenders=direct,tele", "--rounds=1", "--seconds=1"];
    const { code, output } = await bench(home, ...short);
    assertEquals(code, 0);
    assertMatch(output, /^\| direct \| +[\d.,]+ \(.*\) \| +- \|$/m, output);
    assertMatch(output, /^\| tele( TLS)? +\| +[\d.,]+ \(.*\) \| +[\d.,]+ \(.*\) \|$/m, output);
  }),
});

Deno.test({
  name: "a bench that is asked to end takes its processes and files with it",
  ...onLinux,
  fn: scenario(120_000, async ({ home }) => {
    const running = startBench(home, "--only=echo", "--contenders=bare Deno pair", "--seconds=60");
    const output = running.stdout.cancel();
    // The kernel separates the words of a command by zeros.
    const isMeasuring = () => processTree(running.pid).some((pid) => commandOf(pid).includes("\0ping\0"));
    await until(isMeasuring, 60_000, "the first measurement");
    const started = processTree(running.pid);
    running.kill("SIGTERM");
    assertEquals((await within(running.status, 20_000, "the end of the bench")).code, 130);
    await Promise.all([output, running.stderr.cancel()]);
    assertEquals(started.map(commandOf).filter((command) => command !== ""), []);
    assertEquals([...Deno.readDirSync(home)], []);
  }),
});

/** The command line of a process, empty if it has ended. */
function commandOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`);
  } catch {
    return "";
  }
}

Deno.test("a wrong command line gets one line and exit code 2, --help the help", async () => {
  const home = await Deno.makeTempDir();
  try {
    const wrong = await bench(home, "--round=1");
    assertEquals([wrong.code, wrong.output], [2, ""]);
    assertEquals(wrong.errors, 'bench: unknown argument "--round=1"; the nearest is --rounds; see --help\n');
    assertEquals(await bench(home, "--help"), { code: 0, output: BENCH_HELP, errors: "" });
    assertThrows(() => parseBenchOptions(["--seconds=0"]), UsageError, "--seconds takes a whole number from 1");
  } finally {
    await Deno.remove(home);
  }
});

// ---------------------------------------------------------------------------------------------------------------------
// Rounds
// ---------------------------------------------------------------------------------------------------------------------

Deno.test("each round has every contender once, in another order, and a contender that fails stops nobody", async () => {
  const start: Contender["start"] = () => Promise.reject(new Error("not used here"));
  const order: string[] = [];
  const workload: Workload = {
    name: "counting",
    title: "Counting",
    metrics: [{ name: "rate", unit: "turns", better: "more" }],
    programs: [],
    contenders: [
      { name: "one", programs: [], start },
      { name: "absent", programs: ["no-such-program-of-the-bench"], start },
      { name: "two", programs: [], start },
      { name: "tired", programs: [], start },
      { name: "dead", programs: [], start },
    ],
    isCold: true,
    prepare: () =>
      Promise.resolve(({ name }) => {
        if (name === "dead") return Promise.reject(new Error("it does not start"));
        return Promise.resolve(() => {
          order.push(name);
          if (name === "tired" && order.length > 5) return Promise.reject(new Error("it has had enough"));
          return Promise.resolve({ rate: order.length });
        });
      }),
  };
  const options = { rounds: 3, seconds: 1, isWanted: () => true, onProgress: () => {} };
  const result = await measureRounds(workload, { load: LOAD, wanSource: "" }, options);
  assertEquals(order, ["one", "two", "tired", "two", "tired", "one", "two", "tired", "one"]);
  assertEquals(
    result.rows.map(({ contender, samples, error }) => [contender, samples.map(({ rate }) => rate), error]),
    [
      ["one", [1, 6, 9], undefined],
      ["absent", [], "missing: no-such-program-of-the-bench"],
      ["two", [2, 4, 7], undefined],
      ["tired", [3, 5], "it has had enough"],
      ["dead", [], "it does not start"],
    ],
  );
  assertEquals(resultTable(result), [
    "### Counting",
    "",
    "|        |               turns |",
    "| ------ | ------------------: |",
    "| one    | 6.00 (3.50 to 7.50) |",
    "| absent |             missing |",
    "| two    | 4.00 (3.00 to 5.50) |",
    "| tired  | 4.00 (3.50 to 4.50) |",
    "| dead   |              failed |",
    "",
    "absent: missing: no-such-program-of-the-bench",
    "",
    "tired: it has had enough",
    "",
    "dead: it does not start",
  ]);
});

// ---------------------------------------------------------------------------------------------------------------------
// Load and path, where there is neither a compiler nor root
// ---------------------------------------------------------------------------------------------------------------------

Deno.test({
  name: "without network namespaces a relay makes the path long, for new connections too, and keeps every byte",
  ...onLinux,
  fn: scenario(120_000, async (s) => {
    const path = { roundTripMs: 40, megabitsPerSecond: 50, queueKib: 64 };
    const site = await wideArea(s, "/nowhere/wan.c", path);
    const to = freePort();
    const server = await startMessageServer(s, site, to, { load: LOAD });
    const direct = await DIRECT.start(s, site, to);

    const times = await firstAnswers(LOAD, direct, 3, site.near);
    assertEquals(times.length, 3);
    // It cannot be sooner; how much later it is, is the machine's affair. A timer may be early by less than 1 ms.
    for (const ms of times) assert(ms >= 2 * path.roundTripMs - 2, `${ms} ms`);
    const { p50, p99 } = await pingPong(LOAD, direct, { wrap: site.near, seconds: 1 });
    assert(path.roundTripMs - 2 <= p50 / 1_000 && p50 <= p99, `${p50}, ${p99}`);

    await flood(LOAD, direct, { wrap: site.near, seconds: 1 });
    await until(() => /^sink \d+ [\d.]+$/m.test(server.said), 20_000, "the sink's count");
    const [, bytes, seconds] = /^sink (\d+) ([\d.]+)$/m.exec(server.said)!.map(Number);
    assertEquals(bytes % (256 * 1024), 0, "whole blocks");
    // What was in the queue when the clock started comes on top of the rate.
    const most = path.megabitsPerSecond * 1e6 / 8 * seconds + path.queueKib * 1024;
    assert(bytes <= most * 1.05, `${bytes} bytes in ${seconds} s are more than the path can carry`);
  }),
});

// ---------------------------------------------------------------------------------------------------------------------
// Figures
// ---------------------------------------------------------------------------------------------------------------------

const RESULT: Result = {
  name: "echo",
  title: "Echo & more",
  metrics: [{ name: "p50", unit: "µs", better: "less", isCharted: true }],
  rows: [
    { contender: "tele", samples: [{ p50: 70 }, { p50: 60 }, { p50: 80 }] },
    { contender: "bare Deno pair", samples: [{ p50: 50 }, { p50: 60 }, { p50: 40 }] },
    { contender: "socat pair", samples: [], error: "missing: socat (Debian package socat)" },
  ],
};

Deno.test("medians, quartiles and percentiles are what statistics calls them", () => {
  assertEquals(quartiles([5, 1, 3, 2, 4]), { low: 2, median: 3, high: 4 });
  assertEquals(quartiles([1, 2]), { low: 1.25, median: 1.5, high: 1.75 });
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assertEquals([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([7], 0.99)], [50, 99, 7]);
  assertEquals([0.0123, 1, 12.345, 123.4, 98765].map(format), ["0.0123", "1.00", "12.3", "123", "98,765"]);
  assertEquals(format(NaN), "-");
});

Deno.test("a bar is met, missed, surpassed or not measured, by the medians", () => {
  const bar = { workload: "echo", contender: "tele", metric: "p50", kind: "most" } as const;
  const of = { contender: "bare Deno pair" };
  const verdicts = judge([RESULT], [
    { ...bar, bar: 1.5, beyond: 1.4, of },
    { ...bar, bar: 1.5, beyond: 1.3, of },
    { ...bar, bar: 1.3, of },
    { ...bar, beyond: 1.3, of },
    { ...bar, bar: 70 },
    { ...bar, kind: "least", bar: 71 },
    { ...bar, bar: 1, of: { contender: "socat pair" } },
    { ...bar, workload: "another", bar: 1 },
  ]);
  assertEquals(verdicts.map(({ verdict }) => verdict), [
    "beyond",
    "met",
    "missed",
    "met",
    "met",
    "missed",
    "not measured",
  ]);
  assertEquals(verdicts[0].measured, 1.4);
  assertEquals(verdicts[0].text, "echo p50: tele ≤ 1.50 × bare Deno pair (beyond: ≤ 1.40)");
});

Deno.test("the chart has a bar for each median, says what is missing, and is for light and dark", () => {
  const svg = chart([RESULT], "a < machine");
  assertEquals(svg.match(/<rect class="bar/g)?.length, 2);
  assertEquals(svg.match(/<rect class="bar own"/g)?.length, 1);
  assertStringIncludes(svg, ">missing</text>");
  assertStringIncludes(svg, "Echo &amp; more");
  assertStringIncludes(svg, "a &lt; machine");
  assertStringIncludes(svg, "prefers-color-scheme: dark");
  const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
  assertEquals(Math.round(100 * widths[0] / widths[1]), 140);
});

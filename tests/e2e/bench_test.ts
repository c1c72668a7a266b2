/**
 * The bench: that its parts measure and tell what they say, and that it leaves nothing behind. No figure is judged
 * here.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DIRECT } from "../../scripts/bench/contender.ts";
import { firstAnswers, pingPong, startMessageServer } from "../../scripts/bench/load.ts";
import { BENCH_HELP } from "../../scripts/bench/options.ts";
import { processTree } from "../../scripts/bench/program.ts";
import type { Result } from "../../scripts/bench/result.ts";
import { relayed } from "../../scripts/bench/site.ts";
import { scenario } from "../support/scenario.ts";
import { requiresHosts } from "../support/namespace.ts";
import { program, requires } from "../support/skip.ts";
import { connectTo, exchange, freePort } from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/bench/main.ts", import.meta.url));

/** The load generator that works everywhere. */
const LOAD = {
  description: "TypeScript",
  command: [Deno.execPath(), "run", "-A", fileURLToPath(new URL("../../scripts/bench/load_main.ts", import.meta.url))],
};

/** What goes through the relay and comes back. */
const BYTES = 3 * 1024 * 1024;
const SEED = 7;

const onLinux = { ignore: Deno.build.os !== "linux" };

/** Where there can be paths of IP packets. */
const onLinks = { ignore: requiresHosts("cc", "ssh", "sshd").ignore || !existsSync("/dev/net/tun") };

function startBench(home: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", SCRIPT, ...args],
    env: { TMPDIR: home, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** What a bench said, how it ended, and the number that its process had. */
interface Ended {
  pid: number;
  code: number;
  output: string;
  errors: string;
}

async function bench(home: string, ...args: string[]): Promise<Ended> {
  const running = startBench(home, ...args);
  const { code, stdout, stderr } = await running.output();
  const decoder = new TextDecoder();
  return { pid: running.pid, code, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
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

Deno.test({
  name: "a bench that is asked to end in the middle of an upload by ssh on a slow path leaves nothing there",
  ...onLinks,
  fn: scenario(120_000, async (s) => {
    const running = startBench(s.home, "--only=wide-slow-128-cubic", "--contenders=ssh", "--seconds=60");
    let hasEnded = false;
    running.status.then(() => hasEnded = true);
    s.defer(() => hasEnded || running.kill("SIGKILL"));
    const outputs = [running.stdout.cancel(), running.stderr.cancel()];
    const isTyping = () => processTree(running.pid).some((pid) => commandOf(pid).includes("\0type\0"));
    await until(isTyping, 60_000, "the first measurement");
    // Some megabytes wait in ssh's socket by then: minutes on this path, which its login at the far end lives on.
    await pause(2_000);
    const names = await namespacesOf(running.pid);
    assertEquals(names.length, 2);
    const inside = (await Promise.all(names.map((name) => ip("netns", "pids", name)))).flat().map(Number);
    assert(inside.some((pid) => commandOf(pid).startsWith("sshd: ")), "a login");
    // As Ctrl-C does it: the path hears it as well, and what the login waits for does not come any more.
    const paths = processTree(running.pid).filter((pid) => /\/wan\0/.test(commandOf(pid)));
    assertEquals(paths.length, 1);
    for (const pid of [...paths, running.pid]) Deno.kill(pid, "SIGINT");
    assertEquals((await within(running.status, 20_000, "the end of the bench")).code, 130);
    await Promise.all(outputs);
    assertEquals(inside.map(commandOf).filter((command) => command !== ""), []);
    assertEquals(await namespacesOf(running.pid), []);
    assertEquals([...Deno.readDirSync(s.home)], []);
  }),
});

/** The namespaces that a bench has made. */
async function namespacesOf(pid: number): Promise<string[]> {
  return (await ip("netns", "list")).map((line) => line.split(" ")[0]).filter((name) =>
    name.startsWith(`tele-${pid}-`)
  );
}

async function ip(...args: string[]): Promise<string[]> {
  const { stdout } = await new Deno.Command(program("ip"), { args }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

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
    const { code, output, errors } = await bench(home, "--help");
    assertEquals({ code, output, errors }, { code: 0, output: BENCH_HELP, errors: "" });
  } finally {
    await Deno.remove(home);
  }
});

Deno.test({
  name: "the bench measures long paths, tele on them too, and leaves no namespace behind",
  ...onLinks,
  fn: scenario(240_000, async ({ home }) => {
    const names = ["lossy-1", "share", "slow-1000", "dying-path"].map((name) => `wide-${name}-bbr`);
    const short = [`--only=${names.join(",")}`, "--contenders=direct,tele", "--rounds=1", "--seconds=1"];
    const { pid, code, output, errors } = await bench(home, ...short, `--json=${home}/json`);
    assertEquals([code, errors], [0, ""], output);
    const { results }: { results: Result[] } = JSON.parse(await Deno.readTextFile(`${home}/json`));
    assertEquals(results.map(({ name }) => name).sort(), names.sort());
    for (const { name, metrics, rows } of results) {
      assertEquals(rows.map(({ contender, error }) => [contender, error]), [["direct", undefined], [
        "tele",
        undefined,
      ]]);
      for (const { contender, samples: [sample] } of rows) {
        for (const metric of metrics) assert(sample[metric.name] > 0, `${name}: ${metric.name} of ${contender}`);
      }
    }
    const stillness = results.find(({ name }) => name === "wide-dying-path-bbr")!.rows[0];
    assert(stillness.samples[0].download > 2_900, `${stillness.samples[0].download} ms for an outage of 3 s`);
    assertEquals(stillness.note, "uses one path; it was down for 3 s and came back");
    assertEquals(await namespacesOf(pid), []);
  }),
});

// ---------------------------------------------------------------------------------------------------------------------
// Load and path, where there is neither a compiler nor root
// ---------------------------------------------------------------------------------------------------------------------

Deno.test({
  name: "without network namespaces a relay makes the path long, for new connections too, and keeps every byte",
  ...onLinux,
  fn: scenario(120_000, async (s) => {
    const path = { roundTripMs: 40, megabitsPerSecond: 50, queueKib: 64 };
    const site = relayed(s, path);
    const to = freePort();
    await startMessageServer(s, site, to, { load: LOAD });
    const direct = await DIRECT.start(s, site, to);

    const times = await firstAnswers(LOAD, direct, 3, site.near);
    assertEquals(times.length, 3);
    // It cannot be sooner; how much later it is, is the machine's affair. A timer may be early by less than 1 ms.
    for (const ms of times) assert(ms >= 2 * path.roundTripMs - 2, `${ms} ms`);
    const { p50, p99 } = await pingPong(LOAD, direct, { wrap: site.near, seconds: 1 });
    assert(path.roundTripMs - 2 <= p50 / 1_000 && p50 <= p99, `${p50}, ${p99}`);

    const connection = await connectTo(direct.port);
    const startMs = performance.now();
    // Both ways at once: a whole queue is on its way when the last byte is written.
    const { sentSha256, receivedSha256 } = await exchange(connection, BYTES, SEED);
    const seconds = (performance.now() - startMs) / 1_000;
    connection.close();
    assertEquals(receivedSha256, sentSha256);
    // What is in the queue when the clock starts comes on top of the rate.
    const most = path.megabitsPerSecond * 1e6 / 8 * seconds + path.queueKib * 1024;
    assert(BYTES <= most, `${BYTES} bytes in ${seconds} s are more than the path can carry`);
  }),
});

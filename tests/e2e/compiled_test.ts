/**
 * The compiled program: made by `deno task compile`, installed by `install.sh`, tried by the smoke test.
 *
 * It needs a runtime base for this machine: from `DENORT_BIN`, or, with `TELE_COMPILE=download`, from Deno's own site.
 * Where there can be none, `TELE_COMPILE=no` says so.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import config from "../../deno.json" with { type: "json" };
import { formatSize } from "../../lib/tunnel/values/size.ts";
import { programName, TARGETS } from "../../scripts/compile/targets.ts";
import { compile } from "../support/compile_run.ts";
import { ImageRoot, inImages } from "../support/image_root.ts";
import { Home } from "../support/installation.ts";
import { ARCHIVE, Release } from "../support/release.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { smoke } from "../support/smoke_run.ts";
import { readText } from "../support/source_tree.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** How many times the start-up is measured; the median counts. */
const STARTS = 9;

const TARGET = TARGETS.find(({ name }) => name === Deno.build.target)!;

/** Whether a test can compile here; tells the reason if not. */
function canCompile(): { ignore: boolean } {
  if (Deno.env.get("DENORT_BIN") || Deno.env.get("TELE_COMPILE") === "download") return { ignore: false };
  console.error("skipped: set DENORT_BIN to a runtime base of Deno, or TELE_COMPILE=download to download one");
  return { ignore: true };
}

/** One compiled program for all tests of this file. */
let compiled: Promise<string> | undefined;

/** The folder with what `deno task compile` makes for this machine. */
function folder(): Promise<string> {
  return compiled ??= (async () => {
    const folder = await Deno.makeTempDir();
    const { code, output, errors } = await compile({}, `--to=${folder}`, `--target=${TARGET.name}`);
    assertEquals(code, 0, `${output}\n${errors}`);
    console.log(output.trim());
    return folder;
  })();
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** Runs the program with an empty environment until it has said `said` on standard error, then ends it. */
async function logOf(program: string, env: Record<string, string>, args: string[], said: RegExp): Promise<string> {
  const child = new Deno.Command(program, {
    args,
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) log += text;
  })();
  try {
    await until(() => said.test(log), 10_000, `${said} in the log`);
  } finally {
    child.kill("SIGTERM");
    await Promise.all([reading, child.status]);
  }
  return log;
}

// With TELE_COMPILE=no CI has said loudly why nothing is compiled: a skipped test would say it a second time, as a
// failure.
if (Deno.env.get("TELE_COMPILE") === "no") {
  console.error("NOT TESTED: the compiled program, since TELE_COMPILE=no");
} else {
  Deno.test({
    name: "the compiled program passes the smoke test in an empty folder with an empty environment",
    ...canCompile(),
    fn: async () => {
      const empty = await Deno.makeTempDir();
      try {
        const program = `${empty}/${TARGET.program}`;
        await Deno.copyFile(`${await folder()}/${programName(TARGET)}`, program);
        const { code, output, errors, tookMs } = await smoke(`--bin=${program}`);
        assertEquals([code, errors], [0, ""], `${output}\n${errors}`);

        const startMs: number[] = [];
        for (let start = 0; start < STARTS; start++) {
          const beforeMs = performance.now();
          const command = new Deno.Command(program, { args: ["--version"], clearEnv: true, cwd: empty });
          assertMatch(new TextDecoder().decode((await command.output()).stdout), /^tele \d+\.\d+\.\d+\r?\n$/);
          startMs.push(performance.now() - beforeMs);
        }
        const { size } = await Deno.stat(program);
        const figures = [`${formatSize(size)} (${size} bytes)`, `starts in ${median(startMs).toFixed(0)} ms`];
        console.log(`${TARGET.name}: ${figures.join(", ")}, smoke test in ${(tookMs / 1000).toFixed(1)} s`);
        assertEquals(Array.from(Deno.readDirSync(empty), ({ name }) => name), [TARGET.program]);
      } finally {
        await Deno.remove(empty, { recursive: true });
      }
    },
  });

  Deno.test({
    name: "the compiled program carries the packages that it imports, and none of those that tests and tools use",
    ...canCompile(),
    fn: async () => {
      const program = Buffer.from(await Deno.readFile(`${await folder()}/${programName(TARGET)}`));
      const named = Object.values(config.imports).flatMap((to) => /^npm:\/?((?:@[^/]+\/)?[^@/]+)/.exec(to)?.[1] ?? []);
      // So begins the package.json of each of them.
      const carried = named.filter((name) => program.includes(`"name": "${name}"`));
      assertEquals(carried.sort(), ["@peculiar/x509", "deno-std"]);
    },
  });

  Deno.test({
    name: "the permissions of the compiled program are enough for state, unix sockets and names",
    ignore: Deno.build.os === "windows" || canCompile().ignore,
    fn: async () => {
      await using home = await Home.make();
      const program = `${await folder()}/${programName(TARGET)}`;
      const socket = `unix:${home.path}/socket`;
      const client = ["--client", `--in=${socket}`, "--out=localhost:1", "--log-level=debug"];
      const said = await logOf(program, { HOME: home.path }, client, /no tele server yet: .*connection refused/);
      const denied = /NotCapable|Requires \w+ access|memory only/;
      assert(!denied.test(said), said);
      const state = Deno.build.os === "darwin" ? "Library/Application Support/tele" : ".local/state/tele";
      const names = Array.from(Deno.readDirSync(`${home.path}/${state}`), ({ name }) => name);
      assertMatch(names.join(), /^identity-[0-9a-f]{16}-[0-9a-f]{16}$/);
      assertEquals(Array.from(Deno.readDirSync(home.path), ({ name }) => name), [state.split("/")[0]]);
    },
  });

  Deno.test({
    name: "the permissions of the compiled program are enough for workers, and for others in their place",
    ignore: Deno.build.os !== "linux" || canCompile().ignore,
    fn: scenario(60_000, async (s) => {
      const bin = `${await folder()}/${programName(TARGET)}`;
      const user = s.use(new UserServer(echo));
      const [out, input] = [freePort(), freePort()];
      const server = await s.server(user.port, out, { bin, args: ["--workers=2"] });
      const client = await s.client(out, input, { bin, args: ["--workers=2"] });
      const roundTrips = async () => {
        for (let user = 0; user < 4; user++) {
          using connection = await connectTo(input);
          await within(roundTrip(connection, `user ${user}`), 10_000, "an echo");
        }
      };
      await roundTrips();
      for (const process of [server, client]) {
        process.signal("SIGUSR2");
        for (const worker of [1, 2]) await process.logged(new RegExp(`worker ${worker}: ended: drained`), 20_000);
      }
      await roundTrips();
      for (const process of [client, server]) {
        assertEquals((await process.stop("SIGTERM", 20_000)).code, 0, process.report());
        assert(!/NotCapable|Requires \w+ access|a fault in tele/.test(process.report()), process.report());
      }
    }),
  });

  Deno.test({
    name: "the image's files are enough for a tunnel, on a root that cannot be written to, as a user without a name",
    ignore: inImages().ignore || canCompile().ignore,
    fn: async () => {
      await using home = await Home.make();
      await using image = await ImageRoot.build(readText("scripts/container/Dockerfile"), await folder());
      const script = await image.script(home.path);
      const { code, output, errors } = await smoke(`--bin=${script}`);
      assertEquals([code, errors], [0, ""], `${output}\n${errors}`);
      assertMatch(output, /^ok it runs: tele \d+\.\d+\.\d+$/m);
      assertMatch(output, /^ok tele client and tele server ended as asked$/m);
      const names = Array.from(Deno.readDirSync(`${image.path}/opt/tele`), ({ name }) => name);
      assert(names.includes("LICENSE"), "whoever passes tele on passes its licence on");
      const writing = await new Deno.Command(script, { args: ["--make-cert=/tls", "--host=a"] }).output();
      const said = "tele: cannot make the folder /tls: read-only file system: mkdir '/tls'\n";
      assertEquals([writing.code, new TextDecoder().decode(writing.stderr)], [1, said]);
    },
  });

  Deno.test({
    name: "install.sh installs what deno task compile made",
    ignore: Deno.build.os === "windows" || requires("sh", "curl").ignore || canCompile().ignore,
    fn: async () => {
      await using home = await Home.make();
      await using release = await Release.ofFolder(await folder());
      const { code, output, errors } = await home.install({ TELE_URL: release.url });
      assertEquals([code, errors], [0, ""], output);
      assertMatch(output, new RegExp(`^installed tele \\d+\\.\\d+\\.\\d+ as ${home.tele}$`, "m"));
      assertEquals(release.asked, ["SHA256SUMS", ARCHIVE]);
      const asked = await new Deno.Command(home.tele, { args: ["--help"], clearEnv: true }).output();
      assertStringIncludes(new TextDecoder().decode(asked.stdout), "--ping-interval=DUR");
      const refused = await new Deno.Command(home.tele, { args: ["--no-such-option"], clearEnv: true }).output();
      assertEquals(refused.code, 2);
    },
  });

  Deno.test.afterAll(async () => {
    if (compiled !== undefined) await Deno.remove(await compiled, { recursive: true });
  });
}

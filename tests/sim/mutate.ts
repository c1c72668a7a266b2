/**
 * Checks the simulator itself, the fuzzer and some unit tests: puts each fault of `tests/sim/mutations/` into a copy of the code, one
 * at a time, and runs seeds until one fails.
 *
 *     deno task mutate                     every fault, up to 20000 seeds each
 *     deno task mutate --seeds=5000 --only=credit
 *     deno task mutate --by=test           those that a unit test is to catch, in a minute or two; or sim, or fuzz
 *
 * Exit codes: 0 every fault was caught, 1 one survived or could not be put, 2 wrong command line.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { TextLineStream } from "@std/streams";
import type { Mutation } from "./mutations/mutation.ts";
import { MUTATIONS } from "./mutations.ts";

const ROOT = new URL("../../", import.meta.url);
/** What simulator, fuzzer and unit tests need of the tree. */
const NEEDED = [
  "deno.json",
  "deno.lock",
  "lib",
  "scripts/std_types",
  "tests/fuzz",
  "tests/sim",
  "tests/support",
  "tests/unit",
];
/**
 * A fault that makes the code compute for ever is caught when nothing was told for this long, in milliseconds. The whole
 * time of a run says nothing: beside other work it may be any.
 */
const LONGEST_SILENCE_MS = 120_000;
/** The line of the simulator, the fuzzer or a unit test that tells what went wrong. */
const TELLS_FAILURE = /seed \d+ .*fails|\.\.\. .*FAILED/;

async function copyTree(from: URL, to: URL): Promise<void> {
  const info = await Deno.stat(from);
  if (info.isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const slash = isDirectory ? "/" : "";
    await copyTree(new URL(`${name}${slash}`, from), new URL(`${name}${slash}`, to));
  }
}

/** Puts the fault; tells what cannot be done, if anything. */
async function put(mutation: Mutation, tree: URL): Promise<string | undefined> {
  for (const { file, from, to } of mutation.edits) {
    const path = new URL(file, tree);
    const text = await Deno.readTextFile(path);
    const times = text.split(from).length - 1;
    if (times !== 1) return `the text is ${times} times in ${file}`;
    await Deno.writeTextFile(path, text.replace(from, () => to));
  }
  return undefined;
}

async function restore(mutation: Mutation, tree: URL): Promise<void> {
  for (const { file } of mutation.edits) await Deno.copyFile(new URL(file, ROOT), new URL(file, tree));
}

/** What catches faults. */
const CATCHERS = ["sim", "fuzz", "test"];

function kindOf({ fuzz, test }: Mutation): string {
  if (test !== undefined) return "test";
  return fuzz === undefined ? "sim" : "fuzz";
}

/** What is to catch a fault: arguments of Deno. */
function catcherOf({ fuzz, test }: Mutation, seeds: number): { main: string; args: string[] } {
  if (test !== undefined) return { main: test, args: ["test", "-A", "--no-check", test] };
  const run = ["run", "-A", "--no-check"];
  if (fuzz === undefined) {
    return { main: "tests/sim/main.ts", args: [...run, "tests/sim/main.ts", `--seeds=${seeds}`, "--quick"] };
  }
  return { main: "tests/fuzz/main.ts", args: [...run, "tests/fuzz/main.ts", `--streams=${seeds}`, `--only=${fuzz}`] };
}

/** Runs Deno in `tree`, until nothing is told any more. */
async function runDeno(tree: URL, args: string[]): Promise<{ code: number; lines: string[]; hangs: boolean }> {
  const env = { NO_COLOR: "1" };
  const command = new Deno.Command(Deno.execPath(), { args, cwd: tree, env, stdout: "piped", stderr: "piped" });
  const child = command.spawn();
  const silence = new Silence(() => child.kill("SIGKILL"));
  const told = Promise.all([child.stdout, child.stderr].map((stream) => silence.collect(stream)));
  const { code } = await child.status;
  await told;
  silence.end();
  return { code, lines: silence.lines, hangs: silence.isTooLong };
}

/** Runs what is to catch the fault that is in `tree`; returns whether it did, and its last words. */
async function runCatcher(tree: URL, mutation: Mutation, seeds: number): Promise<{ isCaught: boolean; how: string }> {
  const { main, args } = catcherOf(mutation, seeds);
  // Code that nobody can run would be caught by anything.
  const cached = await runDeno(tree, ["cache", "--quiet", "--no-check", main]);
  if (cached.code !== 0) return { isCaught: false, how: `cannot be run: ${cached.lines.at(0)}` };
  const { code, lines, hangs } = await runDeno(tree, args);
  if (hangs) return { isCaught: true, how: "hangs" };
  const how = lines.find((line) => TELLS_FAILURE.test(line)) ?? lines.at(-1) ?? "";
  if (how.includes("ReferenceError")) return { isCaught: false, how: `cannot be run: ${how}` };
  return { isCaught: code !== 0, how: how.replace(/ fails:/, ":") };
}

/** The lines of a process, and an alarm when none comes any more. */
class Silence {
  readonly lines: string[] = [];
  isTooLong = false;
  readonly #onTooLong: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onTooLong: () => void) {
    this.#onTooLong = onTooLong;
    this.#restart();
  }

  #restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.isTooLong = true;
      this.#onTooLong();
    }, LONGEST_SILENCE_MS);
  }

  async collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const line of stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
      if (line.trim() !== "") this.lines.push(line);
      this.#restart();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

if (import.meta.main) {
  const flags = parseArgs(Deno.args, {
    string: ["seeds", "only", "by"],
    unknown(flag) {
      console.error(`${flag} is not known here: --seeds=N --only=WORDS --by=sim|fuzz|test`);
      Deno.exit(2);
    },
  });
  const seeds = Number(flags.seeds ?? 20_000);
  if (!(seeds > 0)) {
    console.error("--seeds takes a whole number, for example --seeds=5000");
    Deno.exit(2);
  }
  if (flags.by !== undefined && !CATCHERS.includes(flags.by)) {
    console.error("--by takes sim, fuzz or test: what is to catch the faults");
    Deno.exit(2);
  }
  const chosen = MUTATIONS.filter((mutation) =>
    mutation.name.includes(flags.only ?? "") && (flags.by ?? kindOf(mutation)) === kindOf(mutation)
  );
  if (chosen.length === 0) {
    console.error(
      `no such fault has ${JSON.stringify(flags.only ?? "")} in its name; they are in tests/sim/mutations/`,
    );
    Deno.exit(2);
  }
  const directory = await Deno.makeTempDir({ prefix: "tele-mutate-" });
  const tree = new URL(`file://${directory}/`);
  let survivors = 0;
  try {
    await Deno.mkdir(new URL("tests/", tree));
    for (const name of NEEDED) {
      const slash = (await Deno.stat(new URL(name, ROOT))).isDirectory ? "/" : "";
      await copyTree(new URL(`${name}${slash}`, ROOT), new URL(`${name}${slash}`, tree));
    }
    console.log(`| fault | caught | by |\n| --- | --- | --- |`);
    for (const mutation of chosen) {
      const problem = await put(mutation, tree);
      const { isCaught, how } = problem === undefined
        ? await runCatcher(tree, mutation, seeds)
        : { isCaught: false, how: problem };
      await restore(mutation, tree);
      if (!isCaught) survivors++;
      console.log(`| ${mutation.name} | ${isCaught ? "yes" : "**no**"} | ${how.slice(0, 140)} |`);
    }
    console.log(`\n${chosen.length - survivors} of ${chosen.length} faults were caught`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  Deno.exit(survivors > 0 ? 1 : 0);
}

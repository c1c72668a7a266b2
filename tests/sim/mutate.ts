/**
 * Checks the simulator itself, and the fuzzer: puts each fault of `tests/sim/mutations/` into a copy of the code, one
 * at a time, and runs seeds until one fails.
 *
 *     deno task mutate                     every fault, up to 20000 seeds each
 *     deno task mutate --seeds=5000 --only=credit
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
/** What simulator and fuzzer need of the tree. */
const NEEDED = ["deno.json", "deno.lock", "lib", "scripts/std_types", "tests/fuzz", "tests/sim", "tests/support"];
/**
 * A fault that makes the code compute for ever is caught when nothing was told for this long, in milliseconds. The whole
 * time of a run says nothing: beside other work it may be any.
 */
const LONGEST_SILENCE_MS = 120_000;

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

/** Runs the simulator in `tree`, or a fuzz target; returns whether it failed, and its last words. */
async function runSeeds(tree: URL, seeds: number, target?: string): Promise<{ isCaught: boolean; how: string }> {
  const args = target === undefined
    ? ["tests/sim/main.ts", `--seeds=${seeds}`, "--quick"]
    : ["tests/fuzz/main.ts", `--streams=${seeds}`, `--only=${target}`];
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", ...args],
    cwd: tree,
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const silence = new Silence(() => child.kill("SIGKILL"));
  const told = Promise.all([child.stdout, child.stderr].map((stream) => silence.collect(stream)));
  const { code } = await child.status;
  await told;
  silence.end();
  if (silence.isTooLong) return { isCaught: true, how: "hangs" };
  const how = silence.lines.find((line) => /seed \d+ .*fails/.test(line)) ?? silence.lines.at(-1) ?? "";
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
    string: ["seeds", "only"],
    unknown(flag) {
      console.error(`${flag} is not known here: --seeds=N --only=WORDS`);
      Deno.exit(2);
    },
  });
  const seeds = Number(flags.seeds ?? 20_000);
  if (!(seeds > 0)) {
    console.error("--seeds takes a whole number, for example --seeds=5000");
    Deno.exit(2);
  }
  const chosen = MUTATIONS.filter(({ name }) => name.includes(flags.only ?? ""));
  if (chosen.length === 0) {
    console.error(`no fault's name has ${JSON.stringify(flags.only)} in it; they are in tests/sim/mutations/`);
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
        ? await runSeeds(tree, seeds, mutation.fuzz)
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

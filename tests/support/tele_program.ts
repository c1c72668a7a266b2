/**
 * How the program under test is started.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** Set this to run another program than this tree's `main.ts`. */
const MAIN_VARIABLE = "TELE_MAIN";

/**
 * Where a run of all tests names the bundle of this tree's `main.ts` that it made: hundreds of its tests start tele, and
 * from its hundreds of modules a start takes half as much again of a processor's time. A file of tests that is run by itself
 * starts `main.ts`.
 */
export const BUNDLE_VARIABLE = "TELE_BUNDLE";

/** This tree's `main.ts`. */
const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** What a test may want otherwise. */
export interface TeleStart {
  /** Another program than this tree's `main.ts`. */
  readonly main?: URL | undefined;
  /** Permissions of the process, which is run from the source then. @default {["-A"]} */
  readonly permissions?: readonly string[] | undefined;
}

/** The words that start the program under test. */
export function teleWords({ main, permissions }: TeleStart = {}): string[] {
  const named = Deno.env.get(MAIN_VARIABLE) ?? (main && fileURLToPath(main));
  const bundle = Deno.env.get(BUNDLE_VARIABLE);
  const words = [Deno.execPath(), "run", "--quiet"];
  // Beside a bundle there is no `deno.json`, which says what is unstable.
  if (named === undefined && permissions === undefined && bundle) return [...words, "--unstable-net", "-A", bundle];
  return [...words, ...permissions ?? ["-A"], named ?? MAIN];
}

/** Writes a bundle of this tree's `main.ts` to `path`, and has it started by tests that have `environment`. */
export async function bundleTele(path: string): Promise<{ environment: Record<string, string> }> {
  await runDeno("bundle", "--quiet", "--platform=deno", `--output=${path}`, MAIN);
  return { environment: { [BUNDLE_VARIABLE]: path, DENO_DIR: await ownDenoDir() } };
}

let denoDirKnown: Promise<string> | undefined;

/**
 * The cache folder of this Deno, with all in it that the program needs: a test fetches the packages that it imports
 * itself, and where it starts tele there may be no network.
 */
export function denoDir(): Promise<string> {
  return denoDirKnown ??= (async () => {
    // What was bundled is there.
    if (!Deno.env.has(BUNDLE_VARIABLE)) await runDeno("cache", "--quiet", teleWords().at(-1)!);
    return await ownDenoDir();
  })();
}

async function ownDenoDir(): Promise<string> {
  return Deno.env.get("DENO_DIR") || JSON.parse(await runDeno("info", "--json")).denoDir;
}

/** Runs this Deno in this tree. Returns what it printed. */
async function runDeno(...args: string[]): Promise<string> {
  const env = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env, stdin: "null" }).output();
  const [printed, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`deno ${args.join(" ")}: ${errors}`);
  return printed!;
}

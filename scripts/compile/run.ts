/**
 * Running `deno compile` for one target.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { isNodeSound } from "../../lib/net/runtime.ts";
import { PERMISSIONS } from "./permissions.ts";
import type { Target } from "./targets.ts";

/** Reasons are lines like `    3: dns error`; what comes behind is of use to Deno's makers only. */
const STACK = /^\s*(Stack backtrace|at \S|\d+: (<unknown>|_|std::|core::|deno))/;

/** A Deno that compiles. */
export class Compiler {
  readonly #path: string;
  /** Its version, such as `2.9.6`. */
  readonly version: string;

  private constructor(path: string, version: string) {
    this.#path = path;
    this.version = version;
  }

  /**
   * The Deno of `DENO_FOR_COMPILE`, else the one that runs this.
   *
   * @throws If it does not tell its version.
   */
  static async find(): Promise<Compiler> {
    const path = Deno.env.get("DENO_FOR_COMPILE") ?? Deno.execPath();
    const { text } = await run(path, ["--version"]);
    const version = /^deno (\d+\.\d+\.\d+)/.exec(text)?.[1];
    if (version === undefined) throw new Error(`${path} is no Deno: set DENO_FOR_COMPILE to one, or unset it`);
    return new Compiler(path, version);
  }

  /** What programs made by this compiler cannot do, as a sentence; `undefined` if nothing is missing. */
  get shortcoming(): string | undefined {
    if (isNodeSound(this.version)) return undefined;
    return `Deno ${this.version} is below 2.9: a tele compiled with it has no TLS, at either end, and a connection that ` +
      "is cut ends with end of file instead of RST; all else works. Compile releases with Deno 2.9 or later";
  }

  /**
   * Compiles `main.ts` to the file `output`.
   *
   * @throws With one sentence that tells why not.
   */
  async compile(target: Target, output: string): Promise<void> {
    const isNative = target.name === Deno.build.target;
    const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
    // Types are checked by `deno task check`, with the Deno that the code is written for.
    const options = ["--no-check", ...PERMISSIONS, "--target", target.name, "--output", output];
    const args = ["compile", ...options, main];
    // A base is of one system: the one that is given can only be this machine's.
    const { success, text } = await run(this.#path, args, isNative ? {} : { DENORT_BIN: undefined });
    if (!success) throw new Error(reason(text));
    if (isNative) await mustRun(output);
  }
}

/** A base that does not fit its compiler makes a file all the same, and that one does not start. */
async function mustRun(path: string): Promise<void> {
  const { success, text } = await run(path, ["--version"]);
  if (success && text.startsWith("tele ")) return;
  await Deno.remove(path);
  throw new Error(`the compiled file does not start: ${reason(text)}; does DENORT_BIN fit the Deno that compiles?`);
}

/** Why a Deno failed: its message and its causes, without stack traces, in one line. */
export function reason(text: string): string {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => /^error:/i.test(line));
  const told = lines.slice(Math.max(0, from)).filter((line) => line.trim() !== "");
  const end = told.findIndex((line) => STACK.test(line));
  const causes = told.slice(0, end < 0 ? undefined : end).filter((line) => !/^Caused by:/.test(line));
  const sentences = causes.map((line) => line.replace(/^error:\s*|^\s*\d+:\s*/i, "").trim());
  const base = /https?:\/\/\S*\/denort-[^\s)]*/.exec(text)?.[0];
  if (base !== undefined) return `its runtime base cannot be fetched from ${base}: ${sentences.at(-1)}`;
  return sentences.join(": ") || "no reason was told";
}

async function run(
  program: string,
  args: string[],
  changes: Record<string, string | undefined> = {},
): Promise<{ success: boolean; text: string }> {
  const env = { ...Deno.env.toObject(), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", RUST_BACKTRACE: "0", ...changes };
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args,
      clearEnv: true,
      env: Object.fromEntries(given),
      stdin: "null",
    }).output();
    return { success, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  } catch (error) {
    return { success: false, text: `error: ${program}: ${(error as Error).message}` };
  }
}

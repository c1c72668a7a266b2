/**
 * The tele processes of the smoke test.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "../compile/permissions.ts";

/** Lines of a process's log that are shown when something went wrong. */
const SHOWN_LINES = 10;

/** How long a process may take to end as asked, in milliseconds. */
const END_MS = 2_000;

/** What is under test: a program and the arguments in front of its own. */
export interface Program {
  /** The executable. */
  readonly path: string;
  /** Deno's own arguments, when it runs the source. */
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Record<string, string>;
}

/** A compiled `tele`, which gets an empty environment; Windows has no sockets without its own folder. */
export function compiled(path: string): Program {
  const root = Deno.build.os === "windows" ? Deno.env.get("SystemRoot") : undefined;
  return { path, args: [], env: root === undefined ? {} : { SystemRoot: root } };
}

/** The source beside this script, with the permissions that a compiled `tele` has. */
export function fromSource(): Program {
  const { TELE_TOKEN: _, ...env } = Deno.env.toObject();
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const args = ["run", "--quiet", ...PERMISSIONS, main];
  return { path: Deno.execPath(), args, env: { ...env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" } };
}

/** Runs the program to its end. Returns what it printed. */
export async function output(program: Program, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await command(program, args).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (code !== 0) {
    throw new Error(`${args.join(" ")} ended with exit code ${code}: ${said.trim() || "it said nothing"}`);
  }
  return said.trim();
}

/** A running `tele --server` or `tele --client`. */
export class TeleChild implements AsyncDisposable {
  /** Where it listens. */
  readonly port: Promise<number>;
  /** Rejects if it ends before it was asked to. */
  readonly died: Promise<never>;
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #log: string[] = [];
  #isStopping = false;

  /** Starts one. */
  constructor(program: Program, role: "server" | "client", args: readonly string[]) {
    this.#name = `tele ${role}`;
    this.#child = command(program, [`--${role}`, ...args]).spawn();
    const ready = Promise.withResolvers<number>();
    const outputs = Promise.all([
      eachLine(this.#child.stdout, (line) => {
        const port = /connect to \S*?:(\d+)(?:,| and )/.exec(line)?.[1];
        if (port !== undefined) ready.resolve(Number(port));
      }),
      eachLine(this.#child.stderr, (line) => this.#log.push(line)),
    ]);
    this.died = this.#child.status.then(async ({ code }) => {
      await outputs;
      if (this.#isStopping) return new Promise<never>(() => {});
      throw new Error(`the ${this.#name} ended by itself with exit code ${code}`);
    });
    this.died.catch(() => {});
    this.port = Promise.race([ready.promise, this.died]);
    this.port.catch(() => {});
  }

  /** The end of its log, for a person who must find out what went wrong. */
  report(): string {
    const lines = this.#log.slice(-SHOWN_LINES).map((line) => `    ${line}`);
    return [`  log of the ${this.#name}:`, ...lines.length > 0 ? lines : ["    (nothing)"]].join("\n");
  }

  /** Asks it to end, and makes it end if it does not. Returns its exit code, and whether it had to be made to. */
  async stop(): Promise<{ code: number; wasForced: boolean }> {
    let wasForced = false;
    this.#isStopping = true;
    this.#kill("SIGTERM");
    const timer = setTimeout(() => {
      wasForced = true;
      this.#kill("SIGKILL");
    }, END_MS);
    const { code } = await this.#child.status;
    clearTimeout(timer);
    return { code, wasForced };
  }

  /** Ends it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#kill("SIGKILL");
    await this.#child.status;
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
  }
}

function command(program: Program, args: readonly string[]): Deno.Command {
  const all = [...program.args, ...args];
  const pipes = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
  return new Deno.Command(program.path, { args: all, clearEnv: true, env: program.env, ...pipes });
}

async function eachLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop()!;
    lines.forEach(take);
  }
  if (rest !== "") take(rest);
}

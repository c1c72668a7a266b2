/**
 * The programs that `tele ssh` starts: one at a time, in the terminal's foreground, where ssh can ask its user.
 *
 * @module
 */
import { badInput, reasonOf } from "../../net/error.ts";
import { ErrorLines } from "../../net/command/error_lines.ts";
import { followSuspension } from "./suspension.ts";

/** What a program that was asked something said. */
export interface Answered {
  /** Its exit code. */
  readonly code: number;
  /** The lines on its standard output. */
  readonly lines: readonly string[];
}

/** Starts programs. */
export interface Programs {
  /**
   * Writes `input` to a program, and reads the lines of its answer to their end. Its standard error is the user's.
   *
   * @throws {TeleError} `bad-input` if there is no such program.
   */
  ask(words: readonly string[], input: string): Promise<Answered>;
  /**
   * Runs a program with the standard streams of this one.
   *
   * @param env Variables beside those of this process.
   * @returns Its exit code; of one that a signal ended 128 and the signal's number, as a shell has it.
   * @throws {TeleError} `bad-input` if there is no such program.
   */
  run(words: readonly string[], env: Record<string, string>): Promise<number>;
}

/** Real ones. */
export class SystemPrograms implements Programs {
  #child: Deno.ChildProcess | undefined;
  #wish: Deno.Signal | undefined;

  async ask(words: readonly string[], input: string): Promise<Answered> {
    const child = this.#start(words, { stdin: "piped", stdout: "piped", stderr: "inherit" });
    const lines: string[] = [];
    const cutter = new ErrorLines((line) => lines.push(line));
    await Promise.all([write(child.stdin, input), read(child.stdout, cutter)]);
    return { code: await this.#endOf(child), lines };
  }

  async run(words: readonly string[], env: Record<string, string>): Promise<number> {
    const child = this.#start(words, { stdin: "inherit", stdout: "inherit", stderr: "inherit", env });
    const end = followSuspension(child.pid);
    return await this.#endOf(child).finally(end);
  }

  /** Passes a signal on to the program that runs; else to the next one, which must not outlive the wish to end. */
  signal(signal: Deno.Signal): void {
    this.#wish = signal;
    try {
      this.#child?.kill(signal);
    } catch {
      // It has ended.
    }
  }

  #start([program = "", ...args]: readonly string[], options: Deno.CommandOptions): Deno.ChildProcess {
    try {
      this.#child = new Deno.Command(program, { ...options, args }).spawn();
      if (this.#wish !== undefined) this.signal(this.#wish);
      return this.#child;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        throw badInput(`there is no program ${program}: install OpenSSH's client, which tele ssh starts`);
      }
      throw badInput(`${program} cannot be started: ${reasonOf(error)}`, { cause: error });
    }
  }

  async #endOf(child: Deno.ChildProcess): Promise<number> {
    const { code } = await child.status;
    this.#child = undefined;
    return code;
  }
}

/** It may end without reading: how it ended says why. */
async function write(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  await writer.write(new TextEncoder().encode(text)).then(() => writer.close()).catch(() => {});
}

async function read(stdout: ReadableStream<Uint8Array>, lines: ErrorLines): Promise<void> {
  for await (const bytes of stdout) lines.take(bytes);
  lines.end();
}

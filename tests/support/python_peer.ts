/**
 * A peer in Python that tells what it does in lines of JSON.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { TextLineStream } from "@std/streams";
import { program } from "./skip.ts";
import { within } from "./wait.ts";

/** One line of the peer: which step, and what it found. */
export type Fact = { step: string } & Record<string, unknown>;

/** A running peer. */
export class PythonPeer implements AsyncDisposable {
  /** All it printed. */
  readonly facts: Fact[] = [];
  /** Its end, behind all that it printed. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  /** Runs `script`, the name of a file beside this one. */
  constructor(script: string, args: string[]) {
    const main = fileURLToPath(new URL(script, import.meta.url));
    this.#child = new Deno.Command(program("python3"), {
      args: ["-B", main, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    const read = this.#read();
    this.ended = this.#child.status.then(async (status) => (await read, status));
  }

  /** A line on its standard input. */
  async tell(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
  }

  async #read(): Promise<void> {
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    for await (const line of lines) this.facts.push(JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#writer.abort().catch(() => {});
    await within(this.ended, 10_000, "the end of the Python peer");
  }
}

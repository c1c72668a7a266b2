/**
 * `tele --client --stdio` as a child process, whose standard input and output are a user's connection.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { viewOf } from "./random.ts";
import { listening, teleCommand, type TeleOptions } from "./tele_process.ts";
import { until, within } from "./wait.ts";

/** Bytes of standard output that are kept to be looked at; all of them are hashed. */
const KEPT_BYTES = 1 << 16;

/** A running `tele --client --stdio`. */
export class StdioProcess implements AsyncDisposable {
  /** Lines on standard error. */
  readonly log: string[] = [];
  /** The front of what came on standard output, as text. */
  output = "";
  /** Bytes that came on standard output. */
  outputBytes = 0;
  /** Settles with the exit code when the process has ended and all its output is read. */
  readonly ended: Promise<number>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #hash = createHash("sha256");
  #code: number | undefined;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    const outputs = [this.#readOutput(child.stdout), this.#readLog(child.stderr)];
    this.ended = child.status.then(async ({ code }) => {
      await Promise.all(outputs);
      // A pipe that nobody reads any more fails to close; that is no matter.
      await this.#input.close().catch(() => {});
      return this.#code = code;
    });
  }

  /** Starts one. */
  static async start(options: TeleOptions): Promise<StdioProcess> {
    const { command, env } = await teleCommand(options);
    const [program, ...args] = [...listening(), ...command];
    const streams = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    return new StdioProcess(new Deno.Command(program!, { args, env, ...streams }).spawn());
  }

  /** SHA-256 of all that came on standard output, in hexadecimal; once. */
  get sha256(): string {
    return this.#hash.digest("hex");
  }

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return this.#code !== undefined;
  }

  /** Writes to its standard input. */
  async type(bytes: string | Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#input.write(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
  }

  /** Ends its standard input. */
  async endInput(): Promise<void> {
    await this.#input.close();
  }

  /** Waits until standard output begins with `text`. */
  async says(text: string, ms = 20_000): Promise<void> {
    await until(() => this.output.startsWith(text), ms, `${JSON.stringify(text)} on standard output`);
  }

  /** Waits for a line on standard error that matches. */
  async logged(pattern: RegExp, ms = 20_000): Promise<void> {
    await until(() => this.log.some((line) => pattern.test(line)), ms, `a log line that matches ${pattern}`);
  }

  /** Waits for the end. Returns the exit code. */
  async end(ms = 20_000): Promise<number> {
    return await within(this.ended, ms, "the end of tele --stdio");
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** All it said, to be shown when a test fails. */
  report(): string {
    const end = this.#code === undefined ? "running" : `ended with code ${this.#code}`;
    return [`--- tele --stdio (${end}, ${this.outputBytes} bytes)`, ...this.log].join("\n    ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) this.#child.kill("SIGKILL");
    await this.ended;
  }

  async #readOutput(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const bytes of stream) {
      if (this.outputBytes < KEPT_BYTES) this.output += new TextDecoder().decode(bytes);
      this.outputBytes += bytes.length;
      this.#hash.update(viewOf(bytes));
    }
  }

  async #readLog(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.log.push(...lines);
    }
    if (rest !== "") this.log.push(rest);
  }
}

/**
 * The demo's child processes.
 *
 * @module
 */
import { TextLineStream } from "@std/streams";

/** Lines of a process's log that are shown when it could not start. */
const SHOWN_LINES = 10;

/** How long a process may take to be ready, in milliseconds: the first start may compile. */
const READY_MS = 30_000;

/** How long a process may take to end as asked, in milliseconds. */
const END_MS = 3_000;

/** What to start. */
export interface ChildOptions {
  /** What it is called in messages. */
  readonly name: string;
  /** The script, from this folder, and its arguments. */
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Record<string, string>;
  /** Gets each line of standard output behind the first. */
  readonly onOutput?: (line: string) => void;
  /** Gets each line of standard error. */
  readonly onLog?: (line: string) => void;
}

/** A process of this Deno that printed one line when it was ready. */
export class Child implements AsyncDisposable {
  /** The first line of standard output. */
  readyLine = "";
  /** All lines of standard error. */
  readonly log: string[] = [];
  /** Rejects if the process ends before it was asked to. */
  readonly died: Promise<never>;
  /** What it is called in messages. */
  readonly name: string;
  readonly #options: ChildOptions;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers();
  #isStopping = false;

  private constructor(options: ChildOptions) {
    this.name = options.name;
    this.#options = options;
    const [script, ...args] = options.args;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL(script, import.meta.url).href, ...args],
      clearEnv: true,
      env: options.env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    const outputs = Promise.all([
      eachLine(this.#child.stdout, (line) => this.#output(line)),
      eachLine(this.#child.stderr, (line) => {
        this.log.push(line);
        options.onLog?.(line);
      }),
    ]);
    this.died = this.#child.status.then(async ({ code }) => {
      await outputs;
      if (this.#isStopping) return new Promise<never>(() => {});
      const said = this.log.slice(-SHOWN_LINES).map((line) => `\n    ${line}`).join("");
      throw new Error(`the ${options.name} ended by itself with exit code ${code}${said}`);
    });
    this.died.catch(() => {});
  }

  /** Starts one and waits until it is ready. */
  static async start(options: ChildOptions): Promise<Child> {
    const child = new Child(options);
    const timer = setTimeout(
      () => child.#ready.reject(new Error(`the ${options.name} was not ready within ${READY_MS / 1000} s`)),
      READY_MS,
    );
    try {
      await Promise.race([child.#ready.promise, child.died]);
      return child;
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes a line to its standard input. */
  async send(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Asks it to end, and makes it end if it does not. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#input.close().catch(() => {});
    this.#kill("SIGTERM");
    const timer = setTimeout(() => this.#kill("SIGKILL"), END_MS);
    await this.#child.status;
    clearTimeout(timer);
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
  }

  #output(line: string): void {
    if (this.readyLine !== "") return this.#options.onOutput?.(line);
    this.readyLine = line;
    this.#ready.resolve();
  }
}

async function eachLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (line: string) => void): Promise<void> {
  const lines = stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream({ allowCR: false }));
  for await (const line of lines) take(line);
}

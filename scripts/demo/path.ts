/**
 * One path of the demo's network: a relay, a process of its own.
 *
 * @module
 */
import type { Child, ChildOptions } from "./process.ts";

/** What to start. */
export interface PathOptions {
  /** From 1, for people. */
  readonly number: number;
  /** The most that passes each way. */
  readonly bytesPerSecond: number;
  /** Where it leads to: ports of this machine. */
  readonly ports: readonly number[];
  /** The whole environment. */
  readonly env: Record<string, string>;
}

/** A path that breaks when it is told to. */
export class Path {
  /** From 1, for people. */
  readonly number: number;
  /** Where connections enter it, in the order of the ports that they are led to. The tele client calls it so. */
  readonly entrances: readonly string[];
  readonly #child: Child;
  readonly #answers: ((connections: number) => void)[];

  private constructor(number: number, child: Child, answers: ((connections: number) => void)[]) {
    this.number = number;
    this.#child = child;
    this.#answers = answers;
    this.entrances = child.readyLine.split(" ").slice(1).map((port) => `127.0.0.1:${port}`);
  }

  /** Starts one with `start`, and waits until it is ready. */
  static async start(options: PathOptions, start: (child: ChildOptions) => Promise<Child>): Promise<Path> {
    const answers: ((connections: number) => void)[] = [];
    const child = await start({
      name: `path ${options.number}`,
      args: ["relay.ts", String(options.bytesPerSecond), ...options.ports.map(String)],
      env: options.env,
      onOutput: (line) => answers.shift()?.(Number(line)),
    });
    return new Path(options.number, child, answers);
  }

  /** Breaks it. Returns how many connections that hit. */
  break(command: string): Promise<number> {
    return this.#ask(command);
  }

  /** Whether a connection over it has worked for a moment. */
  async isUsed(): Promise<boolean> {
    return await this.#ask("count") > 0;
  }

  async #ask(command: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#answers.push(resolve);
    await this.#child.send(command);
    return await promise;
  }
}

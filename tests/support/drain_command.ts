/**
 * `tele drain` as a process.
 *
 * @module
 */
import type { Scenario } from "./scenario.ts";
import { teleCommand } from "./tele_process.ts";
import { within } from "./wait.ts";

/** A `tele drain` that runs. */
export class DrainCommand {
  /** What it said, on both outputs. */
  said = "";
  /** Settles with its exit code. */
  readonly ended: Promise<number>;

  private constructor(child: Deno.ChildProcess) {
    const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) this.said += text;
    };
    const reading = [read(child.stdout), read(child.stderr)];
    this.ended = Promise.all([child.status, ...reading]).then(([{ code }]) => code);
  }

  /** Starts it; by default with all permissions, which the compiled program does not have. */
  static async start(
    s: Scenario,
    args: string[],
    { permissions, wrap = [], env = {} }: {
      permissions?: readonly string[];
      wrap?: string[];
      env?: Record<string, string>;
    } = {},
  ): Promise<DrainCommand> {
    const options = { role: "config", args: ["drain", ...args], home: s.home, permissions, env } as const;
    const { command: words, env: variables } = await teleCommand({ ...options, args: [...options.args] });
    const [first, ...others] = [...wrap, ...words];
    const child = new Deno.Command(first!, {
      args: others,
      env: variables,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let hasEnded = false;
    const command = new DrainCommand(child);
    command.ended.then(() => hasEnded = true);
    s.defer(() => hasEnded || child.kill("SIGKILL"));
    return command;
  }

  /** Its exit code. */
  end(): Promise<number> {
    return within(this.ended, 30_000, `the end of tele drain, which said: ${this.said}`);
  }
}

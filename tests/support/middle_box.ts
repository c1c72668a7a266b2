/**
 * Programs of others that stand between tele client and tele server, or in front of the server.
 *
 * @module
 */
import type { Scenario } from "./scenario.ts";
import { pause, within } from "./wait.ts";

/** How a program is started. */
export interface MiddleBoxOptions {
  /** The port of 127.0.0.1 at which it listens when it is ready. */
  port: number;
  /** Its folder. */
  cwd?: string;
  /** Variables of its environment beside those of the tests. */
  env?: Record<string, string>;
  /** What it has logged, if not on standard error. */
  log?: () => string;
}

/** Starts a program, and waits until it listens. It runs until the test ends. Returns what it says on standard error. */
export async function startMiddleBox(
  s: Scenario,
  [command, ...args]: string[],
  { port, cwd, env, log }: MiddleBoxOptions,
): Promise<() => string> {
  const child = new Deno.Command(command!, { args, cwd, env, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
  let said = "";
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) said += text;
  })();
  let ended = false;
  const end = child.status.then(() => ended = true);
  s.defer(async () => {
    if (!ended) child.kill("SIGKILL");
    await Promise.all([end, reading]);
  });
  await within(isListening(port, () => ended), 20_000, `the start of ${command}`);
  if (ended) throw new Error(`${command} ended: ${log?.() ?? ""}${said}`);
  return () => said;
}

/**
 * Waits until somebody listens at a port of 127.0.0.1, or `isOver`. It connects: to listen there itself, for a moment,
 * would keep the program from its port.
 */
export async function isListening(port: number, isOver: () => boolean = () => false): Promise<void> {
  while (!isOver()) {
    try {
      return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch {
      await pause(10);
    }
  }
}

/**
 * User programs as processes of their own, for tests that kill them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { within } from "./wait.ts";

/** An echo server, or a client that holds a connection to one. */
export class UserProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** `serve`: an echo server on `port`, 0 for a free one. `hold`: a client with one proven connection to `port`. */
  static async start(role: "serve" | "hold", port: number): Promise<UserProcess> {
    const main = fileURLToPath(new URL("./echo_main.ts", import.meta.url));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", main, role, String(port)],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await within(reader.read(), 20_000, `the user's program (${role} ${port})`);
    await reader.cancel();
    const said = new TextDecoder().decode(value);
    const ready = /^ready (\d+)/.exec(said);
    if (!ready) {
      await child.status;
      throw new Error(`the user's program said ${JSON.stringify(said)}`);
    }
    return new UserProcess(child, Number(ready[1]));
  }

  /** SIGKILL, and waits for the end. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

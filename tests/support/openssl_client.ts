/**
 * OpenSSL's own client, which can keep a TLS session and come back with it.
 *
 * @module
 */
import type { Pair } from "./certificates.ts";
import { program } from "./skip.ts";
import { within } from "./wait.ts";

/** How it connects. */
export interface OpensslOptions {
  port: number;
  /** Its certificate and key. */
  pair?: Pair;
  version: "1.2" | "1.3";
  /** The protocol that it offers by ALPN. */
  protocol: string;
  /** Environment variables beside this process's own. */
  env?: Record<string, string>;
}

/** A client that keeps its TLS session over several connections. */
export class OpensslClient implements AsyncDisposable {
  readonly #folder: string;
  readonly #options: OpensslOptions;
  #hasSession = false;

  private constructor(folder: string, options: OpensslOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Makes a client, which does not connect yet. */
  static async make(options: OpensslOptions): Promise<OpensslClient> {
    const folder = await Deno.makeTempDir();
    if (options.pair !== undefined) {
      await Deno.writeTextFile(`${folder}/pair.pem`, options.pair.cert + options.pair.key);
    }
    return new OpensslClient(folder, options);
  }

  /**
   * Connects once, and resumes if it can; ends when the server has said `greeting` or has ended the connection.
   *
   * @returns Whether TLS was resumed, and whether the greeting came.
   */
  connect(greeting: string): Promise<{ isResumed: boolean; isGreeted: boolean }> {
    return this.connectTo(this.#options.port, greeting);
  }

  /** The same at another port of this machine. */
  async connectTo(port: number, greeting: string): Promise<{ isResumed: boolean; isGreeted: boolean }> {
    const { pair, version, protocol, env } = this.#options;
    const session = `${this.#folder}/session.pem`;
    const child = new Deno.Command(program("openssl"), {
      args: [
        ...["s_client", "-connect", `127.0.0.1:${port}`, "-alpn", protocol, `-tls${version.replace(".", "_")}`],
        ...pair === undefined ? [] : ["-cert", `${this.#folder}/pair.pem`],
        ...this.#hasSession ? ["-sess_in", session] : [],
        ...["-sess_out", session],
      ],
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let said = "";
    const input = child.stdin.getWriter();
    const quit = () => input.write(new TextEncoder().encode("Q\n")).catch(() => {});
    const read = async () => {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        said += text;
        // Not before it has the greeting: the tickets of TLS 1.3 stand in front of it.
        if (said.includes(greeting)) await quit();
      }
    };
    try {
      await within(Promise.all([read(), child.status]), 10_000, "the end of openssl s_client");
    } finally {
      await input.close().catch(() => {});
    }
    this.#hasSession ||= await Deno.stat(session).then(() => true, () => false);
    return { isResumed: /^Reused, /m.test(said), isGreeted: said.includes(greeting) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

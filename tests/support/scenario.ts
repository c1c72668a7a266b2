/**
 * The frame of an end-to-end test: processes, a time limit, cleanup, and the logs when it fails.
 *
 * @module
 */
import { Breaker } from "./breaker.ts";
import { StdioProcess } from "./stdio_process.ts";
import { type TeleOptions, TeleProcess, type TeleRole } from "./tele_process.ts";
import { pause, within } from "./wait.ts";

/** Options of {@linkcode Scenario.server} and {@linkcode Scenario.client} beside the addresses. */
export type ProcessOptions = Partial<
  Pick<TeleOptions, "args" | "bin" | "env" | "main" | "openFiles" | "permissions" | "readyMs" | "wrap">
>;

/** Options of {@linkcode Scenario.tunnel}. */
export interface TunnelOptions {
  /**
   * Where user's clients connect. A client on a free port has no identity that outlives it. @default {0}, a free one
   */
  port?: number;
  server?: ProcessOptions;
  client?: ProcessOptions;
}

/** A whole tunnel with a breakable network in it. */
export interface Tunnel {
  server: TeleProcess;
  breaker: Breaker;
  client: TeleProcess;
  /** Where user's clients connect. */
  port: number;
}

/** One test's processes and folders; all are gone when the test ends. */
export class Scenario {
  /** A folder of this test's own. */
  readonly home: string;
  readonly #processes: (TeleProcess | StdioProcess)[] = [];
  readonly #cleanups: (() => unknown)[] = [];

  constructor(home: string) {
    this.home = home;
  }

  /** Registers something to be disposed of when the test ends, latest first. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.#cleanups.push(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose]()
    );
    return resource;
  }

  /** Registers a cleanup for when the test ends, latest first. */
  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  /** Starts a tele server for the user's server on `to`, listening on `port` (0: a free one). */
  server(to: number, port = 0, options: ProcessOptions = {}): Promise<TeleProcess> {
    const addresses = [`--in=127.0.0.1:${to}`, `--out=127.0.0.1:${port}`];
    return this.start("server", addresses, options);
  }

  /** Starts a tele client that dials the tele server on `to`, listening on `port` (0: a free one). */
  client(to: number, port = 0, options: ProcessOptions = {}): Promise<TeleProcess> {
    const addresses = [`--in=127.0.0.1:${port}`, `--out=127.0.0.1:${to}`];
    return this.start("client", addresses, options);
  }

  /** Starts a tele process with any addresses. */
  async start(role: TeleRole, addresses: string[], options: ProcessOptions = {}): Promise<TeleProcess> {
    const args = [...addresses, ...options.args ?? []];
    const process = await TeleProcess.start({ ...options, role, args, home: this.home });
    this.#processes.push(process);
    return this.use(process);
  }

  /** Starts a `tele --client --stdio` that dials the tele server on `to`. */
  async stdio(to: number, options: Pick<ProcessOptions, "args" | "env"> = {}): Promise<StdioProcess> {
    const args = ["--stdio", `--out=127.0.0.1:${to}`, ...options.args ?? []];
    const process = await StdioProcess.start({ ...options, role: "client", args, home: this.home });
    this.#processes.push(process);
    return this.use(process);
  }

  /** Starts a breaker in front of the tele server on `to`. */
  async breaker(to: number): Promise<Breaker> {
    return this.use(await Breaker.start({ to }));
  }

  /** Starts tele server, breaker and tele client in front of the user's server on `to`. */
  async tunnel(to: number, options: TunnelOptions = {}): Promise<Tunnel> {
    const server = await this.server(to, 0, options.server);
    const breaker = await this.breaker(server.port);
    const client = await this.client(breaker.port, options.port, options.client);
    return { server, breaker, client, port: client.port };
  }

  /** What all processes said. */
  report(): string {
    return this.#processes.map((process) => process.report()).join("\n");
  }

  /** Runs the cleanups. */
  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }
}

/**
 * Makes the function of a `Deno.test`: runs `body`, ends everything it started, and fails after `limitMs`. When the
 * test fails, what the processes said is shown.
 *
 * @example
 * ```ts
 * Deno.test("an echo comes back", scenario(60_000, async (s) => {
 *   const user = s.use(new UserServer(echo));
 *   const { port } = await s.tunnel(user.port);
 * }));
 * ```
 */
export function scenario(limitMs: number, body: (scenario: Scenario) => Promise<void>): () => Promise<void> {
  return async () => {
    const home = await Deno.makeTempDir({ prefix: "tele-test-" });
    const running = new Scenario(home);
    const done = body(running);
    done.catch(() => {}); // After the time limit nobody else looks at it.
    try {
      await within(done, limitMs, "this test");
    } catch (error) {
      console.error(`\n${running.report()}\n`);
      throw error;
    } finally {
      await running.end();
      // With its processes gone the body ends; if not, it has leaked something, and Deno says so.
      await Promise.race([done.catch(() => {}), pause(1_000)]);
      await Deno.remove(home, { recursive: true });
    }
  };
}

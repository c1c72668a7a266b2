/**
 * Everything the demo starts: the user's server, both tele processes, and the two paths between them.
 *
 * @module
 */
import type { FileServerReport } from "./file_server.ts";
import { commandOf, type PlannedOutage } from "./outages.ts";
import { Path } from "./path.ts";
import { Child } from "./process.ts";
import type { Replayed } from "./verdict.ts";

/** What a line of tele's JSON log may hold, as far as the demo looks. */
export interface TeleLogLine {
  readonly level: string;
  readonly message: string;
  readonly replayedBytes?: number;
  /** The path that it is about, by where connections enter it. */
  readonly path?: string;
}

/** Variables that would lead the user's programs or tele elsewhere. */
const UNWANTED_VARIABLES = /^((https?|all|no)_proxy|tele_.*|no_color|force_color)$/i;

/** The processes of the demo. */
export class Scene implements AsyncDisposable {
  /** Called with each line of the file server. */
  onFileServer: (report: FileServerReport) => void = () => {};
  /** Called with each log line of the tele client. */
  onTeleClient: (line: TeleLogLine) => void = () => {};
  /** Where the user's clients find the file server through tele. */
  throughTele = "";
  /** Where they find it without tele, over the first path. */
  direct = "";
  /** The network. */
  readonly paths: Path[] = [];
  readonly #resources = new AsyncDisposableStack();
  readonly #teleLines: { client: TeleLogLine[]; server: TeleLogLine[] } = { client: [], server: [] };
  readonly #children: Child[] = [];
  #isOver = false;

  /** Starts all processes; each is ready before the next starts. Each path lets pass `bytesPerSecond` each way. */
  async start(bytesPerSecond: number): Promise<void> {
    const home = await Deno.makeTempDir({ prefix: "tele-demo-" });
    this.#resources.defer(() => Deno.remove(home, { recursive: true }).catch(() => {}));
    const env = { ...usualEnvironment(), XDG_STATE_HOME: home };

    const fileServer = await this.#add({
      name: "file server",
      args: ["file_server.ts"],
      env,
      onOutput: (line) => this.onFileServer(JSON.parse(line)),
    });
    const filePort = lastPort(fileServer.readyLine);
    const server = await this.#tele("server", [`--in=127.0.0.1:${filePort}`, "--out=127.0.0.1:0"], env);
    const ports = [lastPort(listens(server)), filePort];
    for (const number of [1, 2]) {
      const path = await Path.start({ number, bytesPerSecond, ports, env }, (child) => this.#add(child));
      this.paths.push(path);
    }
    const outs = this.paths.map(({ entrances }) => `--out=${entrances[0]}`);
    const client = await this.#tele("client", ["--in=127.0.0.1:0", ...outs], env);
    this.throughTele = listens(client);
    this.direct = this.paths[0].entrances[1];
  }

  /** Rejects when a process ends by itself. */
  get died(): Promise<never> {
    return Promise.race(this.#children.map((child) => child.died));
  }

  /** Breaks the path that the plan names, or all. Returns how many connections that hit. */
  async break(planned: PlannedOutage): Promise<number> {
    const torn = planned.path === undefined ? this.paths : [this.paths[planned.path]];
    const hits = await Promise.all(torn.map((path) => path.break(commandOf(planned))));
    return hits.reduce((sum, hit) => sum + hit, 0);
  }

  /** Whether connections work over every path. */
  async isWhole(): Promise<boolean> {
    const used = await Promise.all(this.paths.map((path) => path.isUsed()));
    return used.every((isUsed) => isUsed);
  }

  /** What the tele processes logged that they sent again. */
  get replayed(): Replayed {
    const sum = (lines: TeleLogLine[]) => lines.reduce((bytes, line) => bytes + (line.replayedBytes ?? 0), 0);
    return { upBytes: sum(this.#teleLines.client), downBytes: sum(this.#teleLines.server) };
  }

  /** Keeps the logs of all processes, unless they are being ended anyway. Returns the file. */
  async keepLogs(): Promise<string | undefined> {
    if (this.#isOver) return undefined;
    const path = await Deno.makeTempFile({ prefix: "tele-demo-", suffix: ".log" });
    const parts = this.#children.map((child) => `== ${child.name}\n${child.log.join("\n")}\n`);
    await Deno.writeTextFile(path, parts.join("\n"));
    return path;
  }

  /** Ends all processes, and removes what they wrote. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#resources.disposeAsync();
  }

  #tele(role: "client" | "server", args: string[], env: Record<string, string>): Promise<Child> {
    return this.#add({
      name: `tele ${role}`,
      args: ["../../main.ts", `--${role}`, ...args, "--log-format=json"],
      env,
      onLog: (text) => {
        const line = parseLogLine(text);
        this.#teleLines[role].push(line);
        if (role === "client") this.onTeleClient(line);
      },
    });
  }

  async #add(options: Parameters<typeof Child.start>[0]): Promise<Child> {
    const child = await Child.start(options);
    if (this.#isOver) {
      await child[Symbol.asyncDispose]();
      throw new Error("interrupted");
    }
    this.#children.push(child);
    return this.#resources.use(child);
  }
}

/** This process's environment without what would change the demo. */
function usualEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !UNWANTED_VARIABLES.test(name)));
}

/** A line that is no log line (a panic, a warning of the runtime) is kept as a message. */
function parseLogLine(text: string): TeleLogLine {
  try {
    return JSON.parse(text);
  } catch {
    return { level: "error", message: text };
  }
}

/** Where a tele process listens, which its ready line tells: one address, as it was asked to. */
function listens({ readyLine }: Child): string {
  return JSON.parse(readyLine).listens;
}

function lastPort(line: string): number {
  const port = Number(/(\d+)\D*$/.exec(line)?.[1]);
  if (!port) throw new Error(`no port in the line ${JSON.stringify(line)}`);
  return port;
}

/**
 * Both roles in this process, as the command line makes them.
 *
 * @module
 */
import { type Log, silentLog } from "../../lib/net/log.ts";
import type { MemoryBudget } from "../../lib/session/memory_budget.ts";
import { startClient } from "../../lib/tunnel/roles/client.ts";
import { parseCommandLine } from "../../lib/tunnel/command_line/command_line.ts";
import type { Running } from "../../lib/tunnel/roles/running.ts";
import { startServer } from "../../lib/tunnel/roles/server.ts";

/** What both roles are given beside their flags. */
export interface Shared {
  /** Takes the log lines of both. @default {nobody does} */
  log?: Log;
  /** What the sessions of all tunnels of this process hold. @default {a budget for each role} */
  memory?: MemoryBudget;
}

/** A tunnel between a tele client and a tele server of this process. */
export class RolesHere implements AsyncDisposable {
  /** Where user's clients connect, on 127.0.0.1. */
  readonly port: number;
  readonly #roles: Running[];

  private constructor(roles: Running[], port: number) {
    this.#roles = roles;
    this.port = port;
  }

  /** Starts both in front of the user's server at `upstream`, each with further flags. */
  static async start(
    upstream: string,
    serverFlags: string[] = [],
    clientFlags: string[] = [],
    { log = silentLog, memory }: Shared = {},
  ): Promise<RolesHere> {
    const server = parseCommandLine(["--server", `--in=${upstream}`, "--out=127.0.0.1:0", ...serverFlags]);
    if (server.kind !== "server") throw new Error("the server's flags ask for something else");
    const teleServer = await startServer(server.options, log, undefined, { memory });
    const out = portIn(teleServer.readyLine);
    const client = parseCommandLine(["--client", "--in=127.0.0.1:0", `--out=127.0.0.1:${out}`, ...clientFlags]);
    if (client.kind !== "client") throw new Error("the client's flags ask for something else");
    const teleClient = await startClient(client.options, log, undefined, { memory });
    return new RolesHere([teleClient, teleServer], portIn(teleClient.readyLine));
  }

  /** Ends both. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const role of this.#roles) await role.stop("the test ends");
  }
}

/** The port of the first address on 127.0.0.1 in a ready line, which is where this role listens. */
function portIn(readyLine: string): number {
  return Number(/127\.0\.0\.1:(\d+)/.exec(readyLine)![1]);
}

/**
 * Processes of a fleet's servers, in front of one user's server.
 *
 * @module
 */
import { makeTestToken } from "./key_files.ts";
import type { Scenario } from "./scenario.ts";
import type { TeleProcess } from "./tele_process.ts";
import { freePort, type UserServer } from "./user_programs.ts";

/** What {@linkcode FleetProcesses.start} is given. */
export interface FleetProcessesOptions {
  /** Where their users go. */
  user: UserServer;
  /** Beside addresses and keys. @default {[]} */
  flags?: string[];
  /** How many. @default {3} */
  count?: number;
}

/** Servers with one key, each at addresses that it keeps. */
export class FleetProcesses {
  /** Those that run now, by their places. */
  readonly servers: TeleProcess[] = [];
  readonly #begin: (at: number, port: number) => Promise<TeleProcess>;

  private constructor(begin: (at: number, port: number) => Promise<TeleProcess>) {
    this.#begin = begin;
  }

  /** Starts all of them. */
  static async start(s: Scenario, { user, flags = [], count = 3 }: FleetProcessesOptions): Promise<FleetProcesses> {
    const key = `${s.home}/fleet-key`;
    await Deno.writeTextFile(key, makeTestToken(), { mode: 0o600 });
    const nodes = Array.from({ length: count }, () => `--node=127.0.0.1:${freePort()}`);
    const made = new FleetProcesses((at, port) => {
      const args = [nodes[at]!, `--fleet-key-file=${key}`, "--log-level=debug", ...flags];
      return s.server(user.port, port, { args, readyMs: 60_000 });
    });
    made.servers.push(...await Promise.all(nodes.map((_, at) => made.#begin(at, freePort()))));
    return made;
  }

  /** Where clients reach each. */
  get ports(): number[] {
    return this.servers.map(({ port }) => port);
  }

  /** Starts another process at the addresses of the one at this place, which has ended. */
  async restart(at: number): Promise<void> {
    this.servers[at] = await this.#begin(at, this.servers[at]!.port);
  }

  /** The place of the first server with which a session began. */
  get owner(): number {
    return this.servers.findIndex(({ log }) => log.some((line) => line.includes(" began, from ")));
  }
}

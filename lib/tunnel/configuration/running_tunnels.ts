/**
 * The tunnels of a process, which run beside each other.
 *
 * @module
 */

import { badInput, reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { namedLog } from "../log/named_log.ts";
import type { Running } from "../roles/running.ts";
import { planReload, tellPlan } from "./reload_plan.ts";
import { isSame, listenPlaces, type TunnelEntry } from "./tunnel_table.ts";

/** Options of {@linkcode RunningTunnels}. */
export interface RunningTunnelsOptions {
  /** Starts the role of a tunnel; `log` is that tunnel's. */
  start: (entry: TunnelEntry, log: Log) => Promise<Running>;
  /** Rejects if it is known that a tunnel could not start, while one of its name runs. */
  check: (entry: TunnelEntry) => Promise<void>;
  /** Told when a tunnel serves. */
  onReady: (name: string, running: Running) => void;
  /** The log of the process. */
  log: Log;
}

/** A tunnel that runs. */
interface LiveTunnel {
  readonly entry: TunnelEntry;
  readonly running: Running;
}

/** Starts, changes and ends tunnels. */
export class RunningTunnels {
  readonly #options: RunningTunnelsOptions;
  readonly #live = new Map<string, LiveTunnel>();
  /** Those that are being ended, by what settles when they have. */
  readonly #ends = new Map<Promise<void>, readonly TunnelEntry[]>();
  #isStopped = false;

  /** Nothing runs yet. */
  constructor(options: RunningTunnelsOptions) {
    this.#options = options;
  }

  /** How many run. */
  get size(): number {
    return this.#live.size;
  }

  /**
   * Starts all, and only when all run tells of them.
   *
   * @throws {TeleError} `bad-input` with the name of the first that cannot start; then none runs.
   */
  async start(entries: readonly TunnelEntry[]): Promise<void> {
    for (const entry of entries) {
      try {
        await this.#begin(entry);
      } catch (error) {
        await this.#end([...this.#live.keys()], `tunnel ${entry.name} could not start`);
        throw badInput(`tunnel ${entry.name} cannot start: ${reasonOf(error)}`, { cause: error });
      }
    }
    for (const [name, { running }] of this.#live) this.#options.onReady(name, running);
  }

  /**
   * Runs `entries` in place of those that run: equal ones are not touched, and the others stop listening before any
   * begins, for a port may have moved from one to another. One whose check fails goes on as it was. One that changed
   * begins when its peer was told of the end, which may take long on a slow path, and holds up no other but a client on
   * the same port, whose identity it has. One that cannot start is logged; if it ran before, in another form, that one
   * runs again.
   */
  async reload(entries: readonly TunnelEntry[]): Promise<void> {
    const wanted = await Promise.all(entries.map((entry) => this.#startable(entry)));
    const running = [...this.#live.values()].map(({ entry }) => entry);
    const plan = planReload(running, wanted);
    this.#options.log("info", `read the configuration again: ${tellPlan(plan)}`);
    for (const { name } of [...plan.removed, ...plan.changed]) void this.#end([name], "the configuration changed");
    const again = plan.changed.map(async (entry) => {
      await this.#predecessorsOf(entry);
      await this.#beginAgain(entry, running.find(({ name }) => name === entry.name));
    });
    const first = plan.added.map(async (entry) => {
      await this.#predecessorsOf(entry);
      await this.#tryBegin(entry);
    });
    await Promise.all([...again, ...first]);
  }

  /** The entry, or the one that runs under its name, where it is known that this one could not start. */
  async #startable(entry: TunnelEntry): Promise<TunnelEntry> {
    const former = this.#live.get(entry.name)?.entry;
    if (former === undefined || isSame(former, entry)) return entry;
    try {
      await this.#options.check(entry);
      return entry;
    } catch (error) {
      const sentence = `goes on as before, since its change could not start: ${reasonOf(error)}; SIGHUP tries again`;
      namedLog(entry.name, this.#options.log)("error", sentence);
      return former;
    }
  }

  /** On SIGUSR1: the network is back, or somebody doubts it. */
  tryNow(): void {
    for (const { running } of this.#live.values()) running.tryNow();
  }

  /** User connections that all carry now. */
  get connections(): number {
    return [...this.#live.values()].reduce((sum, { running }) => sum + running.connections(), 0);
  }

  /** Takes nothing new in any; settles with why, when all are to be stopped: nothing is left, or that took too long. */
  async drain(): Promise<string> {
    this.#isStopped = true;
    const reasons = await Promise.all([...this.#live.values()].map(({ running }) => running.drain()));
    return reasons.find((reason) => reason !== "drained") ?? "drained";
  }

  /** Ends all, and what is about to start when it has started. Settles when all peers were told, as far as possible. */
  async stop(reason: string): Promise<void> {
    this.#isStopped = true;
    void this.#end([...this.#live.keys()], reason);
    await Promise.all(this.#ends.keys());
  }

  async #beginAgain(entry: TunnelEntry, former: TunnelEntry | undefined): Promise<void> {
    if (await this.#tryBegin(entry) || former === undefined || !await this.#tryBegin(former)) return;
    namedLog(entry.name, this.#options.log)("warn", "runs as before the change");
  }

  /** Whether it runs now, or need not, since the process ends. */
  async #tryBegin(entry: TunnelEntry): Promise<boolean> {
    const { log, onReady } = this.#options;
    if (this.#isStopped) return true;
    try {
      const running = await this.#begin(entry);
      if (!this.#isStopped) onReady(entry.name, running);
      return true;
    } catch (error) {
      namedLog(entry.name, log)("error", `cannot start: ${reasonOf(error)}; SIGHUP tries again`);
      return false;
    }
  }

  async #begin(entry: TunnelEntry): Promise<Running> {
    const { start, log } = this.#options;
    const running = await start(entry, namedLog(entry.name, log));
    if (this.#isStopped) await running.stop("the process ends");
    else this.#live.set(entry.name, { entry, running });
    return running;
  }

  /** Each has stopped listening when this returns; it settles when the peers were told. */
  #end(names: readonly string[], reason: string): Promise<void> {
    const tunnels = names.flatMap((name) => this.#live.get(name) ?? []);
    for (const name of names) this.#live.delete(name);
    const end = Promise.all(tunnels.map(({ running }) => running.stop(reason))).then(() => {});
    this.#ends.set(end, tunnels.map(({ entry }) => entry));
    return end.finally(() => this.#ends.delete(end));
  }

  /** Settles when those have ended in whose place `entry` begins, which have its name or its identity until then. */
  async #predecessorsOf(entry: TunnelEntry): Promise<void> {
    const ends = [...this.#ends].filter(([, ended]) => ended.some((other) => isPredecessor(other, entry)));
    await Promise.all(ends.map(([end]) => end));
  }
}

/** A client on the same port is the same one to its server, whatever it is called here. */
function isPredecessor(ended: TunnelEntry, entry: TunnelEntry): boolean {
  if (ended.name === entry.name) return true;
  if (ended.command.kind !== "client" || entry.command.kind !== "client") return false;
  const places = listenPlaces(ended).map(({ address }) => address);
  return listenPlaces(entry).some(({ address }) => places.includes(address));
}

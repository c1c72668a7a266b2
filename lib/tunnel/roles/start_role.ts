/**
 * How a tunnel starts, with or without somebody who wants to know how it goes.
 *
 * @module
 */
import config from "../../../deno.json" with { type: "json" };
import { type Clock, systemClock } from "../../net/clock.ts";
import type { Log } from "../../net/log.ts";
import type { MemoryBudget } from "../../session/memory_budget.ts";
import type { RoleCommand } from "../configuration/tunnel_table.ts";
import type { ProcessStatus } from "../status/process_status.ts";
import { openStatus } from "../status/status_server.ts";
import { startClient } from "./client.ts";
import { budgetOf } from "./memory.ts";
import type { Running } from "./running.ts";
import { startServer } from "./server.ts";

/** What the tunnels of a process share. */
export interface SharedByTunnels {
  /** What the sessions of all may hold. */
  readonly memory: MemoryBudget;
  /** Where their state is shown; `undefined` for nowhere. */
  readonly status: ProcessStatus | undefined;
}

/**
 * Starts the only role of a process, and its status if that is asked for.
 *
 * @throws {TeleError} `bad-input` if either cannot start.
 */
export async function startRole(command: RoleCommand, log: Log, clock: Clock = systemClock): Promise<Running> {
  const { status: asked, memoryBytes, seat } = command.options;
  const memory = budgetOf(memoryBytes, clock, seat?.count);
  if (asked === undefined) return await startTunnel(command, log, clock, { memory, status: undefined });
  const { status, close } = await openStatus(asked, { clock, log, memory, version: config.version });
  try {
    const running = await startTunnel(command, status.beside(log), clock, { memory, status });
    return stoppedWith(running, close);
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Starts a tunnel, one of several or the only one.
 *
 * @param name What the configuration calls it.
 * @throws {TeleError} `bad-input` if it cannot start.
 */
export async function startTunnel(
  command: RoleCommand,
  log: Log,
  clock: Clock,
  { memory, status: process }: SharedByTunnels,
  name?: string,
): Promise<Running> {
  const status = process?.add({ name, role: command.kind, services: serviceNamesOf(command) });
  const isOver = () => void (status !== undefined && process?.remove(status));
  try {
    const running = command.kind === "server"
      ? await startServer(command.options, log, clock, { memory, status })
      : await startClient(command.options, log, clock, { memory, status });
    status?.runs(() => running.isDraining === true);
    return stoppedWith(running, isOver);
  } catch (error) {
    isOver();
    throw error;
  }
}

function serviceNamesOf(command: RoleCommand): string[] {
  const [named, listening] = command.kind === "server"
    ? [command.options.services, command.options.reverseListens]
    : [command.options.reverses, command.options.forwards];
  return [...named.map(({ name }) => name), ...listening.map(({ service }) => service)];
}

/** The same, with something to be done when it has stopped. */
function stoppedWith(running: Running, stopped: () => void): Running {
  return {
    ...running,
    get isDraining() {
      return running.isDraining === true;
    },
    async stop(reason) {
      await running.stop(reason);
      stopped();
    },
  };
}

/**
 * Whether the ports that workers are to share are free.
 *
 * @module
 */
import type { Address } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { listen } from "../../net/listen.ts";
import { silentLog } from "../../net/log.ts";
import { entrancesOf } from "../command_line/services.ts";
import type { RoleCommand } from "../configuration/tunnel_table.ts";

/**
 * Listens once on each port, alone. Workers cannot tell: where one process lets others share its port, a second parent
 * started by mistake would get a part of the first one's connections, without a word.
 *
 * @throws {TeleError} `bad-input` if another program listens there, or nobody can.
 */
export async function checkPlacesAreFree(command: RoleCommand, clock: Clock): Promise<void> {
  for (const [address, defaultHosts] of placesOf(command)) {
    const listening = await listen(address, {
      use: "carrier",
      defaultHosts: [...defaultHosts],
      clock,
      log: silentLog,
      onConnection: (connection) => connection.close(),
    });
    listening.close();
  }
}

const EVERY_INTERFACE = ["::", "0.0.0.0"], LOOPBACK = ["127.0.0.1", "::1"];

/** A place, and the hosts of an address without one. */
type Place = [address: Address | undefined, defaultHosts: readonly string[]];

function placesOf({ kind, options }: RoleCommand): Place[] {
  if (kind === "client") return entrancesOf(options).map((entrance) => [entrance.in, LOOPBACK]);
  const doors = options.reverseListens.map((door): Place => [door.in, LOOPBACK]);
  const nodes = options.fleet === undefined ? [] : [[options.fleet.node, []] satisfies Place];
  return [[options.out, EVERY_INTERFACE], ...nodes, ...doors];
}

/**
 * Whether the ports that workers are to share are free.
 *
 * @module
 */
import type { Address } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { badInput } from "../../net/error.ts";
import { listen } from "../../net/listen.ts";
import { isTaken } from "../../net/listen_failure.ts";
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
    }).catch((error) => {
      throw isTaken(error.cause) ? badInput(`${error.message}; ${ORPHANS}`, { cause: error.cause }) : error;
    });
    listening.close();
  }
}

/** Who listens cannot be asked, and to share the port for a look would take connections away from there. */
const ORPHANS = "if it is workers whose parent was killed, they end with their last connection, and by SIGTERM at once";

const EVERY_INTERFACE = ["::", "0.0.0.0"], LOOPBACK = ["127.0.0.1", "::1"];

/** A place, and the hosts of an address without one. */
type Place = [address: Address | undefined, defaultHosts: readonly string[]];

function placesOf({ kind, options }: RoleCommand): Place[] {
  if (kind === "client") return entrancesOf(options).map((entrance) => [entrance.in, LOOPBACK]);
  const doors = options.reverseListens.map((door): Place => [door.in, LOOPBACK]);
  const nodes = options.fleet === undefined ? [] : [[options.fleet.node, []] satisfies Place];
  return [[options.out, EVERY_INTERFACE], ...nodes, ...doors];
}

/**
 * Opening the connection of a carrier, by whichever way.
 *
 * @module
 */
import { systemClock } from "./clock.ts";
import { Commands } from "./command/commands.ts";
import { dial } from "./dial.ts";
import type { Duplex } from "./duplex.ts";
import { silentLog } from "./log.ts";
import { dialByProxy } from "./proxy/proxy_dial.ts";
import { formatWay, type OriginWay, type Way } from "./way.ts";

/**
 * Told when somebody has accepted a connection that is not open yet, and what it means if nothing more comes; nothing
 * if that is whoever the way leads to.
 */
export type Connected = (silence?: string) => void;

/**
 * Opens a connection by `way`, on which nothing has been said yet.
 *
 * @param signal Gives up when it aborts: what was begun is closed at once.
 * @param connected Called when somebody in the middle has accepted the connection, as a proxy or a command.
 * @param commands Where commands are started; else one belongs to nobody but its carrier, and nothing that it says is
 * kept.
 * @throws {TeleError} `carrier-lost` for all that the network does, `refused` or `protocol` for what a proxy says,
 * `refused` for a command that does not exist.
 *
 * @example
 * ```ts
 * import { dialWay } from "./dial_way.ts";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => dialWay({ kind: "unix", path: "/nowhere/at/all" }));
 * ```
 */
export async function dialWay(
  way: Way,
  signal?: AbortSignal,
  connected?: Connected,
  commands: Commands = new Commands({ clock: systemClock, log: silentLog }),
): Promise<Duplex> {
  const { from, way: dialed }: Pick<OriginWay, "way"> & Partial<OriginWay> = way.kind === "origin" ? way : { way };
  switch (dialed.kind) {
    case "proxy":
      return await dialByProxy(dialed.proxy, dialed.to, signal, connected, from);
    case "command": {
      signal?.throwIfAborted();
      const duplex = commands.open(dialed.words, formatWay(dialed));
      connected?.("the command runs, but no tele server answers by it");
      return duplex;
    }
    case "websocket":
      return await dial(dialed.address, signal, from);
    default:
      return await dial(dialed, signal, from);
  }
}

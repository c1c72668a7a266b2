/**
 * Opening the connection of a carrier, by whichever way.
 *
 * @module
 */
import { type ConnectionUse, dial } from "./dial.ts";
import type { Duplex } from "./duplex.ts";
import type { Way } from "./way.ts";

/**
 * Opens a connection by `way`, on which nothing has been said yet.
 *
 * @param use What the sockets beneath are to be: `carrier` where frames follow, `user` where TLS does, whose engine
 * asks for a callback.
 * @param signal Gives up when it aborts: what was begun is closed at once.
 * @throws {TeleError} `carrier-lost` for all that the network does.
 *
 * @example
 * ```ts
 * import { dialWay } from "./dial_way.ts";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => dialWay({ kind: "unix", path: "/nowhere/at/all" }, "carrier"));
 * ```
 */
export function dialWay(way: Way, use: ConnectionUse, signal?: AbortSignal): Promise<Duplex> {
  return dial(way, use, signal);
}

/**
 * Opening the connection of a carrier, by whichever way.
 *
 * @module
 */
import { type ConnectionUse, dial } from "./dial.ts";
import type { Duplex } from "./duplex.ts";
import { dialByProxy } from "./proxy/proxy_dial.ts";
import type { Way } from "./way.ts";

/**
 * Told when somebody has accepted a connection that is not open yet, and what it means if nothing more comes; nothing
 * if that is whoever the way leads to.
 */
export type Connected = (silence?: string) => void;

/**
 * Opens a connection by `way`, on which nothing has been said yet.
 *
 * @param use What the sockets beneath are to be: `carrier` where frames follow, `user` where TLS does, whose engine
 * asks for a callback.
 * @param signal Gives up when it aborts: what was begun is closed at once.
 * @param connected Called when somebody in the middle has accepted the connection.
 * @throws {TeleError} `carrier-lost` for all that the network does, `refused` or `protocol` for what a proxy says.
 *
 * @example
 * ```ts
 * import { dialWay } from "./dial_way.ts";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => dialWay({ kind: "unix", path: "/nowhere/at/all" }, "carrier"));
 * ```
 */
export function dialWay(
  way: Way,
  use: ConnectionUse,
  signal?: AbortSignal,
  connected?: Connected,
): Promise<Duplex> {
  return way.kind === "proxy" ? dialByProxy(way.proxy, way.to, use, signal, connected) : dial(way, use, signal);
}

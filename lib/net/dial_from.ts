/**
 * Connecting from a given address of this machine.
 *
 * @module
 */
import net from "node:net";
import { systemClock } from "./clock.ts";
import type { Duplex } from "./duplex.ts";
import { reasonOf, TeleError } from "./error.ts";
import { moverOfConnections } from "./moved_connection.ts";
import { NodeDuplex } from "./node_duplex.ts";
import { leadsTo, localAddressFor, type Origin } from "./origin.ts";
import { addressesOf, race } from "./race.ts";
import { takeHandle } from "./runtime.ts";

/**
 * Connects to `host:port` from `origin`: of the host's addresses the first that answers is taken, as
 * {@linkcode race} does, of those that can be reached from there.
 *
 * `Deno.connect` knows no local address and `node:net` does. A carrier's connection is moved from there into a
 * `Deno.Conn`, since that is what carriers are on: it is as fast as any other.
 *
 * @param use As for {@linkcode dial}.
 * @param signal Gives up when it aborts.
 * @throws {TeleError} `carrier-lost` if this machine has no such address now; what the system says.
 *
 * @example
 * ```ts
 * import { dialFrom } from "./dial_from.ts";
 * import { assertRejects } from "@std/assert";
 *
 * const origin = { kind: "address", address: "192.0.2.7" } as const;
 * await assertRejects(() => dialFrom(origin, { host: "127.0.0.1", port: 22 }, "user"), Error, "192.0.2.7");
 * ```
 */
export async function dialFrom(
  origin: Origin,
  { host, port }: { host: string; port: number },
  use: "user" | "carrier",
  signal?: AbortSignal,
): Promise<Duplex> {
  const connect = async (address: string, signal?: AbortSignal): Promise<Duplex> => {
    const localAddress = localAddressFor(origin, address, Deno.networkInterfaces);
    try {
      const socket = await connectSocket({ host: address, port, localAddress }, signal);
      return use === "user" ? NodeDuplex.dialed(takeHandle(socket), { host, port }) : await moved(socket);
    } catch (error) {
      throw isOfOrigin(error)
        ? new TeleError("carrier-lost", `this machine has no address ${localAddress} now`)
        : error;
    }
  };
  const found = await addressesOf(host);
  const reached = found.filter((address) => leadsTo(origin, address));
  // If there is none, the error of the first says so.
  return await race(reached.length > 0 ? reached : found.slice(0, 1), connect, systemClock, signal);
}

/** Deno 2.9.6 fails the bind in front of the connection, and has no name for the failure. */
function isOfOrigin(error: unknown): boolean {
  return /^bind /.test(reasonOf(error));
}

async function moved(socket: net.Socket): Promise<Duplex> {
  const address = (hostname = "unknown", port = 0): Deno.NetAddr => ({ transport: "tcp", hostname, port });
  const [remote, local] = [
    address(socket.remoteAddress, socket.remotePort),
    address(socket.localAddress, socket.localPort),
  ];
  const move = await moverOfConnections();
  const handle = takeHandle(socket);
  const duplex = move(handle.takeStream(), remote, local);
  handle.close();
  return duplex;
}

/**
 * Connects a socket, which does not read yet.
 *
 * @param to Where to, and from which address of this machine, if that matters.
 * @throws If that fails, or `signal` aborts first.
 */
function connectSocket(
  to: { host: string; port: number; localAddress?: string },
  signal?: AbortSignal,
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const socket = net.connect({ ...to, allowHalfOpen: true });
    // Else it would begin to read.
    socket.pause();
    const onAbort = () => socket.destroy(signal!.reason);
    const onError = (error: unknown) => {
      signal?.removeEventListener("abort", onAbort);
      reject(error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.once("error", onError);
    socket.once("connect", () => {
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      resolve(socket);
    });
  });
}

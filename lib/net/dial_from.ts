/**
 * Connecting from a given address of this machine.
 *
 * @module
 */
import net from "node:net";
import { systemClock } from "./clock.ts";
import type { Duplex } from "./duplex.ts";
import { reasonOf, TeleError } from "./error.ts";
import { NodeDuplex } from "./node_duplex.ts";
import { leadsTo, localAddressFor, type Origin } from "./origin.ts";
import { addressesOf, race } from "./race.ts";
import { takeHandle } from "./runtime.ts";

/**
 * Connects to `host:port` from `origin`: of the host's addresses the first that answers is taken, as
 * {@linkcode race} does, of those that can be reached from there.
 *
 * `Deno.connect` knows no local address and `node:net` does.
 *
 * @param signal Gives up when it aborts.
 * @throws {TeleError} `carrier-lost` if this machine has no such address now; what the system says.
 *
 * @example
 * ```ts
 * import { dialFrom } from "./dial_from.ts";
 * import { assertRejects } from "@std/assert";
 *
 * const origin = { kind: "address", address: "192.0.2.7" } as const;
 * await assertRejects(() => dialFrom(origin, { host: "127.0.0.1", port: 22 }), Error, "192.0.2.7");
 * ```
 */
export async function dialFrom(
  origin: Origin,
  { host, port }: { host: string; port: number },
  signal?: AbortSignal,
): Promise<Duplex> {
  const connect = async (address: string, signal?: AbortSignal): Promise<Duplex> => {
    const localAddress = localAddressFor(origin, address, Deno.networkInterfaces);
    try {
      const socket = await connectSocket({ host: address, port, localAddress }, signal);
      return NodeDuplex.dialed(takeHandle(socket), { host, port });
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

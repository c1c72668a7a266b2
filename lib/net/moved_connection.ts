/**
 * A `Deno.Conn` out of what a handle of `node:net` gives away.
 *
 * @module
 */
import { sleep, systemClock } from "./clock.ts";
import { DenoDuplex } from "./deno_duplex.ts";
import { DESCRIPTOR_PAUSE_MS, isOutOfDescriptors } from "./descriptors.ts";
import type { Duplex } from "./duplex.ts";

type TcpConnConstructor = new (resource: number, remote: Deno.NetAddr, local: Deno.NetAddr) => Deno.TcpConn;

const NOWHERE: Deno.NetAddr = { transport: "tcp", hostname: "unknown", port: 0 };

/** Makes a duplex of a connection, by its number among the runtime's resources. */
export type Mover = (resource: number) => Duplex;

let mover: Promise<Mover> | undefined;

/**
 * The function that makes duplexes of connections. While this process has no file descriptors left it waits for some.
 *
 * @throws If the runtime may not listen and connect on 127.0.0.1.
 */
export function moverOfConnections(): Promise<Mover> {
  // A failure is not kept: every later connection would fail with it.
  return mover ??= findConstructor().then(
    (TcpConn): Mover => (resource) => new DenoDuplex(new TcpConn(resource, NOWHERE, NOWHERE)),
  ).catch((error) => {
    mover = undefined;
    throw error;
  });
}

/** The class of `Deno.Conn`, which the runtime does not export: that of a connection which it has made itself. */
async function findConstructor(): Promise<TcpConnConstructor> {
  for (;;) {
    try {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
      return connection.constructor as TcpConnConstructor;
    } catch (error) {
      if (!isOutOfDescriptors(error)) throw error;
    }
    await sleep(systemClock, DESCRIPTOR_PAUSE_MS);
  }
}

/**
 * Connections through `listen` and `dial` for tests of single layers.
 *
 * @module
 */
import { type Address, parseAddress } from "../../lib/net/address.ts";
import { systemClock } from "../../lib/net/clock.ts";
import { DenoDuplex } from "../../lib/net/deno_duplex.ts";
import { dial } from "../../lib/net/dial.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { listen, type Listening, type ListenOptions } from "../../lib/net/listen.ts";
import { silentLog } from "../../lib/net/log.ts";
import { within } from "./wait.ts";

/** Two ends of one connection, and what to clean up behind them. */
export interface Pair {
  near: Duplex;
  far: Duplex;
  close(): void;
}

/** A free port of this machine. */
export const LOOPBACK: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };

/** What all listeners of tests have. */
export const listenDefaults: Pick<ListenOptions, "use" | "defaultHosts" | "clock" | "log"> = {
  use: "user",
  defaultHosts: ["127.0.0.1", "::1"],
  clock: systemClock,
  log: silentLog,
};

/** A connection through `listen` and `dial`, as the roles make them. */
export async function socketPair(address: Address, dialedHost?: string): Promise<Pair> {
  const accepted = Promise.withResolvers<Duplex>();
  const listening = await listen(address, { ...listenDefaults, onConnection: accepted.resolve });
  const where = parseAddress(listening.addresses[0]);
  const near = await dial(dialedHost === undefined ? where : { ...where, host: dialedHost } as Address);
  const far = await within(accepted.promise, 5_000, "the accepted connection");
  listening.close();
  return {
    near,
    far,
    close() {
      near.close();
      far.close();
    },
  };
}

/** Two ends of a connection of Deno's own: over TCP, or by a unix socket at `path`. */
export async function denoPair(path?: string): Promise<Pair> {
  const place = path === undefined ? { hostname: "127.0.0.1", port: 0 } as const : { transport: "unix", path } as const;
  using listener: Deno.Listener = Deno.listen(place as Deno.TcpListenOptions);
  const { port } = listener.addr as Deno.NetAddr;
  const dialing: Promise<Deno.Conn> = Deno.connect({ ...place, port } as Deno.ConnectOptions);
  const [near, far] = (await Promise.all([dialing, listener.accept()])).map((conn) => new DenoDuplex(conn));
  return { near: near!, far: far!, close: () => [near, far].forEach((each) => each!.close()) };
}

/** A Deno connection to what `listen` accepts, to see what a user's program sees. */
export async function userProgram(): Promise<{ user: Deno.TcpConn; duplex: Duplex; close(): void }> {
  const accepted = Promise.withResolvers<Duplex>();
  const listening = await listen(LOOPBACK, { ...listenDefaults, onConnection: accepted.resolve });
  const port = Number(listening.addresses[0].split(":").at(-1));
  const user = await Deno.connect({ hostname: "127.0.0.1", port });
  const duplex = await accepted.promise;
  return {
    user,
    duplex,
    close() {
      listening.close();
      duplex.close();
      user.close();
    },
  };
}

/** How a read that waits ends: `"end"` for an end of file, else the name of the error. */
export const endingOf = (user: Deno.TcpConn): Promise<string> =>
  user.read(new Uint8Array(1)).then((count) => count === null ? "end" : `${count} bytes`, (error) => error.name);

/** Listens, and closes when the test is over. */
export async function listenFor(
  address: Address | undefined,
  options: Partial<ListenOptions> = {},
): Promise<Listening & Disposable & { accepted: Duplex[] }> {
  const accepted: Duplex[] = [];
  const listening = await listen(address, {
    ...listenDefaults,
    onConnection: (duplex) => void accepted.push(duplex),
    ...options,
  });
  return {
    ...listening,
    accepted,
    [Symbol.dispose]() {
      listening.close();
      for (const duplex of accepted) duplex.close();
    },
  };
}

/** The port at the end of an address. */
export function portOf(address: string): number {
  return Number(address.split(":").at(-1));
}

/** Whether this machine can listen on IPv6. */
export const hasIPv6: boolean = (() => {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
})();

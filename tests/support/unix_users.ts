/**
 * User's programs on unix sockets, which reach into every network namespace.
 *
 * @module
 */
import type { Scenario } from "./scenario.ts";
import { closeQuietly, type Handler, writeAll } from "./user_programs.ts";

/** A user's server on a unix socket. */
export function serveUnix(s: Scenario, path: string, handler: Handler): void {
  const listener = Deno.listen({ transport: "unix", path });
  const connections = new Set<Deno.Conn>();
  s.defer(() => {
    listener.close();
    connections.forEach(closeQuietly);
  });
  (async () => {
    for await (const connection of listener) {
      connections.add(connection);
      handler(asTcp(connection)).catch(() => {}).finally(() => closeQuietly(connection));
    }
  })().catch(() => {});
}

/** Connects a user's client to a unix socket, and sends `first`. */
export async function connectUnix(s: Scenario, path: string, first: string): Promise<Deno.TcpConn> {
  const connection = asTcp(await Deno.connect({ transport: "unix", path }));
  s.defer(() => closeQuietly(connection));
  await writeAll(connection, new TextEncoder().encode(first));
  return connection;
}

/** The user's programs only read, write and end; none of them sets an option of TCP. */
function asTcp(connection: Deno.Conn): Deno.TcpConn {
  return connection as Deno.TcpConn;
}

/**
 * Connections for which the runtime has no handles that serve, on `Deno.Conn`.
 *
 * @module
 */
import { formatAddress } from "./address.ts";
import type { Duplex } from "./duplex.ts";
import { unmapped } from "./ip_address.ts";

/**
 * A {@linkcode Duplex} over a `Deno.Conn`.
 *
 * Reads and writes borrow their memory: a write sends what stands there when there is room for it. Closing cancels
 * both, and their promises are rejected a turn of the event loop later; only then is the memory free (measured on Deno
 * 2.9.6).
 *
 * `abort` can only close: the runtime always sends FIN first. Carriers lose nothing by that; users' connections over
 * TCP take {@linkcode NodeDuplex} where the runtime has what it needs.
 *
 * @example
 * ```ts
 * import { DenoDuplex } from "./deno_duplex.ts";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const dialing = Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
 * const [dialed, accepted] = await Promise.all([dialing, listener.accept()]);
 * const [near, far] = [new DenoDuplex(dialed), new DenoDuplex(accepted)];
 * await near.write(new TextEncoder().encode("hello"));
 * await near.closeWrite();
 * const into = new Uint8Array(16);
 * assertEquals(await far.read(into), 5);
 * assertEquals(await far.read(into), null);
 * near.close();
 * far.close();
 * ```
 */
export class DenoDuplex implements Duplex {
  readonly peer: string;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly readsAfterFailedWrite = true;
  readonly #conn: Deno.Conn;
  #closed = false;

  /**
   * Takes a connection over; Nagle's algorithm is switched off, and after a long silence, of two hours in Linux, the
   * kernel asks if the other host is still there.
   */
  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    if ("setNoDelay" in conn) {
      (conn as Deno.TcpConn).setNoDelay(true);
      (conn as Deno.TcpConn).setKeepAlive(true);
    }
    this.peer = nameOf(conn);
    this.localAddress = "hostname" in conn.localAddr ? unmapped(conn.localAddr.hostname) : undefined;
    this.localPort = "port" in conn.localAddr ? conn.localAddr.port : undefined;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#conn.read(into);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#conn.write(bytes).then((written) =>
      written < bytes.length ? this.#writeRest(bytes, written) : undefined
    );
  }

  async #writeRest(bytes: Uint8Array, written: number): Promise<void> {
    while (written < bytes.length) written += await this.#conn.write(bytes.subarray(written));
  }

  async closeWrite(): Promise<void> {
    if ("closeWrite" in this.#conn) await this.#conn.closeWrite();
  }

  abort(): void {
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#conn.close();
    } catch {
      // Already gone; that is all that close promises.
    }
  }
}

/** A client of a unix socket has no address; it is named after the socket that it came to. */
function nameOf({ remoteAddr, localAddr }: Deno.Conn): string {
  if ("hostname" in remoteAddr) {
    return formatAddress({ kind: "tcp", host: unmapped(remoteAddr.hostname), port: remoteAddr.port });
  }
  const paths = [remoteAddr, localAddr].map((address) => "path" in address ? address.path : undefined);
  return `unix:${paths.find((path) => path) ?? "a socket without a path"}`;
}

/**
 * The one shape every byte connection has inside `tele`: a pulled duplex.
 *
 * @module
 */

/**
 * A reliable, ordered, two-way byte connection with half-close.
 *
 * It is *pulled*: nothing is read before {@linkcode Duplex.read} is called, and at most one read and one write are
 * pending at a time. Memory given to either belongs to it until its promise settles, whatever happens meanwhile: after
 * `close` and `abort` as well, where most settle within a turn of the event loop, and some only when the system is
 * done. A user's socket, a carrier, a pipe in memory and a pair of Web Streams all have this shape, so the layers above
 * never see a socket.
 *
 * @example A duplex over two Web Streams
 * ```ts
 * import { duplexFromStreams } from "./web.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const loop = duplexFromStreams({ readable, writable });
 * const into = new Uint8Array(8);
 * const reading = loop.read(into);
 * await loop.write(new Uint8Array([1, 2, 3]));
 * assertEquals(into.subarray(0, await reading ?? 0), new Uint8Array([1, 2, 3]));
 * loop.close();
 * ```
 */
export interface Duplex {
  /** Who is at the other end, for logs: `host:port` or `unix:/path`. */
  readonly peer: string;

  /** The peer's name in its verified certificate, for logs; `undefined` if it did not have to show one. */
  readonly peerName?: string;

  /**
   * SHA-256 of the certificate that TLS around this connection has shown, at its client and at its server alike, for the
   * proof of a token that nobody stands between; 32 zeros at a client that has verified the certificate instead, and
   * `undefined` without TLS.
   */
  readonly leaf?: Uint8Array;

  /** What carries it where that is no plain socket: for the status of a process. */
  readonly medium?: "WebSocket" | "command";

  /** The IP address at the other end, where `peer` calls it by a name. */
  readonly remoteAddress?: string;

  /** The local IP address this connection left from, if it has one. Lets an address change be seen. */
  readonly localAddress?: string;

  /** The local port of the same. */
  readonly localPort?: number;

  /** Whether another server of a fleet has taken it from its client and passed it on: then nobody else is asked for it. */
  readonly isPassed?: boolean;

  /**
   * Whether what the peer sent can still be read after a write has failed, such as a server's answer to an upload that
   * it refuses. Reading then soon ends by itself. True of sockets.
   */
  readonly readsAfterFailedWrite?: boolean;

  /**
   * Whether {@linkcode Duplex.readWith} puts bytes into memory only in the very step in which it tells of them: then the
   * reads of many connections may wait with the same memory, as long as each takes out what came before it returns.
   */
  readonly fillsAtOnce?: boolean;

  /**
   * Reads up to `into.byteLength` bytes (at least 1) into the front of `into`.
   *
   * @param into Buffer that belongs to the duplex until the promise settles. Not empty.
   * @returns The number of bytes read, or `null` once the peer has ended its direction. After a write has failed
   * `null` is no clean end any more.
   * @throws If the connection failed, was reset, or was closed here while the read was pending.
   */
  read(into: Uint8Array): Promise<number | null>;

  /**
   * {@linkcode Duplex.read} without a promise, whose cost shows when messages are small. A duplex has it if bytes come
   * to it by a callback anyway.
   *
   * @param into Buffer that belongs to the duplex until `onRead` or `onFailed` is called. Not empty.
   * @param onRead Takes the number of bytes read, or `null`, as soon as they come, perhaps before this call returns.
   * @param onFailed Takes what `read` would have rejected with.
   */
  readWith?(into: Uint8Array, onRead: (count: number | null) => void, onFailed: (error: unknown) => void): void;

  /**
   * Writes all of `bytes`.
   *
   * @param bytes Belongs to the duplex until the promise settles.
   * @throws If the connection failed or was closed here.
   */
  write(bytes: Uint8Array): Promise<void>;

  /**
   * {@linkcode Duplex.write} with a promise only if the write has to wait. A duplex has it if most writes do not.
   *
   * @param bytes Belongs to the duplex until the write is done.
   * @returns Nothing if the write is done already, else what `write` would have returned.
   */
  writeNow?(bytes: Uint8Array): Promise<void> | undefined;

  /**
   * Ends this direction (FIN) behind everything written; the other direction goes on.
   *
   * @param isLast The peer's end was read as well, and only {@linkcode Duplex.close} may follow: where that tells the
   *   same end, a duplex may close at once, with one call to the system in place of two.
   * @throws If the connection failed before.
   */
  closeWrite(isLast?: boolean): Promise<void>;

  /**
   * Ends both directions at once and tells the peer that this was no clean end (RST), where the runtime can.
   * Pending reads and writes reject. Never throws; a second call does nothing.
   */
  abort(reason?: unknown): void;

  /** Ends both directions at once without a word. Pending reads and writes reject. Never throws. */
  close(): void;
}

/**
 * Who is at the other end, with the name in its certificate if it had to show one.
 *
 * @example
 * ```ts
 * import { describePeer } from "./duplex.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(describePeer({ peer: "192.0.2.1:50000", peerName: "laptop" }), "192.0.2.1:50000 (laptop)");
 * ```
 */
export function describePeer({ peer, peerName }: Pick<Duplex, "peer" | "peerName">): string {
  return peerName === undefined ? peer : `${peer} (${peerName})`;
}

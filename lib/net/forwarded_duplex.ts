/**
 * A connection that hands everything on to another one.
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";

/**
 * Hands on all that every {@linkcode Duplex} has. Whoever sees or changes what passes extends it, and calls `super`.
 *
 * The cheap calls (`readWith`, `writeNow`) go past `read` and `write`, so they are not handed on: one that wants them
 * has them itself.
 *
 * @example
 * ```ts
 * import { duplexPair } from "./pipe.ts";
 * import { ForwardedDuplex } from "./forwarded_duplex.ts";
 * import { assertEquals } from "@std/assert";
 *
 * class Counted extends ForwardedDuplex {
 *   writtenBytes = 0;
 *   override write(bytes: Uint8Array): Promise<void> {
 *     this.writtenBytes += bytes.length;
 *     return super.write(bytes);
 *   }
 * }
 *
 * const [near, far] = duplexPair();
 * const counted = new Counted(near);
 * const writing = counted.write(new Uint8Array([1, 2, 3]));
 * assertEquals([await far.read(new Uint8Array(8)), counted.writtenBytes], [3, 3]);
 * await writing;
 * counted.close();
 * ```
 */
export class ForwardedDuplex implements Duplex {
  /** See {@linkcode Duplex.peer}. */
  readonly peer: string;
  readonly #inner: Duplex;

  /**
   * Takes `inner` over.
   *
   * @param peer Who is at the other end, where that is not who is at the other end of `inner`.
   */
  constructor(inner: Duplex, peer: string = inner.peer) {
    this.#inner = inner;
    this.peer = peer;
  }

  /** See {@linkcode Duplex.peerName}. */
  get peerName(): string | undefined {
    return this.#inner.peerName;
  }

  /** See {@linkcode Duplex.leaf}. */
  get leaf(): Uint8Array | undefined {
    return this.#inner.leaf;
  }

  /** See {@linkcode Duplex.medium}. */
  get medium(): Duplex["medium"] {
    return this.#inner.medium;
  }

  /** See {@linkcode Duplex.remoteAddress}. */
  get remoteAddress(): string | undefined {
    return this.#inner.remoteAddress;
  }

  /** See {@linkcode Duplex.localAddress}. */
  get localAddress(): string | undefined {
    return this.#inner.localAddress;
  }

  /** See {@linkcode Duplex.localPort}. */
  get localPort(): number | undefined {
    return this.#inner.localPort;
  }

  /** See {@linkcode Duplex.isPassed}. */
  get isPassed(): boolean | undefined {
    return this.#inner.isPassed;
  }

  /** See {@linkcode Duplex.readsAfterFailedWrite}. */
  get readsAfterFailedWrite(): boolean | undefined {
    return this.#inner.readsAfterFailedWrite;
  }

  /** See {@linkcode Duplex.read}. */
  read(into: Uint8Array): Promise<number | null> {
    return this.#inner.read(into);
  }

  /** See {@linkcode Duplex.write}. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#inner.write(bytes);
  }

  /** See {@linkcode Duplex.closeWrite}. */
  closeWrite(isLast?: boolean): Promise<void> {
    return this.#inner.closeWrite(isLast);
  }

  /** See {@linkcode Duplex.abort}. */
  abort(reason?: unknown): void {
    this.#inner.abort(reason);
  }

  /** See {@linkcode Duplex.close}. */
  close(): void {
    this.#inner.close();
  }
}

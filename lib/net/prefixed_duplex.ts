/**
 * A connection of which the first bytes were read already.
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";
import { ForwardedDuplex } from "./forwarded_duplex.ts";

/**
 * A {@linkcode Duplex} that reads `first`, and then what `inner` reads; everything else is `inner`'s.
 *
 * @example
 * ```ts
 * import { duplexPair } from "./pipe.ts";
 * import { PrefixedDuplex } from "./prefixed_duplex.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [near] = duplexPair();
 * const duplex = new PrefixedDuplex(near, new Uint8Array([1, 2, 3]));
 * const into = new Uint8Array(2);
 * assertEquals([await duplex.read(into), ...into], [2, 1, 2]);
 * assertEquals([await duplex.read(into), into[0]], [1, 3]);
 * duplex.close();
 * ```
 */
export class PrefixedDuplex extends ForwardedDuplex {
  /** See {@linkcode Duplex.readWith}. */
  readonly readWith: Duplex["readWith"];
  /** See {@linkcode Duplex.fillsAtOnce}. */
  readonly fillsAtOnce: boolean | undefined;
  /** See {@linkcode Duplex.writeNow}. */
  readonly writeNow: Duplex["writeNow"];
  #first: Uint8Array;

  /**
   * Takes `inner` over.
   *
   * @param first Kept until it is read.
   * @param peer Who is at the other end, where that is not who is at the other end of `inner`.
   */
  constructor(inner: Duplex, first: Uint8Array, peer?: string) {
    super(inner, peer);
    this.#first = first;
    this.fillsAtOnce = inner.fillsAtOnce;
    // A duplex says by having them that they cost less.
    if (inner.readWith !== undefined) {
      this.readWith = (into, onRead, onFailed) => {
        if (this.#first.length > 0) onRead(this.#take(into));
        else inner.readWith!(into, onRead, onFailed);
      };
    }
    if (inner.writeNow !== undefined) this.writeNow = (bytes) => inner.writeNow!(bytes);
  }

  /** See {@linkcode Duplex.read}. */
  override read(into: Uint8Array): Promise<number | null> {
    return this.#first.length > 0 ? Promise.resolve(this.#take(into)) : super.read(into);
  }

  #take(into: Uint8Array): number {
    const count = Math.min(into.length, this.#first.length);
    into.set(this.#first.subarray(0, count));
    this.#first = this.#first.subarray(count);
    return count;
  }

  /** See {@linkcode Duplex.abort}. */
  override abort(reason?: unknown): void {
    this.#first = new Uint8Array(0);
    super.abort(reason);
  }

  /** See {@linkcode Duplex.close}. */
  override close(): void {
    this.#first = new Uint8Array(0);
    super.close();
  }
}

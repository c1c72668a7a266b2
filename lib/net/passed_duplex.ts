/**
 * A connection that another server has taken from a client and passed on.
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";
import { PrefixedDuplex } from "./prefixed_duplex.ts";

/** Who is at the client's end, as who has passed it on says. */
export type PassedFrom = Pick<Duplex, "peer" | "peerName" | "localAddress" | "localPort">;

/**
 * A {@linkcode Duplex} whose client is somebody else than who has connected.
 *
 * @example
 * ```ts
 * import { PassedDuplex } from "./passed_duplex.ts";
 * import { duplexPair } from "./pipe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [near] = duplexPair();
 * const duplex = new PassedDuplex(near, { peer: "192.0.2.1:50000" });
 * assertEquals([duplex.peer, duplex.isPassed], ["192.0.2.1:50000", true]);
 * duplex.close();
 * ```
 */
export class PassedDuplex extends PrefixedDuplex {
  readonly #from: PassedFrom;

  /** Takes `inner` over. */
  constructor(inner: Duplex, from: PassedFrom) {
    super(inner, new Uint8Array(0), from.peer);
    this.#from = from;
  }

  /** See {@linkcode Duplex.isPassed}. */
  override get isPassed(): boolean {
    return true;
  }

  /** See {@linkcode Duplex.peerName}. */
  override get peerName(): string | undefined {
    return this.#from.peerName;
  }

  /** See {@linkcode Duplex.localAddress}. */
  override get localAddress(): string | undefined {
    return this.#from.localAddress;
  }

  /** See {@linkcode Duplex.localPort}. */
  override get localPort(): number | undefined {
    return this.#from.localPort;
  }
}

/**
 * Ports on which several processes listen, each of which may leave them to the others.
 *
 * @module
 */
import type { Listening } from "./listen.ts";

/** What leaves its ports to others, and comes back to them. */
export interface PortSharer {
  /** Stops listening: others do. */
  leave(): void;
  /**
   * Listens again, if it has left: nobody else may.
   *
   * @throws {TeleError} `bad-input` if that is not possible, such as when another program has the port.
   */
  comeBack(): Promise<void>;
}

/**
 * A listener that can be left, and begun again.
 *
 * @example
 * ```ts
 * import { systemClock } from "./clock.ts";
 * import { listen } from "./listen.ts";
 * import { silentLog } from "./log.ts";
 * import { SharedPorts } from "./shared_ports.ts";
 *
 * const options = { use: "user" as const, defaultHosts: [], clock: systemClock, log: silentLog, onConnection() {} };
 * const ports = await SharedPorts.open(() => listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, options));
 * ports.leave();
 * await ports.comeBack();
 * ports.close();
 * ```
 */
export class SharedPorts implements Listening, PortSharer {
  readonly addresses: string[];
  readonly isExposed: boolean;
  readonly #begin: () => Promise<Listening>;
  #listening: Listening | undefined;
  #isClosed = false;

  private constructor(begin: () => Promise<Listening>, listening: Listening) {
    this.#begin = begin;
    this.#listening = listening;
    this.addresses = listening.addresses;
    this.isExposed = listening.isExposed;
  }

  /**
   * Listens.
   *
   * @param begin Called again by {@linkcode comeBack}.
   * @throws What `begin` throws.
   */
  static async open(begin: () => Promise<Listening>): Promise<SharedPorts> {
    return new SharedPorts(begin, await begin());
  }

  leave(): void {
    this.#listening?.close();
    this.#listening = undefined;
  }

  async comeBack(): Promise<void> {
    if (this.#listening !== undefined || this.#isClosed) return;
    const again = await this.#begin();
    if (this.#isClosed) again.close();
    else this.#listening = again;
  }

  /** Stops listening for good. */
  close(): void {
    this.#isClosed = true;
    this.leave();
  }
}

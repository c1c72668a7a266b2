/**
 * Destinations that a server leads its clients to: those of `--allow`.
 *
 * @module
 */
import { type Duplex } from "../../net/duplex.ts";
import { type TcpAddress } from "../../net/address.ts";
import { isRefused } from "../../net/dial.ts";
import { type Clock } from "../../net/clock.ts";
import { reasonOf } from "../../net/error.ts";
import { type HostPattern, isOwnAddress, matchesAddress, matchesName } from "../../net/host_pattern.ts";
import { ipBytes } from "../../net/ip_address.ts";
import { PrefixedDuplex } from "../../net/prefixed_duplex.ts";
import { race } from "../../net/race.ts";
import { shortageOf } from "../../net/shortage.ts";
import { ResetCode } from "../../mux/mux_constants.ts";
import { NoServiceError } from "../../mux/no_service_error.ts";
import { UnreachedError } from "../../mux/unreached_error.ts";
import { parseDestination } from "../../session/handshake/destination.ts";

/** Stands in front of all that a destination says: the connection is there. Source: `PROTOCOL.md`, "Destinations". */
export const CONNECTED: Uint8Array = new Uint8Array([0]);

/** Most addresses of a name that are dialled for one stream. Whoever has a name can give it thousands. */
const MOST_ADDRESSES = 16;

/** Options of {@linkcode Destinations}. */
export interface DestinationsOptions {
  /** What is allowed. */
  patterns: readonly HostPattern[];
  /** Time. */
  clock: Clock;
  /** The addresses of a name, for the client whose token has this name; rejects if there are none. */
  resolve: (host: string, client: string | undefined, signal: AbortSignal) => Promise<string[]>;
  /** Connects to an address. */
  dial: (address: TcpAddress, signal: AbortSignal) => Promise<Duplex>;
}

/**
 * Connects to what is allowed. A name is resolved once, and what was looked at is what is dialled: else a name could
 * have another address the second time.
 *
 * Invariant 10: an open costs its sender little, so no name makes it more than {@linkcode MOST_ADDRESSES} dials.
 */
export class Destinations {
  readonly #options: DestinationsOptions;

  /** Nothing is dialled yet. */
  constructor(options: DestinationsOptions) {
    this.#options = options;
  }

  /**
   * Connects to `destination`, which a client asked for.
   *
   * @param client Name of that client's token, if it has one.
   * @returns The connection, with {@linkcode CONNECTED} in front.
   * @throws {UnreachedError} With the code that tells the client why not.
   */
  async connect(destination: string, signal: AbortSignal, client?: string): Promise<Duplex> {
    const target = parseDestination(destination);
    if (target === undefined) throw new NoServiceError(destination);
    const { host, port } = target;
    const resolve = () => this.#resolve(host, client, signal);
    const addresses = await this.#allowedAddresses(host, port, resolve);
    if (addresses.length === 0) throw new NoServiceError(destination);
    const dial = (address: string, signal?: AbortSignal) =>
      this.#options.dial({ kind: "tcp", host: address, port }, signal ?? new AbortController().signal);
    try {
      return new PrefixedDuplex(await race(addresses, dial, this.#options.clock, signal), CONNECTED, destination);
    } catch (error) {
      if (shortageOf(error) !== undefined) throw error;
      throw new UnreachedError(codeOf(error), reasonOf(error), { cause: error });
    }
  }

  async #allowedAddresses(
    host: string,
    port: number,
    resolve: () => Promise<string[]>,
  ): Promise<readonly string[]> {
    const { patterns } = this.#options;
    const isNamed = patterns.some((pattern) => matchesName(pattern, host, port));
    const isLiteral = ipBytes(host) !== undefined;
    const mayMatch = isNamed || isLiteral || patterns.some(({ hosts, first, last }) => {
      return hosts.kind === "network" && port >= first && port <= last;
    });
    // Who may reach nothing may not even ask for names.
    if (!mayMatch) return [];
    const allowed = (isLiteral ? [host] : await resolve()).filter((address) => {
      if (patterns.some((pattern) => matchesAddress(pattern, address, port))) return true;
      return isNamed && !isOwnAddress(address);
    });
    return allowed.slice(0, MOST_ADDRESSES);
  }

  async #resolve(host: string, client: string | undefined, signal: AbortSignal): Promise<string[]> {
    try {
      return await this.#options.resolve(host, client, signal);
    } catch (error) {
      throw new UnreachedError(ResetCode.unreachable, `${host}: the name cannot be resolved`, { cause: error });
    }
  }
}

/** With which code a client is told why nothing took the connection. */
function codeOf(error: unknown): ResetCode {
  for (let at = error; at !== undefined; at = (at as { cause?: unknown } | undefined)?.cause) {
    const { code } = at as { code?: string };
    if (isRefused(at)) return ResetCode.refused;
    if (code === "ETIMEDOUT" || at instanceof Deno.errors.TimedOut) return ResetCode.silent;
    if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return ResetCode.unreachable;
  }
  return ResetCode.refused;
}

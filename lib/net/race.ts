/**
 * Connecting to a name that has several addresses, some of which may lead nowhere.
 *
 * Source: RFC 8305 (Happy Eyeballs version 2), sections 4 and 5.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import type { Clock, Timer } from "./clock.ts";

/** How long an attempt is alone before the next address is tried beside it, in milliseconds (RFC 8305, 5). */
const ATTEMPT_DELAY_MS = 250;

/** Failures that tell of this machine or of the way, and nothing of whoever listens. */
const NO_WAY = ["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "ETIMEDOUT"];

/** A connection that can win a race. */
export interface Racer {
  /** Ends it at once. Never throws. */
  close(): void;
}

/**
 * The addresses of a host, in the order in which to try them: as the system sorts them, families in turn.
 *
 * @param host A name, or an address, which stays as it is.
 * @throws What the system says if there are none.
 *
 * @example
 * ```ts
 * import { addressesOf } from "./race.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await addressesOf("192.0.2.1"), ["192.0.2.1"]);
 * ```
 */
export async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true, verbatim: true });
  return inTurn([...new Set(found.map(({ address }) => address))]);
}

/**
 * Puts addresses of the other family between those of the first one's, each family in its own order.
 *
 * @example
 * ```ts
 * import { inTurn } from "./race.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(inTurn(["::1", "::2", "::3", "192.0.2.1"]), ["::1", "192.0.2.1", "::2", "::3"]);
 * ```
 */
export function inTurn(addresses: readonly string[]): string[] {
  const isFirst = (address: string) => isIPv6(address) === isIPv6(addresses[0]);
  const [first, other] = [addresses.filter(isFirst), addresses.filter((address) => !isFirst(address))];
  return first.flatMap((address, at) => [address, ...other.slice(at, at + 1)]).concat(other.slice(first.length));
}

/**
 * Connects to the first of `addresses` that answers: each is tried when the one before has failed, or has not answered
 * within 250 ms, and goes on beside the next ones.
 *
 * @param addresses At least one.
 * @param connect Connects to one of them; gives up when its signal aborts.
 * @param signal Gives up when it aborts.
 * @throws The rejection of `connect` that tells most; when `signal` aborts, its reason.
 */
export function race<Connection extends Racer>(
  addresses: readonly string[],
  connect: (address: string, signal: AbortSignal | undefined) => Promise<Connection>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Connection> {
  if (addresses.length === 1) return connect(addresses[0], signal);
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const failures: unknown[] = [];
    let next = 0;
    let timer: Timer | undefined;
    const end = (settle: () => void) => {
      timer?.cancel();
      signal?.removeEventListener("abort", giveUp);
      settle();
      over.abort();
    };
    const giveUp = () => end(() => reject(signal!.reason));
    const failed = (error: unknown) => {
      if (over.signal.aborted) return;
      failures.push(error);
      if (failures.length === addresses.length) return end(() => reject(mostTelling(failures)));
      if (next < addresses.length) start();
    };
    const connected = (connection: Connection) => {
      if (over.signal.aborted) connection.close();
      else end(() => resolve(connection));
    };
    const start = () => {
      timer?.cancel();
      connect(addresses[next++], over.signal).then(connected, failed);
      if (next < addresses.length) timer = clock.setTimer(start, ATTEMPT_DELAY_MS);
    };
    if (signal?.aborted) return reject(signal.reason);
    signal?.addEventListener("abort", giveUp, { once: true });
    start();
  });
}

/** Which of two failures tells more: that of a dead family is no way there, that of the other one is an answer. */
function mostTelling(failures: readonly unknown[]): unknown {
  return failures.find((error) => !NO_WAY.includes((error as { code?: string }).code ?? "")) ?? failures[0];
}

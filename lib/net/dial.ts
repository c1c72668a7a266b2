/**
 * Connecting to an address.
 *
 * @module
 */
import { type Address, type DialCandidate, dialCandidates, formatAddress } from "./address.ts";
import { systemClock } from "./clock.ts";
import { dialFrom } from "./dial_from.ts";
import { DenoDuplex } from "./deno_duplex.ts";
import type { Duplex } from "./duplex.ts";
import { reasonOf, TeleError } from "./error.ts";
import { hasNodeDuplex, NodeDuplex } from "./node_duplex.ts";
import type { Origin } from "./origin.ts";
import { shortageOf } from "./shortage.ts";
import { addressesOf, race } from "./race.ts";
import { hasUnixDuplex, UnixDuplex } from "./unix_duplex.ts";

/**
 * Connects to `address`; names are resolved anew each time, and of their addresses the first that answers is taken.
 * `:port` tries loopback in both families.
 *
 * @param signal Gives up when it aborts.
 * @param from Where it leaves from; not for unix sockets.
 * @throws {TeleError} `carrier-lost` with the operating system's reason, if nothing there takes the connection.
 *
 * @example
 * ```ts
 * import { dial } from "./dial.ts";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => dial({ kind: "unix", path: "/nowhere/at/all" }));
 * ```
 */
export async function dial(address: Address, signal?: AbortSignal, from?: Origin): Promise<Duplex> {
  let failure: unknown;
  for (const candidate of dialCandidates(address)) {
    try {
      return await dialOne(candidate, signal, from);
    } catch (error) {
      // What has run out here says nothing of who listens there.
      if (failure === undefined || shortageOf(error) !== undefined) failure = error;
      if (signal?.aborted) break;
    }
  }
  throw new TeleError("carrier-lost", `${formatAddress(address)}: ${explain(failure)}`, { cause: failure });
}

async function dialOne(candidate: DialCandidate, signal?: AbortSignal, from?: Origin): Promise<Duplex> {
  if (candidate.kind === "unix") {
    return await dialUnix(candidate.path);
  }
  const { host, port } = candidate;
  if (from !== undefined) return await dialFrom(from, candidate, signal);
  // `node:net` does not know zones (RFC 4007, 11): what goes there can be cut, but not reset.
  if (hasNodeDuplex() && !host.includes("%")) {
    const connect = (address: string, signal?: AbortSignal): Promise<Duplex> =>
      NodeDuplex.connect(address, port, signal, host).catch((error) => {
        // Deno 2.9.6 says so where it has no name for the failure, such as no local port left. `Deno.connect` tells.
        if (error.code === "EINVAL") return connectPlainly(address, port, signal);
        throw error;
      });
    return await race(await addressesOf(host), connect, systemClock, signal);
  }
  return await connectPlainly(host, port, signal);
}

/** What fails `Deno.connect` tells, which has words for more than a handle has. */
async function dialUnix(path: string): Promise<Duplex> {
  const duplex = hasUnixDuplex() ? await UnixDuplex.connect(path).catch(() => undefined) : undefined;
  return duplex ?? new DenoDuplex(await Deno.connect({ transport: "unix", path }));
}

async function connectPlainly(hostname: string, port: number, signal: AbortSignal | undefined): Promise<Duplex> {
  const options = { hostname, port, signal };
  try {
    return new DenoDuplex(await Deno.connect(options as Deno.ConnectOptions));
  } catch (error) {
    // As errors of `node:net` tell it.
    if (error instanceof Deno.errors.AddrNotAvailable) Object.assign(error, { address: hostname });
    throw error;
  }
}

/** Whether nobody listens there, whichever runtime module tells it. */
export function isRefused(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    (error as { code?: string } | undefined)?.code === "ECONNREFUSED";
}

/** The few failures that everyone meets, in one wording whichever runtime module met them. */
function explain(error: unknown): string {
  const code = (error as { code?: string } | undefined)?.code;
  if (isRefused(error)) return "connection refused";
  if (error instanceof Deno.errors.TimedOut || code === "ETIMEDOUT") return "connection timed out";
  if (code === "EHOSTUNREACH") return "no route to host";
  if (code === "ENETUNREACH") return "network unreachable";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || /failed to lookup address/.test(reasonOf(error))) {
    return "the name cannot be resolved";
  }
  const shortage = shortageOf(error);
  if (shortage === "descriptors") return "this process has too many files open";
  if (shortage === "ports") return "this machine has no local port left for one more connection to there";
  if (shortage === "backlog") return "more connections wait there to be accepted than it has room for";
  return reasonOf(error);
}

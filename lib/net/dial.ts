/**
 * Connecting to an address.
 *
 * @module
 */
import { type Address, type DialCandidate, dialCandidates, formatAddress } from "./address.ts";
import { type Clock, sleep } from "./clock.ts";
import { DenoDuplex } from "./deno_duplex.ts";
import { hasSpareDescriptors, isOutOfDescriptors } from "./descriptors.ts";
import type { Duplex } from "./duplex.ts";
import { reasonOf, TeleError } from "./error.ts";
import { hasNodeDuplex, NodeDuplex } from "./node_duplex.ts";

/** Whose connection it is: a user's can be reset, a carrier is as fast as the runtime allows. */
export type ConnectionUse = "user" | "carrier";

/**
 * Connects to `address`; names are resolved anew each time, `:port` tries loopback in both families.
 *
 * @param signal Gives up when it aborts.
 * @throws {TeleError} `carrier-lost` with the operating system's reason, if nothing there takes the connection.
 *
 * @example
 * ```ts
 * import { dial } from "./dial.ts";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => dial({ kind: "unix", path: "/nowhere/at/all" }, "user"));
 * ```
 */
export async function dial(address: Address, use: ConnectionUse, signal?: AbortSignal): Promise<Duplex> {
  let failure: unknown;
  for (const candidate of dialCandidates(address)) {
    try {
      return await dialOne(candidate, use, signal);
    } catch (error) {
      failure ??= error;
      if (signal?.aborted) break;
    }
  }
  throw new TeleError("carrier-lost", `${formatAddress(address)}: ${explain(failure)}`, { cause: failure });
}

/** Between two looks for a free file descriptor, in milliseconds. */
const DESCRIPTOR_PAUSE_MS = 100;

/**
 * Connects to a user's server as {@linkcode dial} does, but waits while this process has no file descriptors left: the
 * user sees a slow connection instead of an error.
 *
 * @param onShortage Called once if it has to wait.
 * @throws As {@linkcode dial}; when `signal` aborts, with its reason.
 */
export async function dialPatiently(
  address: Address,
  signal: AbortSignal,
  clock: Clock,
  onShortage: () => void,
): Promise<Duplex> {
  for (let waits = false;;) {
    signal.throwIfAborted();
    try {
      if (!waits || hasSpareDescriptors()) return await dial(address, "user", signal);
    } catch (error) {
      if (!isOutOfDescriptors((error as Error).cause)) throw error;
      if (!waits) onShortage();
      waits = true;
    }
    await sleep(clock, DESCRIPTOR_PAUSE_MS, signal);
  }
}

async function dialOne(candidate: DialCandidate, use: ConnectionUse, signal?: AbortSignal): Promise<Duplex> {
  if (candidate.kind === "unix") {
    return new DenoDuplex(await Deno.connect({ transport: "unix", path: candidate.path }));
  }
  const { host, port } = candidate;
  if (use === "user" && hasNodeDuplex()) return await NodeDuplex.connect(host, port, signal);
  const options = { hostname: host, port, signal };
  return new DenoDuplex(await Deno.connect(options as Deno.ConnectOptions));
}

/** The few failures that everyone meets, in one wording whichever runtime module met them. */
function explain(error: unknown): string {
  const code = (error as { code?: string } | undefined)?.code;
  if (error instanceof Deno.errors.ConnectionRefused || code === "ECONNREFUSED") return "connection refused";
  if (error instanceof Deno.errors.TimedOut || code === "ETIMEDOUT") return "connection timed out";
  if (code === "EHOSTUNREACH") return "no route to host";
  if (code === "ENETUNREACH") return "network unreachable";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || /failed to lookup address/.test(reasonOf(error))) {
    return "the name cannot be resolved";
  }
  if (isOutOfDescriptors(error)) return "this process has too many files open";
  return reasonOf(error);
}

/**
 * Ways: how a client's carriers reach the tele server, as its `--out` says.
 *
 * @module
 */
import { type Address, dialCandidates, formatAddress, parseDialAddress } from "./address.ts";
import type { ProxyTarget } from "./proxy/negotiation.ts";
import { formatProxy, type Proxy } from "./proxy/proxy.ts";

/** By a proxy, which resolves the name. */
export interface ProxyWay {
  /** Tells it from other ways. */
  readonly kind: "proxy";
  /** Who leads on. */
  readonly proxy: Proxy;
  /** Where to. */
  readonly to: ProxyTarget;
}

/** How a carrier is dialed, told apart by `kind`. TLS is laid over any of them. */
export type Way = Address | ProxyWay;

/** The names that stand for this machine, of which the certificate of a server here has one. */
const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"] as const;

/**
 * Reads a way.
 *
 * @param port What a sentence names as an example of a port.
 * @throws {TeleError} `bad-input`, with a sentence that tells what to write instead.
 *
 * @example
 * ```ts
 * import { parseWay } from "./way.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseWay("example.com:40300"), { kind: "tcp", host: "example.com", port: 40300 });
 * assertEquals(parseWay("unix:/run/tele.sock"), { kind: "unix", path: "/run/tele.sock" });
 * ```
 */
export function parseWay(text: string, port?: number): Way {
  return parseDialAddress(text, port);
}

/**
 * Names a way in logs and sentences, without its secrets. A client's identity has that name too, so what is shown of
 * one way stays the same from release to release.
 *
 * @example
 * ```ts
 * import { formatWay, parseWay } from "./way.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatWay(parseWay("example.com:40300")), "example.com:40300");
 * ```
 */
export function formatWay(way: Way): string {
  if (way.kind !== "proxy") return formatAddress(way);
  return `${formatAddress({ kind: "tcp", ...way.to })} by ${formatProxy(way.proxy)}`;
}

/**
 * What a proxy would be asked for; `undefined` if a way leads to where no proxy does.
 *
 * @example
 * ```ts
 * import { parseWay, proxyTarget } from "./way.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(proxyTarget(parseWay("example.com:40300")), { host: "example.com", port: 40300 });
 * assertEquals(proxyTarget(parseWay("unix:/run/tele.sock")), undefined);
 * ```
 */
export function proxyTarget(way: Way): ProxyTarget | undefined {
  // A zone (RFC 4007, 11) means something on this machine alone.
  if (way.kind !== "tcp" || way.host === undefined || way.host.includes("%")) return undefined;
  return { host: way.host, port: way.port };
}

/** The same way, by a proxy; a way that {@linkcode proxyTarget} has nothing of stays as it is. */
export function byProxy(way: Way, proxy: Proxy): Way {
  const to = proxyTarget(way);
  return to === undefined ? way : { kind: "proxy", proxy, to };
}

/**
 * The ways to try, in order, when `way` is dialed: where it leaves something open, each choice.
 *
 * @example
 * ```ts
 * import { formatWay, parseWay, wayCandidates } from "./way.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(wayCandidates(parseWay(":40300")).map(formatWay), ["127.0.0.1:40300", "[::1]:40300"]);
 * ```
 */
export function wayCandidates(way: Way): Way[] {
  return way.kind === "proxy" ? [way] : dialCandidates(way);
}

/**
 * The names of which the server's certificate must have one, unless its user gives another; an error is about the
 * first.
 *
 * @example
 * ```ts
 * import { certifiedNames, parseWay } from "./way.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(certifiedNames(parseWay("example.com:40300")), ["example.com"]);
 * ```
 */
export function certifiedNames(way: Way): readonly [string, ...string[]] {
  if (way.kind === "proxy") return [way.to.host];
  if (way.kind === "unix" || way.host === undefined) return LOOPBACK_NAMES;
  // A zone (RFC 4007, 11) means something on this machine alone: no certificate has one.
  return [way.host.replace(/%.*$/, "")];
}

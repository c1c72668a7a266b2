/**
 * Ways: how a client's carriers reach the tele server, as its `--out` says.
 *
 * @module
 */
import { type Address, dialCandidates, formatAddress, parseDialAddress, type TcpAddress } from "./address.ts";
import { splitWords } from "./command/words.ts";
import { badInput } from "./error.ts";
import { formatOrigin, type Origin } from "./origin.ts";
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

/** By a command, whose standard input and output lead there. */
export interface CommandWay {
  /** Tells it from other ways. */
  readonly kind: "command";
  /** The command as it was written. */
  readonly text: string;
  /** The same as a program and its arguments. */
  readonly words: readonly [string, ...string[]];
}

/** A WebSocket: what is dialed is the web server, which may be a tele server itself or stand in front of one. */
export interface WebSocketWay {
  /** Tells it from other ways. */
  readonly kind: "websocket";
  /** Whether it is `wss://`: TLS comes first. */
  readonly isSecure: boolean;
  /** Where the web server listens. */
  readonly address: TcpAddress & { readonly host: string };
  /** Path and query, from the slash on. */
  readonly target: string;
}

/** By one of the others, from an address of this machine that was chosen. */
export interface OriginWay {
  /** Tells it from other ways. */
  readonly kind: "origin";
  /** Where it leaves from. */
  readonly from: Origin;
  /** The other. */
  readonly way: Exclude<Way, OriginWay>;
}

/** How a carrier is dialed, told apart by `kind`. TLS is laid over any of them; a WebSocket's upgrade comes behind it. */
export type Way = Address | ProxyWay | CommandWay | WebSocketWay | OriginWay;

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
 * assertEquals(parseWay("wss://example.com/tele"), {
 *   kind: "websocket",
 *   isSecure: true,
 *   address: { kind: "tcp", host: "example.com", port: 443 },
 *   target: "/tele",
 * });
 * assertEquals(parseWay("exec:ssh -W localhost:40300 example.com"), {
 *   kind: "command",
 *   text: "ssh -W localhost:40300 example.com",
 *   words: ["ssh", "-W", "localhost:40300", "example.com"],
 * });
 * ```
 */
export function parseWay(text: string, port?: number): Way {
  const [, command] = /^exec:(.*)$/is.exec(text) ?? [];
  if (command !== undefined) return parseCommand(command.trim());
  const [, scheme, rest] = /^(wss?|https?):\/\/(.*)$/is.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) return parseDialAddress(text, port);
  if (/^http/i.test(scheme)) {
    throw badInput(`${JSON.stringify(text)} is a page: for a WebSocket write ${text.replace(/^http/i, "ws")}`);
  }
  return parseWebSocket(text, scheme.toLowerCase() === "wss", rest);
}

function parseCommand(text: string): CommandWay {
  const [program, ...args] = splitWords(text);
  if (program === undefined || program === "") {
    throw badInput("exec: has no command: write for example 'exec:ssh -W localhost:40300 example.com', in quotes");
  }
  return { kind: "command", text, words: [program, ...args] };
}

function parseWebSocket(text: string, isSecure: boolean, rest: string): WebSocketWay {
  const [, authority = "", behind = ""] = /^([^/?#]*)(.*)$/s.exec(rest) ?? [];
  // A password here would be seen by everyone who can list processes, and what it opens is not tele's.
  if (authority.includes("@")) throw badInput("a URL of --out names no user: tokens and certificates show who it is");
  const hasPort = /:[^\]]*$/.test(authority);
  // The name before a colon stands for a unix socket elsewhere.
  const hasHost = !/^(unix)?(:|$)/i.test(authority);
  const address = hasHost ? parseDialAddress(hasPort ? authority : `${authority}:${usualPort(isSecure)}`) : undefined;
  if (address?.kind !== "tcp" || address.host === undefined) {
    throw badInput(`${JSON.stringify(text)} has no host: write for example wss://example.com/tele`);
  }
  const url = URL.parse(`http://host${behind}`);
  if (url === null || url.hash !== "") {
    throw badInput(`${JSON.stringify(text)} has no good path: write for example wss://example.com/tele`);
  }
  return {
    kind: "websocket",
    isSecure,
    address: { ...address, host: address.host },
    target: url.pathname + url.search,
  };
}

function usualPort(isSecure: boolean): number {
  return isSecure ? 443 : 80;
}

/**
 * What a web server tells its sites apart by (RFC 9110, 7.2): the host, and the port unless it is the usual one.
 *
 * @example
 * ```ts
 * import { hostField } from "./way.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const address = { kind: "tcp", host: "example.com", port: 443 } as const;
 * assertEquals(hostField({ kind: "websocket", isSecure: true, address, target: "/" }), "example.com");
 * ```
 */
export function hostField({ isSecure, address }: WebSocketWay): string {
  return placeOf(isSecure, { ...address, host: withoutZone(address.host) });
}

/** The address as it stands in a URL. */
function placeOf(isSecure: boolean, address: TcpAddress): string {
  const text = formatAddress(address);
  return address.port === usualPort(isSecure) ? text.replace(/:\d+$/, "") : text;
}

/** A zone (RFC 4007, 11) means something on this machine alone: no certificate has one, and no web server. */
function withoutZone(host: string): string {
  return host.replace(/%.*$/, "");
}

/** What is dialed, where that is an address of this machine's network; `undefined` where somebody else leads on. */
export function addressOf(way: Way): Address | undefined {
  if (way.kind === "proxy" || way.kind === "command") return undefined;
  if (way.kind === "origin") return addressOf(way.way);
  return way.kind === "websocket" ? way.address : way;
}

/**
 * Names a way in logs and sentences, without its secrets; a command has none, since every user of this machine can see
 * it. A client's identity has that name too, so what is shown of one way stays the same from release to release.
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
  if (way.kind === "origin") return `${formatWay(way.way)} from ${formatOrigin(way.from)}`;
  if (way.kind === "command") return `exec:${way.text}`;
  if (way.kind === "proxy") return `${formatAddress({ kind: "tcp", ...way.to })} by ${formatProxy(way.proxy)}`;
  if (way.kind !== "websocket") return formatAddress(way);
  // A query may be a secret, such as the key to a gate in front.
  return `${way.isSecure ? "wss" : "ws"}://${placeOf(way.isSecure, way.address)}${way.target.replace(/\?.*$/, "?…")}`;
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
  const address = addressOf(way);
  // A zone (RFC 4007, 11) means something on this machine alone.
  if (address?.kind !== "tcp" || address.host === undefined || address.host.includes("%")) return undefined;
  return { host: address.host, port: address.port };
}

/** The same way, by a proxy; a way that {@linkcode proxyTarget} has nothing of stays as it is. */
export function byProxy(way: Way, proxy: Proxy): Way {
  const to = proxyTarget(way);
  return to === undefined ? way : { kind: "proxy", proxy, to };
}

/** The same way, from `from`; one that says so by itself stays as it is. */
export function fromOrigin(way: Way, from: Origin): Way {
  return way.kind === "origin" ? way : { kind: "origin", from, way };
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
  if (way.kind === "origin") return wayCandidates(way.way).map((each) => fromOrigin(each, way.from));
  return way.kind === "tcp" || way.kind === "unix" ? dialCandidates(way) : [way];
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
  if (way.kind === "origin") return certifiedNames(way.way);
  if (way.kind === "proxy") return [way.to.host];
  const address = addressOf(way);
  if (address === undefined || address.kind === "unix" || address.host === undefined) return LOOPBACK_NAMES;
  return [withoutZone(address.host)];
}

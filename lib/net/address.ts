/**
 * Addresses as a user writes them: `host:port`, `:port`, `[v6]:port` and `unix:/path`.
 *
 * @module
 */

import { badInput } from "./error.ts";
import { isAnyAddress, isIPv4, isIPv6, isLoopback } from "./ip_address.ts";

/** A TCP address. Without a host it means what its user makes of it: loopback to dial, an interface to listen on. */
export interface TcpAddress {
  /** Tells it from a {@linkcode UnixAddress}. */
  readonly kind: "tcp";
  /** A name or an IP address, IPv6 without its brackets. Missing for `:port`. */
  readonly host: string | undefined;
  /** 0 to 65535; 0 asks for a free port and can only be listened on. */
  readonly port: number;
}

/** The address of a unix socket. */
export interface UnixAddress {
  /** Tells it from a {@linkcode TcpAddress}. */
  readonly kind: "unix";
  /** Absolute path of the socket. */
  readonly path: string;
}

/** Where to listen or what to dial. */
export type Address = TcpAddress | UnixAddress;

/** One place to dial, with nothing left open. */
export type DialCandidate = UnixAddress | (TcpAddress & { readonly host: string });

/** Longest path of a unix socket in bytes: `sun_path` of unix(7) less its closing zero. */
const MAX_UNIX_PATH_BYTES = 107;

/** Longest host name in characters (RFC 1035, 2.3.4, less the dots of the wire form). */
const MAX_HOST_CHARACTERS = 253;

/** The port in examples, unless told another. */
const EXAMPLE_PORT = 22;

/**
 * Reads an address to listen on.
 *
 * @param port What a sentence names as an example of a port.
 * @throws TeleError `bad-input`, with a sentence that tells what to write instead.
 *
 * @example
 * ```ts
 * import { parseAddress } from "./address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseAddress("localhost:22"), { kind: "tcp", host: "localhost", port: 22 });
 * assertEquals(parseAddress(":0"), { kind: "tcp", host: undefined, port: 0 });
 * assertEquals(parseAddress("[::1]:22"), { kind: "tcp", host: "::1", port: 22 });
 * assertEquals(parseAddress("unix:/run/tele.sock"), { kind: "unix", path: "/run/tele.sock" });
 * ```
 */
export function parseAddress(text: string, port = EXAMPLE_PORT): Address {
  if (text === "") {
    throw badInput(`an address is host:port, :port, [v6]:port or unix:/path, for example localhost:${port}`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text);
  if (scheme && scheme[1]?.toLowerCase() !== "unix") {
    throw badInput(`${quote(text)} is a URL: write only host and port, for example localhost:${port}`);
  }
  if (/^unix:/i.test(text)) return { kind: "unix", path: parseUnixPath(text.slice("unix:".length)) };
  if (text.startsWith("/")) throw badInput(`${quote(text)} looks like a path: write it as ${quote(`unix:${text}`)}`);
  if (text.startsWith("[")) return parseBracketed(text, port);
  return parseHostAndPort(text, port);
}

/**
 * Reads an address to dial: like {@linkcode parseAddress}, but port 0 is refused, since nothing can listen there.
 *
 * @param port What a sentence names as an example of a port.
 * @throws TeleError `bad-input`, with a sentence that tells what to write instead.
 *
 * @example
 * ```ts
 * import { parseDialAddress } from "./address.ts";
 * import { assertThrows } from "@std/assert";
 *
 * parseDialAddress("example.com:22");
 * assertThrows(() => parseDialAddress("example.com:0"), Error, "port 0");
 * ```
 */
export function parseDialAddress(text: string, port = EXAMPLE_PORT): Address {
  const address = parseAddress(text, port);
  if (address.kind === "tcp" && address.port === 0) {
    throw badInput(`${quote(text)} has port 0, to which nothing can connect: write a port from 1 to 65535`);
  }
  return address;
}

/**
 * Writes an address so that {@linkcode parseAddress} reads the same one.
 *
 * @example
 * ```ts
 * import { formatAddress } from "./address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatAddress({ kind: "tcp", host: "::1", port: 22 }), "[::1]:22");
 * assertEquals(formatAddress({ kind: "tcp", host: undefined, port: 22 }), ":22");
 * ```
 */
export function formatAddress(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const host = address.host ?? "";
  return host.includes(":") ? `[${host}]:${address.port}` : `${host}:${address.port}`;
}

/**
 * The places to try, in order, when `address` is dialed.
 *
 * `:port` is loopback in both families, IPv4 first: most user's servers that bind one family bind that one, and a wrong
 * guess costs nothing, because loopback refuses at once. A name stays one candidate; its addresses are resolved at each
 * attempt by who dials.
 *
 * @example
 * ```ts
 * import { dialCandidates, formatAddress, parseAddress } from "./address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(dialCandidates(parseAddress(":22")).map(formatAddress), ["127.0.0.1:22", "[::1]:22"]);
 * assertEquals(dialCandidates(parseAddress("example.com:22")).map(formatAddress), ["example.com:22"]);
 * ```
 */
export function dialCandidates(address: Address): DialCandidate[] {
  if (address.kind === "unix") return [address];
  const { kind, host, port } = address;
  const hosts = host === undefined ? ["127.0.0.1", "::1"] : [host];
  return hosts.map((host) => ({ kind, host, port }));
}

/**
 * The host of a peer's address as logs tell it: a client comes from another port each time.
 *
 * @example
 * ```ts
 * import { hostOfPeer } from "./address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hostOfPeer("192.0.2.7:50123"), "192.0.2.7");
 * assertEquals(hostOfPeer("[2001:db8::1]:50123"), "[2001:db8::1]");
 * ```
 */
export function hostOfPeer(peer: string): string {
  return peer.replace(/:\d+$/, "");
}

/**
 * Whether who dials `to` reaches who listens on `at`, as far as the addresses tell; both without a host stand for
 * loopback at the least.
 *
 * @param isOwnHost Whether the host of `to` is known to be this machine.
 *
 * @example
 * ```ts
 * import { parseAddress, reaches } from "./address.ts";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(reaches(parseAddress(":22"), parseAddress("0.0.0.0:22")));
 * assertFalse(reaches(parseAddress("example.com:22"), parseAddress(":22")));
 * assertFalse(reaches(parseAddress("127.0.0.1:22"), parseAddress("192.0.2.1:22")));
 * ```
 */
export function reaches(to: Address, at: Address, isOwnHost = false): boolean {
  if (to.kind === "unix" || at.kind === "unix") {
    return to.kind === "unix" && at.kind === "unix" && to.path === at.path;
  }
  if (to.port !== at.port || at.port === 0) return false;
  const isHere = to.host === undefined || isLoopback(to.host);
  if (at.host === undefined) return isHere;
  if (isAnyAddress(at.host)) return isHere || isOwnHost;
  if (to.host !== undefined && to.host.toLowerCase() !== "localhost") return to.host === at.host;
  return ["127.0.0.1", "::1", "localhost"].includes(at.host);
}

function parseUnixPath(path: string): string {
  if (path === "") throw badInput("unix: has no path: write for example unix:/run/tele.sock");
  if (!path.startsWith("/")) {
    throw badInput(`${quote(`unix:${path}`)} needs the whole path: write for example unix:/run/tele.sock`);
  }
  if (path.includes("\0")) throw badInput("a unix path cannot hold a zero byte: write for example unix:/run/tele.sock");
  if (new TextEncoder().encode(path).byteLength > MAX_UNIX_PATH_BYTES) {
    throw badInput(`${quote(`unix:${path}`)} is too long: use a path of at most ${MAX_UNIX_PATH_BYTES} bytes`);
  }
  return path;
}

function parseBracketed(text: string, port: number): TcpAddress {
  const end = text.indexOf("]");
  if (end === -1) throw badInput(`${quote(text)} has no closing bracket: write for example [::1]:${port}`);
  const host = text.slice(1, end);
  const rest = text.slice(end + 1);
  if (!isIPv6(host)) {
    throw badInput(
      `${quote(host)} is not an IPv6 address, and square brackets are for these: write for example [::1]:${port}`,
    );
  }
  if (!rest.startsWith(":")) throw badInput(`${quote(text)} has no port: add one, for example [${host}]:${port}`);
  return { kind: "tcp", host, port: parsePort(rest.slice(1), text, port) };
}

function parseHostAndPort(text: string, examplePort: number): TcpAddress {
  const colon = text.lastIndexOf(":");
  if (colon === -1) {
    if (/^\d+$/.test(text)) throw badInput(`${quote(text)} is only a number: write a port as :${text}`);
    throw badInput(
      `${quote(text)} has no port: add one, for example ${isHost(text) ? text : "localhost"}:${examplePort}`,
    );
  }
  const host = text.slice(0, colon);
  if (host.includes(":")) throw badInput(explainColons(text, host, text.slice(colon + 1), examplePort));
  const port = parsePort(text.slice(colon + 1), text, examplePort);
  if (host === "") return { kind: "tcp", host: undefined, port };
  const name = isHost(host) ? asciiName(host) : undefined;
  if (name === undefined) throw badInput(explainHost(host, port));
  return { kind: "tcp", host: name, port };
}

/** A name with letters beyond ASCII as resolvers know it (RFC 5890); `undefined` if no such name can exist. */
function asciiName(host: string): string | undefined {
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(host)) return host;
  const name = URL.parse(`http://${host}`)?.hostname;
  return name !== undefined && isHost(name) ? name : undefined;
}

function parsePort(port: string, text: string, example: number): number {
  if (port === "") {
    throw badInput(`${quote(text)} ends without a port: add one, for example ${quote(`${text}${example}`)}`);
  }
  if (!/^\d+$/.test(port)) {
    throw badInput(`${quote(port)} is not a port: write a number from 1 to 65535, for example :${example}`);
  }
  const number = Number(port);
  if (number > 65535) throw badInput(`port ${port} does not exist: write a number from 1 to 65535`);
  return number;
}

function explainColons(text: string, host: string, port: string, example: number): string {
  // "::1:22" can be read in two ways; the one with a port is what was meant, since an address always has one.
  if (isIPv6(host)) return `an IPv6 address needs square brackets: write [${host}]:${port}`;
  if (isIPv6(text)) return `an IPv6 address needs square brackets and a port: write for example [${text}]:${example}`;
  return `${quote(text)} has more than one colon: write host:port, for example localhost:${example}`;
}

function explainHost(host: string, port: number): string {
  if (host === "*") return `"*" is not a host: for every interface write 0.0.0.0:${port} or [::]:${port}`;
  if (host.includes("@")) return `${quote(host)} names a user: write only the host, for example example.com:${port}`;
  if (/^[\d.]+$/.test(host)) return `${quote(host)} is not an IPv4 address: write for example 127.0.0.1:${port}`;
  return `${quote(host)} is not a host name: write for example example.com:${port}`;
}

function isHost(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return isIPv4(host);
  return host.length <= MAX_HOST_CHARACTERS && /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}._-]*$/u.test(host) &&
    !host.includes("..");
}

function quote(text: string): string {
  return JSON.stringify(text);
}

/**
 * Patterns of hosts and ports: which destinations are allowed.
 *
 * @module
 */
import { badInput } from "./error.ts";
import { ipBytes, isIPv4, unmapped } from "./ip_address.ts";

/** A network, by its first address and the bits of it that count (RFC 4632, RFC 4291). */
export interface Network {
  /** Its first address, of 4 or 16 bytes. */
  readonly bytes: Uint8Array;
  /** So many bits from the left are the same in all its addresses. */
  readonly bits: number;
}

/** Which hosts a pattern is for: any, a name, names below one, or addresses. */
export type Hosts =
  | { readonly kind: "any" }
  | { readonly kind: "name" | "below"; readonly name: string }
  | { readonly kind: "network"; readonly network: Network };

/** A pattern of destinations. */
export interface HostPattern {
  /** As it was written. */
  readonly text: string;
  /** The hosts. */
  readonly hosts: Hosts;
  /** The lowest port. */
  readonly first: number;
  /** The highest port. */
  readonly last: number;
}

/** What a pattern looks like, for the end of a sentence. */
export const HOST_PATTERN_FORM: string =
  "HOST:PORT, where HOST is a name, *.example.com, *, an address, 10.0.0.0/8 or [2001:db8::/32], and PORT a number, " +
  "8000-8999 or *";

/**
 * Reads a pattern.
 *
 * @throws {TeleError} `bad-input` with what is wrong with it.
 *
 * @example
 * ```ts
 * import { matchesAddress, matchesName, parseHostPattern } from "./host_pattern.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const below = parseHostPattern("*.example.com:443");
 * assertEquals(matchesName(below, "www.example.com", 443), true);
 * assertEquals(matchesAddress(parseHostPattern("10.0.0.0/8:*"), "10.1.2.3", 22), true);
 * ```
 */
export function parseHostPattern(text: string): HostPattern {
  const colon = text.lastIndexOf(":");
  if (colon === -1) throw badInput(`${quote(text)} has no port: add one, or :* for all`);
  const [first, last] = readPorts(text.slice(colon + 1));
  return { text, hosts: readHosts(text.slice(0, colon)), first, last };
}

function readPorts(text: string): readonly [number, number] {
  if (text === "*") return [1, 65_535];
  const [, low, high = low] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [first, last] = [Number(low), Number(high)];
  if (low === undefined || first < 1 || last > 65_535 || first > last) {
    throw badInput(`${quote(text)} is no port: write a number from 1 to 65535, two as in 8000-8999, or * for all`);
  }
  return [first, last];
}

function readHosts(text: string): Hosts {
  if (text === "*") return { kind: "any" };
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  const [host = "", bits, ...more] = (bracketed ?? text).split("/");
  const bytes = ipBytes(host);
  if (bytes !== undefined && (bracketed !== undefined) === !isIPv4(host) && more.length === 0) {
    refuseIdle(host, bytes, text);
    return { kind: "network", network: { bytes, bits: readBits(bits, bytes, text) } };
  }
  if (host.includes(":")) {
    throw badInput(`${quote(text)} is no IPv6 address in square brackets, such as [2001:db8::/32]`);
  }
  const name = plainName(text.startsWith("*.") ? text.slice(2) : text);
  if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(name) || /^[\d.]+$/.test(name)) {
    throw badInput(`${quote(text)} is no host: write a name, *.example.com, *, or an address, perhaps with /BITS`);
  }
  return { kind: text.startsWith("*.") ? "below" : "name", name };
}

/** IPv6 beginning so is IPv4, as which such addresses are compared; a zone is that of one machine. */
const MAPPED: Network = { bytes: ipBytes("::ffff:0.0.0.0")!, bits: 96 };

/** What would be for no address at all, or for more than it says. */
function refuseIdle(host: string, bytes: Uint8Array, text: string): void {
  if (isWithin(bytes, MAPPED)) {
    throw badInput(`${quote(text)} is IPv4 mapped into IPv6: write the IPv4 address or network, such as 10.0.0.0/8`);
  }
  if (host.includes("%")) throw badInput(`${quote(text)} has a zone, which no destination has: leave % out`);
}

/** Bits beyond those that count would only look as if they did. */
function readBits(text: string | undefined, bytes: Uint8Array, whole: string): number {
  const most = bytes.length * 8;
  const bits = text === undefined ? most : /^\d{1,3}$/.test(text) ? Number(text) : Infinity;
  if (bits > most) throw badInput(`${quote(whole)} is no network: behind / stand 0 to ${most} bits`);
  const isClean = bytes.every((byte, at) => (byte & (0xff >> Math.min(8, Math.max(0, bits - at * 8)))) === 0);
  if (!isClean) throw badInput(`${quote(whole)} is no network: there are ones behind its first ${bits} bits`);
  return bits;
}

/** Whether a destination's name is one of those that the pattern is for; no name is one of a network. */
export function matchesName({ hosts, first, last }: HostPattern, host: string, port: number): boolean {
  if (port < first || port > last) return false;
  if (hosts.kind === "any") return true;
  if (hosts.kind === "network") return false;
  const name = plainName(host);
  return hosts.kind === "name" ? name === hosts.name : name.endsWith(`.${hosts.name}`);
}

/** Whether an address is one of those that the pattern names as addresses. */
export function matchesAddress({ hosts, first, last }: HostPattern, address: string, port: number): boolean {
  if (hosts.kind !== "network" || port < first || port > last) return false;
  const bytes = ipBytes(unmapped(address));
  return bytes !== undefined && isWithin(bytes, hosts.network);
}

function isWithin(bytes: Uint8Array, network: Network): boolean {
  if (bytes.length !== network.bytes.length) return false;
  return bytes.every((byte, at) => {
    const bits = Math.min(8, Math.max(0, network.bits - at * 8));
    return (byte ^ network.bytes[at]!) >> (8 - bits) === 0;
  });
}

const SPECIAL: readonly Network[] = ([
  // This host, loopback, link-local: RFC 6890. In IPv6 unspecified, loopback, link-local: RFC 4291.
  ...[["0.0.0.0", 8], ["127.0.0.0", 8], ["169.254.0.0", 16], ["::", 128], ["::1", 128], ["fe80::", 10]] as const,
  // Where clouds tell each machine of itself, its keys included, at an address that is not link-local: Alibaba, Azure,
  // Oracle; Amazon, Google and Scaleway in IPv6.
  ...[["100.100.100.200", 32], ["168.63.129.16", 32], ["192.0.0.192", 32]] as const,
  ...[["fd00:ec2::", 32], ["fd20:ce::254", 128], ["fd00:42::42", 128]] as const,
] as const).map(([address, bits]) => ({ bytes: ipBytes(address)!, bits }));

/**
 * Whether an address means something else on each machine: unspecified, loopback, link-local, or
 * one at which a cloud answers each machine. What listens there was often meant for its own machine alone, or tells
 * secrets of it to whoever asks.
 *
 * @example
 * ```ts
 * import { isOwnAddress } from "./host_pattern.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["127.0.0.1", "169.254.169.254", "10.0.0.1"].map(isOwnAddress), [true, true, false]);
 * ```
 */
export function isOwnAddress(address: string): boolean {
  const bytes = ipBytes(unmapped(address));
  return bytes !== undefined && SPECIAL.some((network) => isWithin(bytes, network));
}

/** A name as names are compared (RFC 4343), without the dot of the root. */
function plainName(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

function quote(text: string): string {
  return JSON.stringify(text);
}

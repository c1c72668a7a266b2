/**
 * IP addresses as text.
 *
 * @module
 */

/**
 * Whether only this machine can reach `host`: `localhost` and names below it (RFC 6761, 6.3), 127.0.0.0/8 and `::1` in
 * any spelling.
 *
 * @example
 * ```ts
 * import { isLoopback } from "./ip_address.ts";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isLoopback("127.0.0.1"));
 * assert(isLoopback("0:0:0:0:0:0:0:1"));
 * assertFalse(isLoopback("0.0.0.0"));
 * ```
 */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  const plain = unmapped(name);
  return isIPv4(plain) ? plain.startsWith("127.") : canonicalIPv6(plain) === "::1";
}

/**
 * Whether `host` stands for every address of a machine: something listens there, and nobody can dial it elsewhere.
 *
 * @example
 * ```ts
 * import { isAnyAddress } from "./ip_address.ts";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isAnyAddress("0.0.0.0"));
 * assert(isAnyAddress("0:0:0:0:0:0:0:0"));
 * assertFalse(isAnyAddress("127.0.0.1"));
 * ```
 */
export function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || canonicalIPv6(host) === "::";
}

/**
 * An IP address in the one form in which addresses are compared and shown: an IPv4 address that a socket of both
 * families tells as mapped into IPv6 (RFC 4291, 2.5.5.2) is that IPv4 address. Whatever else `host` is stays as it is.
 *
 * @example
 * ```ts
 * import { unmapped } from "./ip_address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unmapped("::ffff:10.0.0.1"), "10.0.0.1");
 * assertEquals(unmapped("::FFFF:0a00:0001"), "10.0.0.1");
 * assertEquals(unmapped("2001:db8::1"), "2001:db8::1");
 * ```
 */
export function unmapped(host: string): string {
  if (!host.includes(":")) return host;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonicalIPv6(host) ?? "") ?? [];
  if (high === undefined || low === undefined) return host;
  const [upper, lower] = [parseInt(high, 16), parseInt(low, 16)];
  return [upper >> 8, upper & 0xff, lower >> 8, lower & 0xff].join(".");
}

/** Whether `host` is an IPv4 address of four numbers. */
export function isIPv4(host: string): boolean {
  const parts = host.split(".");
  // No leading zeros: some resolvers read 010 as eight.
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** Whether `host` is an IPv6 address, with or without a zone. */
export function isIPv6(host: string): boolean {
  return canonicalIPv6(host) !== undefined;
}

/** The shortest spelling of an IPv6 address without its zone (RFC 4007, 11), or `undefined` if it is none. */
export function canonicalIPv6(host: string): string | undefined {
  const parts = /^([0-9a-f:.]+)(%[\w.-]+)?$/i.exec(host);
  if (!parts?.[1]?.includes(":")) return undefined;
  // The URL standard has the full grammar, with the embedded IPv4 forms; its parser is always at hand.
  return URL.parse(`http://[${parts[1]}]`)?.hostname.slice(1, -1);
}

/**
 * The bytes of an IP address, 4 or 16, without its zone; `undefined` if it is none.
 *
 * @example
 * ```ts
 * import { ipBytes } from "./ip_address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ipBytes("192.0.2.1"), new Uint8Array([192, 0, 2, 1]));
 * assertEquals(ipBytes("::1")?.at(-1), 1);
 * assertEquals(ipBytes("example.com"), undefined);
 * ```
 */
export function ipBytes(host: string): Uint8Array | undefined {
  if (isIPv4(host)) return Uint8Array.from(host.split("."), Number);
  const [front, back = ""] = canonicalIPv6(host)?.split("::") ?? [];
  if (front === undefined) return undefined;
  const [first, last] = [front, back].map((groups) => groups === "" ? [] : groups.split(":"));
  const zeros = Array<string>(8 - first.length - last.length).fill("0");
  return Uint8Array.from(
    [...first, ...zeros, ...last].map((group) => parseInt(group, 16)).flatMap((group) => [group >> 8, group & 0xff]),
  );
}

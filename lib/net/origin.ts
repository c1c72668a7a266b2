/**
 * Origins: which address of this machine a connection leaves from, as a client's `--from` says.
 *
 * @module
 */
import { badInput, TeleError } from "./error.ts";
import { hasNodeDuplex } from "./node_duplex.ts";
import { isIPv4, isIPv6 } from "./ip_address.ts";

/** Longest name of an interface that any system has, in characters. */
const MOST_NAME_CHARACTERS = 256;

/** An address of this machine. */
export interface AddressOrigin {
  /** Tells it from an interface. */
  readonly kind: "address";
  /** The address, IPv6 without brackets. */
  readonly address: string;
}

/** An interface of this machine: the addresses that it has when a connection is made. */
export interface InterfaceOrigin {
  /** Tells it from an address. */
  readonly kind: "interface";
  /** The interface's name. */
  readonly name: string;
}

/** Where connections leave from. */
export type Origin = AddressOrigin | InterfaceOrigin;

/** What is to be known of an interface's address. */
export type InterfaceAddress = Pick<Deno.NetworkInterfaceInfo, "name" | "address">;

/**
 * Reads an origin.
 *
 * @throws {TeleError} `bad-input`, with a sentence that tells what to write instead.
 *
 * @example
 * ```ts
 * import { parseOrigin } from "./origin.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseOrigin("192.0.2.7"), { kind: "address", address: "192.0.2.7" });
 * assertEquals(parseOrigin("[2001:db8::7]"), { kind: "address", address: "2001:db8::7" });
 * assertEquals(parseOrigin("wlan0"), { kind: "interface", name: "wlan0" });
 * ```
 */
export function parseOrigin(text: string): Origin {
  const address = text.replace(/^\[(.*)\]$/, "$1");
  if (/^fe[89ab].*:/i.test(address) || address.includes("%")) {
    throw badInput(`${JSON.stringify(text)} is an address of one link only: write the interface's name`);
  }
  if (isIPv4(address) || isIPv6(address)) return { kind: "address", address };
  if (/:\d+$/.test(text) || address.includes(":")) {
    throw badInput(`${JSON.stringify(text)} is no address of a machine: write it without a port`);
  }
  if (/^[\d.]+$/.test(text)) throw badInput(`${JSON.stringify(text)} is not an IPv4 address`);
  if (!/^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._()@#*-]*$/u.test(text) || text.length > MOST_NAME_CHARACTERS) {
    throw badInput(`${JSON.stringify(text)} is neither an address nor the name of an interface`);
  }
  return { kind: "interface", name: text };
}

/** Writes an origin so that {@linkcode parseOrigin} reads the same one. */
export function formatOrigin(origin: Origin): string {
  return origin.kind === "address" ? origin.address : origin.name;
}

/** Whether a connection from `origin` may go to `host`, as far as both are addresses: they are of one family. */
export function leadsTo(origin: Origin, host: string): boolean {
  if (origin.kind === "interface") return true;
  return isIPv6(origin.address) ? !isIPv4(host) : !isIPv6(host);
}

/**
 * The address to leave from when `address` is dialed.
 *
 * @param interfaces The addresses of this machine, asked for an interface only.
 * @throws {TeleError} `carrier-lost` if there is none now.
 *
 * @example
 * ```ts
 * import { localAddressFor } from "./origin.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const interfaces = () => [{ name: "wlan0", address: "fe80::7" }, { name: "wlan0", address: "2001:db8::7" }];
 * assertEquals(localAddressFor({ kind: "interface", name: "wlan0" }, "2001:db8::1", interfaces), "2001:db8::7");
 * ```
 */
export function localAddressFor(
  origin: Origin,
  address: string,
  interfaces: () => readonly InterfaceAddress[],
): string {
  const isOfFamily = isIPv6(address) ? isIPv6 : isIPv4;
  const family = isIPv6(address) ? "IPv6" : "IPv4";
  if (origin.kind === "address") {
    if (isOfFamily(origin.address)) return origin.address;
    throw new TeleError("carrier-lost", `${address} cannot be reached from ${origin.address}, which is no ${family}`);
  }
  const own = interfaces().filter(({ name }) => name === origin.name).map((each) => each.address);
  // From an address of one link only nothing beyond that is reached.
  const found = own.find((each) => isOfFamily(each) && !/^fe[89ab]/i.test(each));
  if (found !== undefined) return found;
  const lack = own.length === 0 ? "is not there, or has no address" : `has no ${family} address`;
  throw new TeleError("carrier-lost", `the interface ${origin.name} ${lack}`);
}

/**
 * Fails where this runtime cannot choose the address that a connection leaves from.
 *
 * @throws {TeleError} `bad-input`
 */
export function requireOrigins(isThere: boolean = hasNodeDuplex(), version: string = Deno.version.deno): void {
  if (isThere) return;
  throw badInput(`--from needs Deno 2.9 or later, and this is ${version}: install a newer one, or leave --from out`);
}

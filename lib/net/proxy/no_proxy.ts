/**
 * The environment's list of hosts that are reached without a proxy: `NO_PROXY`.
 *
 * @module
 */
import { ipBytes, isIPv6, unmapped } from "../ip_address.ts";

/**
 * Whether a list such as `NO_PROXY` names a host.
 *
 * There is no standard. Here it is what curl and Go's `net/http` have in common, and where only one of them knows a
 * form, that form: entries with commas or spaces in between; `*` for every host; a name for itself and all names below
 * it, with or without a leading dot or `*.`; an IP address, or a range of them (`10.0.0.0/8`); a port behind a name or
 * an address for that port only. Capital letters are small ones.
 *
 * @example
 * ```ts
 * import { isExempt } from "./no_proxy.ts";
 * import { assert, assertFalse } from "@std/assert";
 *
 * const list = "localhost, .example.com, 10.0.0.0/8, example.org:443";
 * assert(isExempt(list, "tele.example.com", 40300));
 * assert(isExempt(list, "10.1.2.3", 40300));
 * assertFalse(isExempt(list, "example.org", 40300));
 * ```
 */
export function isExempt(list: string, host: string, port: number): boolean {
  const name = bare(host);
  return list.split(/[\s,]+/).some((entry) => entry !== "" && matches(entry.toLowerCase(), name, port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isInRange(entry, host);
  const [, pattern = entry, onlyPort] = isIPv6(entry) ? [] : /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (onlyPort !== undefined && Number(onlyPort) !== port) return false;
  const name = bare(pattern.replace(/^\*?\.(?=.)/, ""));
  if (ipBytes(name) !== undefined || ipBytes(host) !== undefined) return sameBytes(ipBytes(name), ipBytes(host));
  return host === name || (name !== "" && host.endsWith(`.${name}`));
}

/** A range of addresses (RFC 4632, 3.1): those whose first bits are the same. */
function isInRange(entry: string, host: string): boolean {
  const [, base = "", length = ""] = /^(.*)\/(\d+)$/.exec(entry) ?? [];
  const [range, address] = [ipBytes(bare(base)), ipBytes(host)];
  const bits = Number(length);
  if (range === undefined || address?.length !== range.length || length === "" || bits > range.length * 8) return false;
  return range.every((byte, at) => {
    const mask = 0xff00 >> Math.min(8, Math.max(0, bits - at * 8)) & 0xff;
    return (byte & mask) === (address[at]! & mask);
  });
}

/** A host as it is compared: without brackets, zone and final dot, names in ASCII. */
function bare(host: string): string {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "").replace(/(?<=.)\.$/, "");
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(name)) return unmapped(name);
  return URL.parse(`http://${name}`)?.hostname ?? name;
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && one.length === other?.length && one.every((byte, at) => byte === other[at]);
}

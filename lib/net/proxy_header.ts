/**
 * The header of the PROXY protocol, version 2: tells a server from where the connection comes that it is given. Source:
 * "The PROXY protocol", 2.2 (haproxy.org, proxy-protocol.txt).
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { ADDRESS_BLOCK_BYTES } from "./address_block.ts";

/** Begins each header; no other protocol begins so. */
const SIGNATURE = new Uint8Array([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);

/** Version 2, and the command: for somebody whose addresses follow, or without any. */
const COMMAND = { proxy: 0x21, local: 0x20 } as const;

/** Family and protocol: TCP over either family of IP, or none. */
const KIND = { tcp4: 0x11, tcp6: 0x21, unspecified: 0x00 } as const;

/**
 * The header for a connection between these addresses, as {@linkcode addressBlock} has them. Without any it is LOCAL: then
 * the server must take those of the connection itself. (An unspecified family behind PROXY it is free to refuse, as
 * HAProxy does.)
 *
 * @example
 * ```ts
 * import { proxyHeader } from "./proxy_header.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(proxyHeader(undefined).subarray(12), new Uint8Array([0x20, 0x00, 0, 0]));
 * assertEquals(proxyHeader(new Uint8Array(12)).length, 28);
 * ```
 */
export function proxyHeader(addresses: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const block = addresses ?? new Uint8Array(0);
  const command = addresses === undefined ? COMMAND.local : COMMAND.proxy;
  return concat([SIGNATURE, new Uint8Array([command, kindOf(addresses), 0, block.length]), block]);
}

function kindOf(addresses: Uint8Array | undefined): number {
  if (addresses === undefined) return KIND.unspecified;
  return addresses.length === ADDRESS_BLOCK_BYTES.v4 ? KIND.tcp4 : KIND.tcp6;
}

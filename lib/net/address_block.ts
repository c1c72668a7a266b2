/**
 * From where to where a connection goes, as a PROXY header and a stream's open tell it. Source: "The PROXY protocol",
 * version 2, 2.2 (haproxy.org, proxy-protocol.txt); `PROTOCOL.md`, "Addresses of users".
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";
import { ipBytes, unmapped } from "./ip_address.ts";

/** Bytes of a block: two addresses of IPv4, or of IPv6, and two ports. */
export const ADDRESS_BLOCK_BYTES = { v4: 12, v6: 36 } as const;

/** In front of an IPv4 address where the other one is of IPv6 (RFC 4291, 2.5.5.2). */
const MAPPED = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/**
 * The addresses of the peer and of this end of a connection, and their ports, in this order: 12 bytes for IPv4, 36 for
 * IPv6. One of each is told as two of IPv6. Zones are left out.
 *
 * @returns `undefined` where one of them is not known, as of unix sockets and commands.
 *
 * @example
 * ```ts
 * import { addressBlock } from "./address_block.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const block = addressBlock({ peer: "192.0.2.1:50000", localAddress: "192.0.2.2", localPort: 22 });
 * assertEquals(block, new Uint8Array([192, 0, 2, 1, 192, 0, 2, 2, 0xc3, 0x50, 0, 22]));
 * assertEquals(addressBlock({ peer: "unix:/run/a" }), undefined);
 * ```
 */
export function addressBlock(
  { peer, localAddress, localPort }: Pick<Duplex, "peer" | "localAddress" | "localPort">,
): Uint8Array<ArrayBuffer> | undefined {
  const colon = peer.lastIndexOf(":");
  const [from, to] = [peer.slice(0, colon).replace(/^\[|\]$/g, ""), localAddress ?? ""].map(bytesOf);
  const port = Number(peer.slice(colon + 1));
  if (from === undefined || to === undefined || localPort === undefined || !isPort(port)) return undefined;
  const isV4 = from.length === 4 && to.length === 4;
  const bytes = [...isV4 ? from : mapped(from), ...isV4 ? to : mapped(to)];
  for (const each of [port, localPort]) bytes.push(each >> 8, each & 0xff);
  return Uint8Array.from(bytes);
}

/** Whether it is of a length that a block can have. */
export function isAddressBlock({ length }: Uint8Array): boolean {
  return length === ADDRESS_BLOCK_BYTES.v4 || length === ADDRESS_BLOCK_BYTES.v6;
}

function bytesOf(host: string): Uint8Array | undefined {
  return ipBytes(unmapped(host));
}

function mapped(address: Uint8Array): Uint8Array {
  return address.length === 4 ? new Uint8Array([...MAPPED, ...address]) : address;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65_535;
}

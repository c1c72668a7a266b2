/**
 * Destinations: hosts and ports that a server connects to for a client. Source: `PROTOCOL.md`, "Destinations".
 *
 * @module
 */
import { formatAddress, parseAddress, type TcpAddress } from "../../net/address.ts";
import { MAX_DESTINATION_BYTES } from "../session_constants.ts";

/**
 * Reads a destination: the name of a host in ASCII, or an IP address, and a port from 1 on, as `host:port` or
 * `[v6]:port`. It has one spelling.
 *
 * @returns `undefined` if it is none.
 *
 * @example
 * ```ts
 * import { parseDestination } from "./destination.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseDestination("example.com:443"), { kind: "tcp", host: "example.com", port: 443 });
 * assertEquals([":443", "example.com:0", "unix:/a", "db"].map(parseDestination), Array(4).fill(undefined));
 * ```
 */
export function parseDestination(text: string): (TcpAddress & { host: string }) | undefined {
  if (text.length > MAX_DESTINATION_BYTES || !isDestinationText(text)) return undefined;
  try {
    const address = parseAddress(text);
    if (address.kind !== "tcp" || address.host === undefined || address.port === 0) return undefined;
    // A zone names an interface of this machine.
    if (address.host.includes("%") || formatAddress(address) !== text) return undefined;
    return { ...address, host: address.host };
  } catch {
    return undefined;
  }
}

/** Whether what a stream is for is a destination, or else the name of a service, which has no colon. */
export function isDestinationText(text: string): boolean {
  return text.includes(":");
}

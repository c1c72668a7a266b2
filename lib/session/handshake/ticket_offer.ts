/**
 * What stands in a ticket for a session that has not begun, with which a worker offers it to another one. Source:
 * `PROTOCOL.md`, "Workers".
 *
 * @module
 */
import { readU32, writeU32 } from "../../net/bytes.ts";
import { SESSION_ID_BYTES } from "./messages.ts";

/** Where the count stands: behind so many bytes of 0, as no identifier of a session begins. */
const COUNT_AT = SESSION_ID_BYTES - 4;

/**
 * In place of a session's identifier, from a worker that has `count` sessions.
 *
 * @example
 * ```ts
 * import { countOffered, offerOf } from "./ticket_offer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(countOffered(offerOf(3)), 3);
 * assertEquals(countOffered(crypto.getRandomValues(new Uint8Array(16))), undefined);
 * ```
 */
export function offerOf(count: number): Uint8Array {
  const offer = new Uint8Array(SESSION_ID_BYTES);
  writeU32(offer, COUNT_AT, count);
  return offer;
}

/** How many sessions the offering worker has; `undefined` if this is a session's identifier. */
export function countOffered(sessionId: Uint8Array): number | undefined {
  return sessionId.subarray(0, COUNT_AT).every((byte) => byte === 0) ? readU32(sessionId, COUNT_AT) : undefined;
}

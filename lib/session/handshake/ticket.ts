/**
 * Tickets: where a session is, for the servers of its fleet alone. Source: `PROTOCOL.md`, "Fleet".
 *
 * A ticket opens nothing: whoever presents it is led to the session's owner, and is a stranger there. So it may be seen
 * on the way, and be replayed.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { ByteReader, ByteWriter } from "../../net/bytes.ts";
import type { FleetKey } from "../fleet/fleet_keys.ts";
import { FLEET_INSTANCE_BYTES, MAX_NODE_BYTES, MAX_TICKET_BYTES, TICKET_LIFE_MS } from "../session_constants.ts";
import { labelled } from "./keys.ts";
import { SESSION_ID_BYTES } from "./messages.ts";

/** In front of the name in ALPN that brings a ticket, as base64url (RFC 4648, 5). */
export const TICKET_PROTOCOL = "tele-ticket=";

/** Bytes of a nonce of AES-GCM (RFC 5116, 5.1). */
const NONCE_BYTES = 12;

/** Bytes that AES-GCM adds. */
const TAG_BYTES = 16;

/** Bytes of a ticket whose node has no name. */
const LEAST_BYTES = NONCE_BYTES + 8 + FLEET_INSTANCE_BYTES + SESSION_ID_BYTES + TAG_BYTES;

/** What a ticket says. */
export interface TicketContent {
  /** Until when it holds, by the wall clock, in milliseconds since 1970. */
  readonly untilMs: number;
  /** The process that made it: {@linkcode FLEET_INSTANCE_BYTES} random bytes. */
  readonly instance: Uint8Array;
  /** The session's identifier. */
  readonly sessionId: Uint8Array;
  /** Where other servers of the fleet reach that process: an address, 1 to {@linkcode MAX_NODE_BYTES} bytes. */
  readonly node: string;
}

/** A ticket that was opened. */
export interface OpenedTicket extends TicketContent {
  /** What it was sealed with: its owner has that key. */
  readonly key: FleetKey;
}

/**
 * Seals a ticket that holds from now on.
 *
 * @param wallNowMs The wall clock, in milliseconds since 1970.
 */
export async function sealTicket(
  key: FleetKey,
  { instance, sessionId, node }: Omit<TicketContent, "untilMs">,
  wallNowMs: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new ByteWriter().u64(Math.round(wallNowMs) + TICKET_LIFE_MS).bytes(instance).bytes(sessionId)
    .bytes(new TextEncoder().encode(node)).done();
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return concat([nonce, new Uint8Array(await crypto.subtle.encrypt(gcm(nonce), key.tickets, content))]);
}

/**
 * Opens a ticket with one of these keys.
 *
 * @returns `undefined` if none of them has sealed it, or it holds no more.
 */
export async function openTicket(
  keys: readonly FleetKey[],
  ticket: Uint8Array,
  wallNowMs: number,
): Promise<OpenedTicket | undefined> {
  if (!isTicketLength(ticket.length)) return undefined;
  const [nonce, sealed] = [ticket.slice(0, NONCE_BYTES), ticket.slice(NONCE_BYTES)];
  for (const key of keys) {
    const content = await crypto.subtle.decrypt(gcm(nonce), key.tickets, sealed).catch(() => undefined);
    if (content === undefined) continue;
    const opened = { ...readContent(new Uint8Array(content)), key };
    return opened.untilMs > wallNowMs ? opened : undefined;
  }
  return undefined;
}

/** Whether a ticket can be that long, in bytes. */
export function isTicketLength(length: number): boolean {
  return length > LEAST_BYTES && length <= MAX_TICKET_BYTES;
}

/** The name in ALPN that brings a ticket. */
export function ticketProtocol(ticket: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...ticket));
  return TICKET_PROTOCOL + base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The ticket that one of these names of ALPN brings; `undefined` if none does.
 *
 * @example
 * ```ts
 * import { ticketIn, ticketProtocol } from "./ticket.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const ticket = new Uint8Array(70).fill(255);
 * assertEquals(ticketIn(["tele/2", ticketProtocol(ticket)]), ticket);
 * assertEquals(ticketIn(["tele/2", "h2"]), undefined);
 * ```
 */
export function ticketIn(protocols: readonly string[]): Uint8Array<ArrayBuffer> | undefined {
  const name = protocols.find((protocol) => protocol.startsWith(TICKET_PROTOCOL));
  const text = name?.slice(TICKET_PROTOCOL.length);
  if (text === undefined || !/^[\w-]+$/.test(text)) return undefined;
  try {
    const ticket = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
    return isTicketLength(ticket.length) ? ticket : undefined;
  } catch {
    return undefined;
  }
}

function gcm(nonce: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: "AES-GCM", iv: nonce, additionalData: labelled("ticket", new Uint8Array()) };
}

function readContent(content: Uint8Array): TicketContent {
  const reader = new ByteReader(content, "ticket");
  return {
    untilMs: reader.u64(),
    instance: reader.bytes(FLEET_INSTANCE_BYTES),
    sessionId: reader.bytes(SESSION_ID_BYTES),
    node: new TextDecoder().decode(reader.rest()),
  };
}

/** Whether other servers can be told this address: it fits into a ticket. */
export function isNodeText(node: string): boolean {
  const { length } = new TextEncoder().encode(node);
  return length >= 1 && length <= MAX_NODE_BYTES;
}

/**
 * A ticket that a server tells its client on a carrier that lives.
 *
 * @module
 */
import type { FrameLog } from "../carrier/frame_log.ts";
import { TeleError } from "../../net/error.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../ping/codec.ts";
import { COUNTED_HEADER_BYTES, FrameType, MAX_TICKET_BYTES } from "../session_constants.ts";

/** Bytes of a frame with this ticket. */
export function ticketFrameBytes(ticket: Uint8Array): number {
  return COUNTED_HEADER_BYTES + ticket.length;
}

/**
 * Reads the payload of a ticket's frame. Returns a copy.
 *
 * @throws {TeleError} `protocol` if it has no ticket, or one that is too long.
 */
export function decodeTicket(payload: Uint8Array): Uint8Array {
  if (payload.length > 1 && payload.length <= 1 + MAX_TICKET_BYTES) return payload.slice(1);
  throw new TeleError("protocol", `a ticket of ${payload.length - 1} bytes is none`);
}

/**
 * Holds a session's new ticket until a carrier takes it. A pure core. What is lost with that carrier is not told again:
 * the accept of the next one has a fresh ticket.
 *
 * Source: `PROTOCOL.md`, "Ticket".
 *
 * @example
 * ```ts
 * import { DueTicket } from "./due_ticket.ts";
 * import { FrameLog } from "../carrier/frame_log.ts";
 * import { LogBudget } from "../log_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const log = new FrameLog(new LogBudget({ limitBytes: 1024 }));
 * const ticket = new DueTicket();
 * ticket.due(new Uint8Array(80));
 * ticket.tell(log);
 * assertEquals(log.end, 85);
 * ```
 */
export class DueTicket {
  #ticket: Uint8Array | undefined;

  /** This is the newest one now. */
  due(ticket: Uint8Array): void {
    this.#ticket = ticket;
  }

  /** Puts what is due into `log`. */
  tell(log: FrameLog): void {
    const ticket = this.#ticket;
    if (ticket === undefined) return;
    this.#ticket = undefined;
    // Before the arena is looked at, which it may replace.
    const at = log.reserve(ticketFrameBytes(ticket));
    writeFrameHeader(log.arena, at, ticketFrameBytes(ticket) - FRAME_HEADER_BYTES);
    log.arena[at + FRAME_HEADER_BYTES] = FrameType.ticket;
    log.arena.set(ticket, at + COUNTED_HEADER_BYTES);
  }
}

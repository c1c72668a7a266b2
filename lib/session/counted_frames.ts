/**
 * Counted frames other than data, on their way to whom they are for.
 *
 * @module
 */
import type { Carrier } from "./carrier/carrier.ts";
import {
  decodeDrain,
  decodeLane,
  decodeOpen,
  decodeReceipt,
  decodeReset,
  decodeWant,
  decodeWindows,
  type Want,
} from "./frames.ts";
import { decodeTicket } from "./fleet/due_ticket.ts";
import type { Receipt } from "./handshake/fields.ts";
import type { Lane } from "./handshake/messages.ts";
import { FrameType } from "./session_constants.ts";
import type { UpperLayer } from "./upper_layer.ts";

/** Who takes what is for the session itself. */
export interface SessionFrames {
  /** The peer told what it took of a carrier that is gone. */
  receipt(receipt: Receipt, on: Carrier): void;
  /** The peer chose what a carrier is for. */
  lane(chosen: { number: number; lane: Lane }, on: Carrier): void;
  /** The peer could send more by more carriers. */
  want(want: Want): void;
  /** The newest ticket of the session came. */
  ticket(ticket: Uint8Array): void;
}

/**
 * Hands the payload of a counted frame to the layer above, or to the session.
 *
 * @param on The carrier that brought it.
 * @returns Whether its type is known.
 * @throws {TeleError} `protocol` if it is not what its type says, or breaks a rule.
 */
export function receiveCounted(
  payload: Uint8Array,
  on: Carrier,
  upper: UpperLayer,
  session: SessionFrames,
): boolean {
  switch (payload[0]) {
    case FrameType.open:
      upper.receiveOpen(decodeOpen(payload));
      return true;
    case FrameType.reset:
      upper.receiveReset(decodeReset(payload));
      return true;
    case FrameType.windows:
      decodeWindows(payload, (id, limit) => upper.receiveWindow(id, limit));
      return true;
    case FrameType.receipt:
      session.receipt(decodeReceipt(payload), on);
      return true;
    case FrameType.lane:
      session.lane(decodeLane(payload), on);
      return true;
    case FrameType.want:
      session.want(decodeWant(payload));
      return true;
    case FrameType.drain:
      upper.receiveDrain(decodeDrain(payload));
      return true;
    case FrameType.ticket:
      session.ticket(decodeTicket(payload));
      return true;
  }
  return false;
}

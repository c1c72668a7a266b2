/**
 * What the peer says in frames of the carriers of a session.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import type { Carrier } from "./carrier/carrier.ts";
import type { Carriers } from "./carriers.ts";
import type { SessionFrames } from "./counted_frames.ts";
import { ticketFrameBytes } from "./fleet/due_ticket.ts";
import type { Want } from "./frames.ts";
import type { Receipt } from "./handshake/fields.ts";
import type { Lane } from "./handshake/messages.ts";
import type { Joins } from "./joins.ts";
import type { SharedSending } from "./lanes/shared_sending.ts";
import { LANE_FRAME_BYTES, RECEIPT_FRAME_BYTES, WANT_FRAME_BYTES } from "./session_constants.ts";

/** Options of {@linkcode CarrierFrames}. */
export interface CarrierFramesOptions {
  /** Which end this is. */
  end: "client" | "server";
  /** The carriers that are attached. */
  attached: Carriers;
  /** Takes receipts. */
  joins: Pick<Joins, "received">;
  /** Takes what the peer wishes for. */
  sending: Pick<SharedSending, "want">;
  /** A client's session has another ticket. */
  onTicket?(ticket: Uint8Array): void;
  /** A receipt let go of the last carrier. */
  onDetached(reason: string): void;
  /** A receipt let go of the last one that was not in doubt. */
  onDoubted(): void;
}

/**
 * Takes receipts, lanes, wants and tickets: each may come from one end only, or on one carrier only.
 *
 * Source: `PROTOCOL.md`, "Receipts", "Lanes", "Ticket".
 */
export class CarrierFrames implements SessionFrames {
  readonly #options: CarrierFramesOptions;
  #takenBytes = 0;

  /** Nothing came. */
  constructor(options: CarrierFramesOptions) {
    this.#options = options;
  }

  /** Counted bytes of these frames: each new carrier brings some, though it brings the session no further. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** The peer told what it took of a carrier that is gone. */
  receipt(receipt: Receipt, on: Carrier): void {
    this.#takenBytes += RECEIPT_FRAME_BYTES;
    const { attached, joins, end } = this.#options;
    if (receipt.number === on.number) {
      throw new TeleError("protocol", "the peer gave a receipt for the carrier on which it comes");
    }
    const wasAttached = attached.quiet !== undefined, wereDoubted = attached.areDoubted;
    joins.received(receipt, end === "client");
    // It came on one that leaves.
    const isDetached = wasAttached && attached.quiet === undefined;
    if (isDetached) return this.#options.onDetached("the other side has let go of the connection");
    attached.wake();
    if (!wereDoubted && attached.areDoubted) this.#options.onDoubted();
  }

  /** A client chose what the carrier on which that comes is for. */
  lane({ number, lane }: { number: number; lane: Lane }, on: Carrier): void {
    const { attached, end } = this.#options;
    this.#takenBytes += LANE_FRAME_BYTES;
    if (end === "client") throw new TeleError("protocol", "the peer chose a lane, which only clients do");
    if (number !== on.number) {
      throw new TeleError("protocol", `the peer chose a lane on another carrier than ${number}, for which it was`);
    }
    const found = attached.find(on);
    if (found !== undefined) attached.changeLane(found, lane);
  }

  /** The peer could send more by more carriers. */
  want(want: Want): void {
    this.#takenBytes += WANT_FRAME_BYTES;
    this.#options.sending.want(want);
  }

  /** The server seals tickets by another key than before. */
  ticket(ticket: Uint8Array): void {
    this.#takenBytes += ticketFrameBytes(ticket);
    if (this.#options.end === "server") {
      throw new TeleError("protocol", "the peer gave a ticket, which only servers do");
    }
    this.#options.onTicket?.(ticket);
  }
}

/**
 * A carrier that is gone, in the books of one end.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import type { Remains } from "./carrier/frame_log.ts";

/** What of this end's log of a carrier the peer has taken, now that its receipt is known. */
export interface Covered {
  /** Of the carrier. */
  number: number;
  /** Counted bytes; what was acknowledged, if the peer owes a receipt and gives none. */
  taken: number;
  /** The same beyond what was acknowledged. */
  news: number;
  /** What was left of the log, to be sent again but for what was taken; `undefined` if that was done already. */
  remains: Remains | undefined;
}

/** A carrier that is gone, until both receipts have come and that is known. */
export interface Gone {
  /** This end's receipt. */
  readonly taken: number;
  /** Whether the peer has attached it for certain. */
  readonly wasHeard: boolean;
  /** The peer's receipt. */
  told: number | undefined;
  /** Whether the peer has this end's receipt for certain. */
  peerHas: boolean;
  /** Whether a frame has told this end's receipt. */
  isFramed: boolean;
  /** What was left of this end's log; nothing, once it was given away. */
  remains: Remains | undefined;
  /** The least that an honest peer has taken. */
  readonly least: number;
  /** The most that an honest peer has taken. */
  readonly most: number;
}

/** Takes what is left of a log out of the books. */
export function covered(number: number, taken: number, one: Gone): Covered {
  const { remains } = one;
  one.remains = undefined;
  return { number, taken, news: taken - one.least, remains };
}

/** A receipt that no honest peer gives. */
export function impossible(taken: number, { least, most }: Gone): TeleError {
  const sentence = `the peer says it took ${taken} bytes of a carrier, which cannot be: it acknowledged ${least} ` +
    `before, and ${most} were sent`;
  return new TeleError("protocol", sentence);
}

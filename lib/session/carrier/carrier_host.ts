/**
 * What carriers need of their session.
 *
 * @module
 */
import type { Ending } from "../ending.ts";
import type { LogBudget } from "../log_budget.ts";
import type { Segment } from "../segment_pool.ts";
import type { Allowance } from "./frame_reader.ts";

/** What a carrier needs of the session it is attached to, which tells its carriers apart as `Which`. */
export interface CarrierHost<Which = unknown> {
  /** What all logs of the session hold. */
  readonly budget: LogBudget;
  /** What the frames of the present turn may still cost; shared by all carriers of the session. */
  readonly allowance: Allowance;
  /** Whether the session has other carriers too. */
  readonly hasSeveral: boolean;
  /** What a counted frame costs. */
  costOf(type: number): number;
  /** Puts frames into the log of `carrier`: up to `bulkBytes` of data, of urgent data up to `urgentBytes`, which is more. */
  pull(carrier: Which, bulkBytes: number, urgentBytes: number, nowMs: number): void;
  /**
   * Data of a stream, as it comes. It is a view of `segment`; whoever keeps it retains that.
   *
   * @throws {TeleError} `carrier-lost` if it cannot be kept: the carrier is gone, and it comes again on another.
   */
  receiveData(id: number, offset: number, bytes: Uint8Array, segment: Segment): void;
  /** A stream's data ends at `offset`. */
  receiveEnd(id: number, offset: number): void;
  /**
   * The payload of another counted frame. Valid during the call only.
   *
   * @param on The carrier that brought it.
   * @returns Whether its type is known.
   */
  receiveFrame(payload: Uint8Array, on: Which): boolean;
  /** What was read was handed over, or the allowance is used up; the promise, if there is one, settles when it goes on. */
  turnEnded(): Promise<void> | undefined;
  /** The peer has taken `bytes` more. */
  arrivedThere(bytes: number): void;
  /** The first bytes came on this carrier. */
  heard(carrier: Which): void;
  /**
   * Only a guess excuses that a carrier is silent, or that nothing is acknowledged on it; or the machine slept. Told
   * once, until it is trusted.
   */
  carrierDoubted(carrier: Which): void;
  /** A carrier that was doubted has shown that it is alive. */
  carrierTrusted(carrier: Which): void;
  /** The peer has left the carrier: it is to be left as well. */
  carrierLeaves(carrier: Which): void;
  /** The carrier came to its end, by a leave of both ends too; it is already stopped. */
  carrierLost(carrier: Which, reason: string): void;
  /** The peer said goodbye. */
  peerEnded(ending: Ending): void;
  /**
   * The session cannot go on: the peer broke a rule that no new carrier mends, or something threw that should not have.
   */
  sessionBroken(error: unknown): void;
}

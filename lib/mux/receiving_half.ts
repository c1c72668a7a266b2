/**
 * The direction of a stream from the peer to its user.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Segment, SegmentPool } from "../session/segment_pool.ts";
import { Arrivals } from "./arrivals.ts";
import type { ReceiveWindow } from "./credit.ts";
import type { GapBudget } from "./gap_budget.ts";
import { type InboundOwner, InboundQueue, type OtherHalf } from "./inbound.ts";

/**
 * Puts what comes in order, within the window, and writes it to the user.
 *
 * Invariant 6: what arrives is queued within the stream's own window, so a user that does not read stops nobody else.
 */
export class ReceivingHalf {
  readonly #arrivals = new Arrivals();
  readonly #inbound: InboundQueue;
  #window: ReceiveWindow;

  /** Nothing has come; the peer may send as much as `window` says. */
  constructor(window: ReceiveWindow, owner: InboundOwner, other: OtherHalf) {
    this.#window = window;
    this.#inbound = new InboundQueue(owner, other);
  }

  /** What the peer may send. */
  get window(): ReceiveWindow {
    return this.#window;
  }

  /** Whether all that the peer has sent and will send was received; the user may still have to take it. */
  get hasArrived(): boolean {
    return this.#arrivals.isComplete;
  }

  /** Whether the end behind that is on its way to the user. */
  get isEnding(): boolean {
    return this.#inbound.isComplete;
  }

  /** Whether the user was told the end. */
  get isFinished(): boolean {
    return this.#inbound.isFinished;
  }

  /** Bytes that have come, each once. */
  get receivedBytes(): number {
    return this.#arrivals.received;
  }

  /** Bytes received and not yet taken by the user's program. */
  get waitingBytes(): number {
    return this.#inbound.waitingBytes;
  }

  /** The user's connection is there. */
  start(user: Duplex): void {
    this.#inbound.start(user);
  }

  /** Another session grants so much; nothing came from the one before. */
  restart(window: ReceiveWindow): void {
    this.#window.close();
    this.#window = window;
  }

  /**
   * Data came, perhaps again, perhaps before what is in front of it.
   *
   * @throws {TeleError} `protocol` if it goes beyond the credit or the end, `carrier-lost` if it is early and there is no
   *   memory for it.
   */
  take(
    offset: number,
    bytes: Uint8Array,
    segment: Segment,
    host: { readonly gaps: GapBudget; readonly pool: SegmentPool },
  ): void {
    const due = this.#arrivals.take(offset, bytes, segment, this.#window.granted, host);
    if (due !== undefined) this.#inbound.push(due, segment);
    if (this.#arrivals.hasEarly) this.#takeEarly();
  }

  #takeEarly(): void {
    for (let due = this.#arrivals.next(); due !== undefined; due = this.#arrivals.next()) {
      // First, since its user may take it at once, and nobody may ask for a while behind that.
      this.#window.charge(this.#arrivals.earlyCostBytes);
      this.#inbound.push(due.bytes, due.segment);
      due.segment.release();
    }
    this.#window.charge(this.#arrivals.earlyCostBytes);
  }

  /**
   * The peer sends nothing behind `offset`.
   *
   * @throws {TeleError} `protocol` if that cannot be.
   */
  end(offset: number): void {
    this.#arrivals.end(offset, this.#window.granted);
  }

  /** All has arrived: its end goes to the user, behind it. */
  finish(): void {
    if (!this.#inbound.isComplete) this.#inbound.finish();
  }

  /**
   * The user took `bytes`.
   *
   * @returns Whether the peer is to be told what it may send now.
   */
  consumed(bytes: number, clock: Clock, roundTripMs: number): boolean {
    return this.#window.consume(bytes, clock, roundTripMs);
  }

  /** The user takes nothing more: what waits for it, and what still comes, is forgotten. */
  drop(): void {
    this.#inbound.drop();
  }

  /** The stream is over: all memory goes back. */
  close(): void {
    this.#inbound.drop();
    this.#arrivals.drop();
    this.#window.close();
  }
}

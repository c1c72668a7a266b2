/**
 * What survives carriers: what they left behind, and whoever uses them.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { faultOf, TeleError } from "../net/error.ts";
import { AttachedCarrier, Carriers } from "./carriers.ts";
import { Carrier, type CarrierHost } from "./carrier/carrier.ts";
import type { Allowance } from "./carrier/frame_reader.ts";
import type { Doubt } from "./carrier/liveness.ts";
import { receiveCounted, type SessionFrames } from "./counted_frames.ts";
import { FormerCarriers } from "./former_carriers.ts";
import { writeLane } from "./frames.ts";
import type { Receipt } from "./handshake/fields.ts";
import type { Lane } from "./handshake/messages.ts";
import { type JoinLists, Joins } from "./joins.ts";
import { LogBudget } from "./log_budget.ts";
import { Remainders } from "./remainders.ts";
import type { Segment } from "./segment_pool.ts";
import { EndCode, LANE_FRAME_BYTES } from "./session_constants.ts";
import { type Ending, RefusalError } from "./ending.ts";
import type { LostCarrier } from "./reconnect/patience.ts";
import type { Attachment, SessionOptions } from "./session_options.ts";
import { type Covered, Settlement } from "./settlement.ts";
import { Turns } from "./turns.ts";
import type { UpperLayer } from "./upper_layer.ts";

/**
 * One session: its carriers come and go, and every counted frame reaches the peer at least once.
 *
 * Invariant 2: what a carrier leaves behind is sent again, without what the peer has taken of it.
 */
export class Session implements CarrierHost, SessionFrames {
  /** What was sent and was not taken: in logs, and on its way to another. */
  readonly budget: LogBudget;
  /** Identifier given by the server; empty until the first handshake is done. */
  id: Uint8Array = new Uint8Array(0);
  /** Proves both sides on a resume; never sent. */
  resumeSecret: Uint8Array = new Uint8Array(0);
  /** How long it waits for a carrier: the smaller of both sides' limits, in milliseconds. */
  resumeTimeoutMs: number = Infinity;
  /** Carriers that are on their way into it. */
  readonly joins: Joins;
  readonly #options: SessionOptions;
  readonly #carriers = new Carriers();
  readonly #settlement = new Settlement();
  readonly #remainders: Remainders;
  readonly #former = new FormerCarriers();
  readonly #turns: Turns;
  #detachedAt: number | undefined;
  #ended: TeleError | undefined;

  /** A session that was never attached. */
  constructor(options: SessionOptions) {
    this.#options = options;
    const { clock, limits, memory } = options;
    const budget = this.budget = new LogBudget({ limitBytes: limits.replayBufferBytes, memory: memory?.logs });
    const settlement = this.#settlement;
    this.#turns = new Turns(clock);
    this.#remainders = new Remainders({
      clock,
      budget,
      settlement,
      onWindowLost: (id) => this.upper.windowLost(id),
      onDue: () => this.wake(),
    });
    this.joins = new Joins(settlement, {
      letGo: (number, looksOn) => this.#letGo(this.#carriers.numbered(number)!, looksOn),
      covered: (covered) => this.covered(covered),
    });
  }

  /** Short name for logs: the first digits of the identifier. */
  get name(): string {
    return this.id.length === 0 ? "new" : encodeHex(this.id.subarray(0, 4));
  }

  /** What the frames of the present turn may still cost. */
  get allowance(): Allowance {
    return this.#turns.allowance;
  }

  /** Number of the last commit: of the last one given here, or taken. */
  get lastNumber(): number {
    return Math.max(0, this.#settlement.highest);
  }

  /** Counted bytes that were taken from all carriers. */
  get takenBytes(): number {
    return this.#carriers.all.reduce((sum, { carrier }) => sum + carrier.taken, this.#former.takenBytes);
  }

  /** Counted bytes that the peer has taken from all carriers, as far as this end knows. */
  get takenThereBytes(): number {
    return this.#remainders.takenThereBytes;
  }

  /** The layer above. */
  get upper(): UpperLayer {
    return this.#options.upper;
  }

  /** The quiet carrier, while there is one. */
  get carrier(): Carrier | undefined {
    return this.#carriers.quiet;
  }

  /** All carriers, those that leave as well, oldest first. */
  get carriers(): readonly AttachedCarrier[] {
    return this.#carriers.all;
  }

  /** Whether commits must wait until more of the carriers that are gone are settled. */
  get isFull(): boolean {
    return this.#settlement.isFull;
  }

  /** When it lost its last carrier, by the clock; `undefined` while attached or never attached. */
  get detachedAt(): number | undefined {
    return this.#detachedAt;
  }

  /**
   * Whether its end loses nothing: no streams, and nothing that the peer has not taken. A stream that is reset is over
   * here at once; the reset, and what came in front of it, may wait for as long as the session does (invariant 9).
   */
  get isEmpty(): boolean {
    const { streamCount, hasUnsent } = this.upper;
    return this.budget.heldBytes === 0 && !hasUnsent && streamCount === 0;
  }

  /** Why it ended, once it has. */
  get error(): TeleError | undefined {
    return this.#ended;
  }

  /** Measured round trip of the quiet carrier in milliseconds; 0 if unknown. */
  get roundTripMs(): number {
    return this.carrier?.roundTripMs ?? 0;
  }

  /** The last known round trip, of the quiet carrier or the one before it, in milliseconds; 0 if there is none. */
  get lastRoundTripMs(): number {
    return this.roundTripMs || this.#former.roundTripMs;
  }

  /** Measured delivery rate of the quiet carrier, in bytes a millisecond; 0 if unknown. */
  get rateBytesPerMs(): number {
    return this.carrier?.flight.rateBytesPerMs ?? 0;
  }

  /** What speaks against all its carriers while only a guess excuses that. */
  get doubt(): Doubt | undefined {
    return this.#carriers.areDoubted ? this.carrier?.doubt : undefined;
  }

  /**
   * A server takes a commit; see {@linkcode Joins.take}. An impossible receipt ends the session.
   */
  take(lists: JoinLists): { receipts: Receipt[]; againBytes: number } {
    try {
      return this.joins.take(lists);
    } catch (error) {
      if (!(error instanceof RefusalError)) this.sessionBroken(error);
      throw error;
    }
  }

  /** A client's commit was accepted; see {@linkcode Joins.accepted}. An impossible receipt ends the session. */
  accepted(number: number, receipts: readonly Receipt[]): number {
    try {
      return this.joins.accepted(number, receipts);
    } catch (error) {
      this.sessionBroken(error);
      throw error;
    }
  }

  /** The peer's receipts are known. Returns how many bytes are sent again because of them. */
  covered(covered: readonly Covered[]): number {
    return this.#remainders.covered(covered);
  }

  /** Attaches a carrier beside those that there are; what waits on one that is in doubt is sent again on the others. */
  attach(attachment: Attachment): void {
    const { clock, pool, limits, end } = this.#options;
    const nowMs = clock.now();
    const doubted = this.#carriers.usable.filter(({ isDoubted }) => isDoubted);
    for (const { carrier } of doubted) this.#former.failed(nowMs, carrier, this.#lastCarrier(carrier));
    this.#detachedAt = undefined;
    this.joins.attached(attachment.number);
    const carrier = new Carrier({
      ...attachment,
      host: this,
      clock,
      pool,
      limits,
      patienceMs: this.#former.patienceMs,
      caution: this.#former.cautionOn(attachment.duplex),
    });
    this.#carriers.add(new AttachedCarrier(carrier, attachment.lane ?? "quiet", end === "client"));
    for (const attached of doubted) this.#relieve(attached);
    this.#former.attached(nowMs, this.#arrivedBytes);
    this.#remainders.awaitReceipts(this.lastRoundTripMs);
  }

  /** Others send what waits on a carrier. */
  #relieve({ carrier }: AttachedCarrier): void {
    this.#remainders.takeOver(carrier.log.handOver());
    this.wake();
  }

  /** Stops all carriers, in one step: what they deliver from now on is not taken. */
  detach(): void {
    for (const attached of this.#carriers.all) this.#letGo(attached, false);
  }

  #letGo(attached: AttachedCarrier, looksOn: boolean): void {
    const { carrier } = attached;
    const nowMs = this.#options.clock.now();
    const isLast = this.#carriers.usable.every((other) => other === attached);
    if (isLast && !attached.isLeaving) this.#former.failed(nowMs, carrier, this.#lastCarrier(carrier));
    if (looksOn) carrier.lookForGoodbye();
    else carrier.stop();
    this.#carriers.remove(carrier, looksOn);
    this.#former.gone(nowMs, carrier);
    if (isLast) this.#detachedAt ??= nowMs;
    try {
      this.#remainders.gone(carrier, attached.isHeard);
    } catch (error) {
      return this.sessionBroken(error);
    }
    if (isLast) return this.#remainders.awaitCarrier();
    this.#remainders.awaitReceipts(this.lastRoundTripMs);
    this.wake();
  }

  /**
   * Counted bytes that arrived at either end, as far as this one knows, and brought the session on: a carrier that brings
   * the beginning of a frame each time which then comes again whole brings nothing.
   */
  get #arrivedBytes(): number {
    return this.takenBytes + this.takenThereBytes - this.#wastedBytes;
  }

  get #wastedBytes(): number {
    const gone = this.#former.wastedBytes + this.#remainders.wastedBytes;
    return this.#carriers.all.reduce((sum, { carrier }) => sum + carrier.wastedBytes, gone);
  }

  /** What is known about the quiet carrier, or the one before. */
  get lastCarrier(): LostCarrier {
    return this.#lastCarrier(this.carrier);
  }

  #lastCarrier(carrier: Carrier | undefined): LostCarrier {
    return {
      arrivedBytes: this.#arrivedBytes,
      isWaiting: this.budget.heldBytes > 0,
      isEmpty: this.isEmpty,
      silentMs: carrier?.silentMs ?? 0,
      roundTripMs: this.lastRoundTripMs,
    };
  }

  /** There may be something to send; see {@linkcode Carrier.wake}. */
  wake(): void {
    this.#carriers.wake();
  }

  /** There is enough for a write of its own; see {@linkcode Carrier.wakeNow}. */
  wakeNow(): void {
    this.#carriers.wakeNow();
  }

  /** No more is sent on a carrier but its end: what waits there goes on others. */
  leave(attached: AttachedCarrier): void {
    if (attached.isLeaving || this.#ended !== undefined) return;
    attached.isLeaving = true;
    this.#carriers.changed();
    const { carrier } = attached;
    carrier.leave();
    this.#remainders.takeOver(carrier.log.handOverUnsent());
    if (this.carrier === undefined) this.#detached("the other side has left the connection");
    else this.wake();
  }

  /** A client makes a carrier the quiet one, or a bulk one. */
  chooseLane(attached: AttachedCarrier, lane: Lane): void {
    if (attached.lane === lane) return;
    attached.lane = lane;
    attached.isLaneDue = true;
    this.#carriers.changed();
    this.wake();
  }

  #detached(reason: string): void {
    this.#detachedAt ??= this.#options.clock.now();
    this.#options.onDetached(reason);
  }

  /**
   * Ends the session.
   *
   * @param error What the layer above is told.
   * @param ending What the peer is told, if there are carriers.
   * @returns Settles when the peer was told and has closed, or that took too long.
   */
  end(error: TeleError, ending?: Ending): Promise<void> {
    if (this.#ended !== undefined) return Promise.resolve();
    this.#ended = error;
    const all = this.#carriers.all;
    // With streams open, something that came may be lost here: the peer must not take it for delivered.
    const isAllTaken = this.upper.streamCount === 0;
    const owed = isAllTaken ? this.#settlement.own() : [];
    const receipts = isAllTaken ? all.map(({ carrier: { number, taken } }) => ({ number, taken })) : [];
    for (const attached of all) {
      const { carrier } = attached;
      this.#carriers.remove(carrier);
      // Let go of, but for what its write under way has.
      this.#remainders.discard(carrier.remains());
      const others = receipts.filter(({ number }) => number !== carrier.number);
      if (ending === undefined || attached.isLeaving) carrier.stop();
      else carrier.sayGoodbye(ending, isAllTaken, [...owed, ...others]);
    }
    this.#carriers.stopLooking();
    this.#options.memory?.sessionEnding();
    this.#tellEnd(error);
    this.#options.memory?.sessionEnded();
    return Promise.all(all.map(({ carrier }) => carrier.done)).then(() => {});
  }

  /** Each though the one before throws: a session that has ended for some only would be silence for the others. */
  #tellEnd(error: TeleError): void {
    try {
      this.#options.onEnding?.(error);
    } finally {
      try {
        this.upper.ended(error);
      } finally {
        this.#turns.stop();
        this.#remainders.clear();
        this.#options.onEnded?.(error);
      }
    }
  }

  // What a carrier asks of its host.

  /** @ignore */
  costOf(type: number): number {
    return this.upper.costOf(type);
  }

  /** @ignore */
  pull(carrier: Carrier, bulkBytes: number, urgentBytes: number): void {
    if (this.#ended !== undefined) return;
    const { log } = carrier;
    if (!this.#carriers.isSole) return this.#pullShare(carrier, bulkBytes, urgentBytes);
    const again = this.#remainders.moveTo(log, bulkBytes);
    this.upper.pull(log, Math.max(0, bulkBytes - again), Math.max(0, urgentBytes - again));
  }

  #pullShare(carrier: Carrier, bulkBytes: number, urgentBytes: number): void {
    const { log } = carrier;
    const share = this.#carriers.shareOf(carrier);
    if (share === undefined) return;
    this.#tellLane(carrier);
    const again = this.#remainders.moveTo(log, bulkBytes, share);
    this.upper.pullShare(log, Math.max(0, bulkBytes - again), Math.max(0, urgentBytes - again), share);
  }

  #tellLane(carrier: Carrier): void {
    const attached = this.#carriers.find(carrier)!;
    if (!attached.isLaneDue) return;
    attached.isLaneDue = false;
    const at = carrier.log.reserve(LANE_FRAME_BYTES);
    writeLane(carrier.log.arena, at, { number: carrier.number, lane: attached.lane });
  }

  // Invariant 11: what a throw of the layer above ends with the session was not taken, and the peer must not hear that
  // it was.

  /** @ignore */
  receiveData(id: number, offset: number, bytes: Uint8Array, segment: Segment): void {
    if (this.#ended !== undefined) return;
    checkOffset(offset + bytes.length);
    this.upper.receiveData(id, offset, bytes, segment);
  }

  /** @ignore */
  receiveEnd(id: number, offset: number): void {
    if (this.#ended !== undefined) return;
    checkOffset(offset);
    this.upper.receiveEnd(id, offset);
  }

  /** @ignore */
  receiveFrame(payload: Uint8Array, on: Carrier): boolean {
    return this.#ended !== undefined || receiveCounted(payload, on, this.upper, this);
  }

  /** @ignore */
  receipt(receipt: Receipt, on: Carrier): void {
    if (receipt.number === on.number) {
      throw new TeleError("protocol", "the peer gave a receipt for the carrier on which it comes");
    }
    const wasAttached = this.carrier !== undefined;
    this.joins.received(receipt, this.#options.end === "client");
    // It came on one that leaves.
    if (wasAttached && this.carrier === undefined) this.#detached("the other side has let go of it");
    else this.wake();
  }

  /** @ignore */
  lane({ number, lane }: { number: number; lane: Lane }, on: Carrier): void {
    if (this.#options.end === "client") throw new TeleError("protocol", "the peer chose a lane, which only clients do");
    if (number !== on.number) {
      throw new TeleError("protocol", `the peer chose a lane on another carrier than ${number}, for which it was`);
    }
    const attached = this.#carriers.find(on);
    if (attached === undefined) return;
    attached.lane = lane;
    this.#carriers.changed();
    this.wake();
  }

  /** @ignore */
  want(): void {
    if (this.#options.end === "server") throw new TeleError("protocol", "the peer wants carriers, which clients give");
  }

  /** @ignore */
  arrivedThere(bytes: number): void {
    this.#remainders.arrivedThere(bytes);
    // What had to stay behind an open may go on others now.
    if (!this.#carriers.isSole) this.wake();
  }

  /** @ignore */
  turnEnded(): Promise<void> | undefined {
    if (this.#ended !== undefined) return undefined;
    this.upper.turnEnded();
    return this.#turns.ended();
  }

  /** @ignore */
  carrierDoubted(carrier: Carrier): void {
    const attached = this.#carriers.find(carrier);
    if (attached === undefined || this.#ended !== undefined) return;
    attached.isDoubted = true;
    this.#carriers.changed();
    if (this.#carriers.areDoubted) this.#options.onDoubted?.();
    else this.#relieve(attached);
  }

  /** @ignore */
  carrierTrusted(carrier: Carrier): void {
    const attached = this.#carriers.find(carrier);
    if (attached === undefined || this.#ended !== undefined) return;
    const wasLast = this.#carriers.areDoubted;
    attached.isDoubted = false;
    this.#carriers.changed();
    this.#options.onTrusted?.(wasLast);
  }

  /** @ignore */
  carrierLeaves(carrier: Carrier): void {
    const attached = this.#carriers.find(carrier);
    if (attached !== undefined) this.leave(attached);
  }

  /** @ignore */
  carrierLost(carrier: Carrier, reason: string): void {
    const attached = this.#carriers.find(carrier);
    if (attached === undefined) return;
    const { isLeaving, isDoubted } = attached;
    this.#letGo(attached, false);
    if (isLeaving || this.#ended !== undefined) return;
    if (this.carrier === undefined) return this.#detached(reason);
    // Those that are left were in doubt before, and relieved by it.
    if (!isDoubted && this.#carriers.areDoubted) this.#options.onDoubted?.();
    this.#options.onCarrierGone?.(reason);
  }

  /** @ignore */
  heard(carrier: Carrier): void {
    const attached = this.#carriers.find(carrier);
    if (attached !== undefined && !attached.isHeard) {
      attached.isHeard = true;
      this.#settlement.heard(carrier.number);
      this.#carriers.changed();
      this.wake();
    }
    this.#options.onHeard?.();
  }

  /** @ignore */
  peerEnded(ending: Ending): void {
    this.end(new RefusalError(ending));
  }

  /**
   * The session cannot go on: the peer broke a rule, or something threw here that should not have (invariant 11).
   *
   * @ignore
   */
  sessionBroken(error: unknown): void {
    const reason = faultOf(error);
    const isFault = reason.code === "fault";
    // Nothing is left that could end of it.
    if (isFault && this.#ended !== undefined) return reportError(error);
    this.end(reason, { code: isFault ? EndCode.fault : EndCode.protocol, message: reason.message });
  }
}

/** It would only be sent again, so it ends the session and not the carrier. */
function checkOffset(offset: number): void {
  if (!Number.isSafeInteger(offset)) throw new TeleError("protocol", "the offset of data is larger than 2^53");
}

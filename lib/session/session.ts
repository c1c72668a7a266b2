/**
 * What survives carriers: what they left behind, and whoever uses them.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { faultOf, TeleError } from "../net/error.ts";
import type { Timer } from "../net/clock.ts";
import { GoneCarriers } from "./gone_carriers.ts";
import type { Receipt } from "./handshake/fields.ts";
import { Carrier } from "./carrier/carrier.ts";
import type { CarrierHost } from "./carrier/carrier_host.ts";
import type { FrameLog } from "./carrier/frame_log.ts";
import type { Allowance } from "./carrier/frame_reader.ts";
import { PathLesson } from "./carrier/path_lesson.ts";
import { PathBound } from "./path/path_bound.ts";
import { checkWant, decodeLane, decodeOpen, decodeReceipt, decodeReset, decodeWindows } from "./frames.ts";
import { LogBudget } from "./log_budget.ts";
import { ResendQueue } from "./resend_queue.ts";
import type { Segment } from "./segment_pool.ts";
import { EndCode, FrameType, MOST_TURN_COST } from "./session_constants.ts";
import { type Ending, RefusalError } from "./ending.ts";
import { type LostCarrier, Patience } from "./reconnect/patience.ts";
import type { Attachment, SessionOptions } from "./session_options.ts";
import type { UpperLayer } from "./upper_layer.ts";

/** Between two turns of a session that has more to take than one holds, in milliseconds. */
const TURN_PAUSE_MS = 1;

/**
 * One session: its carriers come and go, and every counted frame reaches the peer at least once.
 *
 * Invariant 2: what a carrier leaves behind is sent again, without what the peer has taken of it.
 */
export class Session implements CarrierHost<Carrier> {
  /** What was sent and was not taken: in logs, and on its way to another. */
  readonly budget: LogBudget;
  /** What the frames of the present turn may still cost. */
  readonly allowance: Allowance = { left: MOST_TURN_COST };
  /** Identifier given by the server; empty until the first handshake is done. */
  id: Uint8Array = new Uint8Array(0);
  /** Proves both sides on a resume; never sent. */
  resumeSecret: Uint8Array = new Uint8Array(0);
  /** Number of the last commit: of the last one given here, or taken. */
  lastNumber = 0;
  /** How long it waits for a carrier: the smaller of both sides' limits, in milliseconds. */
  resumeTimeoutMs: number = Infinity;
  readonly #options: SessionOptions;
  readonly #resend: ResendQueue;
  readonly #gone: GoneCarriers;
  /** Counted bytes that the peer has taken, as far as this end knows; and that were taken here, from former carriers. */
  #takenThere = 0;
  #takenBytes = 0;
  /** How many of those taken here were of frames that came again whole. */
  #wastedHere = 0;
  /** This end's receipts that the accept of the present carrier has told. */
  #told: readonly Receipt[] = [];
  #turn: Promise<void> | undefined;
  #turnTimer: Timer | undefined;
  #endTurn: (() => void) | undefined;
  #carrier: Carrier | undefined;
  /** What may be under way on all its carriers. */
  readonly #path = new PathBound();
  #detachedAt: number | undefined;
  #lastRoundTripMs = 0;
  readonly #patience = new Patience();
  readonly #lesson = new PathLesson();
  #ended: TeleError | undefined;

  /** A session that was never attached. */
  constructor(options: SessionOptions) {
    this.#options = options;
    const budget = new LogBudget({ limitBytes: options.limits.replayBufferBytes, memory: options.memory?.logs });
    this.budget = budget;
    this.#resend = new ResendQueue({ budget, onWindowLost: (id) => this.upper.windowLost(id) });
    this.#gone = new GoneCarriers((remains, taken) => this.#resend.add(remains, taken));
  }

  /** Short name for logs: the first digits of the identifier. */
  get name(): string {
    return this.id.length === 0 ? "new" : encodeHex(this.id.subarray(0, 4));
  }

  /** Counted bytes that were taken from all carriers. */
  get takenBytes(): number {
    return this.#takenBytes + (this.#carrier?.taken ?? 0);
  }

  /** Counted bytes that the peer has taken from all carriers, as far as this end knows. */
  get takenThereBytes(): number {
    return this.#takenThere;
  }

  /** The layer above. */
  get upper(): UpperLayer {
    return this.#options.upper;
  }

  /** The carrier, while there is one. */
  get carrier(): Carrier | undefined {
    return this.#carrier;
  }

  /** When it lost its last carrier, by the clock; `undefined` while attached or never attached. */
  get detachedAt(): number | undefined {
    return this.#detachedAt;
  }

  /**
   * Whether its end loses nothing: no streams, and nothing of former ones that the peer has not taken. A stream that is
   * reset is over here at once; the reset, and what came in front of it, may wait for as long as the session does
   * (invariant 9).
   */
  get isEmpty(): boolean {
    const { streamCount, hasUnsent } = this.upper;
    return this.budget.streamFrames === 0 && !hasUnsent && streamCount === 0;
  }

  /** Why it ended, once it has. */
  get error(): TeleError | undefined {
    return this.#ended;
  }

  /** Measured round trip of the present carrier in milliseconds; 0 if unknown. */
  get roundTripMs(): number {
    return this.#carrier?.roundTripMs ?? 0;
  }

  /** The last known round trip, of the present carrier or the one before it, in milliseconds; 0 if there is none. */
  get lastRoundTripMs(): number {
    return this.roundTripMs || this.#lastRoundTripMs;
  }

  /** Measured delivery rate of the present carrier, in bytes a millisecond; 0 if unknown. */
  get rateBytesPerMs(): number {
    return this.#carrier?.flight.rateBytesPerMs ?? 0;
  }

  /** How long a frame of data may be, in bytes; `Infinity` while nothing is known. */
  get frameBytes(): number {
    return this.#carrier?.flight.frameBytes ?? Infinity;
  }

  /** What this end has taken of carriers that are gone, as far as the peer may not know it. */
  get receipts(): Receipt[] {
    return this.#gone.receipts;
  }

  /** The peer has these receipts. */
  receiptsArrived(receipts: readonly Receipt[]): void {
    this.#gone.told(receipts);
  }

  /**
   * The peer's side of what {@linkcode Session.receipts} is: what it has not taken is sent again.
   *
   * @param accepted A carrier whose accept told them, and which is to be attached behind this.
   * @returns How many bytes are.
   * @throws {TeleError} `protocol` if a receipt is impossible. The session has then ended, with a goodbye on `accepted`.
   */
  settle(receipts: readonly Receipt[], accepted?: Attachment): number {
    const before = this.#resend.bytes;
    try {
      this.#takenThere += this.#gone.settle(receipts, this.lastNumber);
    } catch (error) {
      if (accepted !== undefined) this.attach(accepted);
      this.sessionBroken(error);
      throw error;
    }
    return this.#resend.bytes - before;
  }

  /**
   * A commit came: its client wants receipts for what it names, and no others any more.
   *
   * @returns This end's, for the accept.
   */
  receiptsFor(named: readonly Receipt[]): Receipt[] {
    this.#gone.needed(named);
    return this.receipts;
  }

  /** Attaches a carrier; an older one is stopped. */
  attach(attachment: Attachment): void {
    this.detach();
    this.#detachedAt = undefined;
    this.#told = attachment.receipts ?? [];
    const { clock, pool, limits } = this.#options;
    this.#carrier = new Carrier({
      ...attachment,
      host: this,
      clock,
      pool,
      limits,
      patienceMs: this.#patience.ms,
      flight: this.#path.join(),
      caution: this.#lesson.cautionOn(attachment.duplex),
    });
    this.#patience.attached(clock.now(), this.#arrivedBytes);
  }

  /** A client names all carriers that it may still take something from: another is gone. */
  detachUnlessIn(live: readonly number[]): void {
    if (this.#carrier !== undefined && !live.includes(this.#carrier.number)) this.detach();
  }

  /** Stops the carrier, in one step: what it delivers from now on is not taken. */
  detach(): void {
    const carrier = this.#carrier;
    if (carrier === undefined) return;
    const nowMs = this.#options.clock.now();
    this.#lastRoundTripMs = carrier.roundTripMs;
    this.#patience.lost(nowMs, this.lastCarrier);
    this.#lesson.learned(carrier.pace.lesson(nowMs));
    carrier.stop();
    this.#carrier = undefined;
    this.#takenBytes += carrier.taken;
    this.#wastedHere += carrier.wastedBytes;
    this.#gone.add({ number: carrier.number, taken: carrier.taken, remains: carrier.remains() });
    this.#detachedAt = nowMs;
    if (this.#gone.isOverfull) {
      this.sessionBroken(new TeleError("protocol", "the peer never tells what it took of carriers that are gone"));
    }
  }

  /**
   * Counted bytes that arrived at either end, as far as this one knows, and brought the session on: a carrier that brings
   * the beginning of a frame each time which then comes again whole brings nothing.
   */
  get #arrivedBytes(): number {
    return this.takenBytes + this.#takenThere - this.#wastedBytes;
  }

  get #wastedBytes(): number {
    return this.#wastedHere + (this.#carrier?.wastedBytes ?? 0) + this.#resend.wastedBytes;
  }

  /** What is known about the present carrier, or the one before. */
  get lastCarrier(): LostCarrier {
    return {
      arrivedBytes: this.#arrivedBytes,
      isWaiting: this.budget.heldBytes > 0,
      isEmpty: this.isEmpty,
      silentMs: this.#carrier?.silentMs ?? 0,
      roundTripMs: this.lastRoundTripMs,
    };
  }

  /** There may be something to send; see {@linkcode Carrier.wake}. */
  wake(): void {
    this.#carrier?.wake();
  }

  /** There is enough for a write of its own; see {@linkcode Carrier.wakeNow}. */
  wakeNow(): void {
    this.#carrier?.wakeNow();
  }

  /**
   * Ends the session.
   *
   * @param error What the layer above is told.
   * @param ending What the peer is told, if there is a carrier.
   * @returns Settles when the peer was told and has closed, or that took too long.
   */
  end(error: TeleError, ending?: Ending): Promise<void> {
    if (this.#ended !== undefined) return Promise.resolve();
    this.#ended = error;
    const carrier = this.#carrier;
    this.#carrier = undefined;
    if (carrier !== undefined) {
      // Let go of, but for what its write under way has.
      this.#gone.add({ number: carrier.number, taken: carrier.taken, remains: carrier.remains() });
      if (ending === undefined) carrier.stop();
      // With streams open, something that came may be lost here: the peer must not take it for delivered.
      else carrier.sayGoodbye(ending, this.upper.streamCount === 0);
    }
    this.#options.memory?.sessionEnding();
    this.#tellEnd(error);
    this.#options.memory?.sessionEnded();
    return carrier?.done ?? Promise.resolve();
  }

  /** Each though the one before throws: a session that has ended for some only would be silence for the others. */
  #tellEnd(error: TeleError): void {
    try {
      this.#options.onEnding?.(error);
    } finally {
      try {
        this.upper.ended(error);
      } finally {
        this.#turnTimer?.cancel();
        // A carrier that waits for it has the memory of its read.
        this.#endTurn?.();
        for (const remains of this.#gone.clear()) this.#resend.discard(remains);
        this.#resend.clear();
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
  pull(log: FrameLog, bulkBytes: number, urgentBytes: number): void {
    if (this.#ended !== undefined) return;
    const again = this.#resend.moveTo(log, bulkBytes);
    this.upper.pull(log, Math.max(0, bulkBytes - again), Math.max(0, urgentBytes - again));
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
  receiveFrame(payload: Uint8Array): boolean {
    if (this.#ended !== undefined) return true;
    switch (payload[0]) {
      case FrameType.open:
        this.upper.receiveOpen(decodeOpen(payload));
        return true;
      case FrameType.reset:
        this.upper.receiveReset(decodeReset(payload));
        return true;
      case FrameType.windows:
        decodeWindows(payload, (id, limit) => this.upper.receiveWindow(id, limit));
        return true;
      case FrameType.receipt:
        this.#receiveReceipt(decodeReceipt(payload));
        return true;
      case FrameType.lane:
        this.#receiveLane(decodeLane(payload).number);
        return true;
      case FrameType.want:
        // With one carrier there is nothing to choose.
        if (this.#options.end === "server") {
          throw new TeleError("protocol", "the peer wants carriers, which clients give");
        }
        checkWant(payload);
        return true;
    }
    return false;
  }

  #receiveReceipt(receipt: Receipt): void {
    if (receipt.number === this.#carrier?.number) {
      throw new TeleError("protocol", "the peer gave a receipt for the carrier on which it comes");
    }
    this.#takenThere += this.#gone.receipt(receipt, this.lastNumber);
    this.wake();
  }

  #receiveLane(number: number): void {
    if (this.#options.end === "client") throw new TeleError("protocol", "the peer chose a lane, which only clients do");
    if (number === this.#carrier?.number) return;
    throw new TeleError("protocol", `the peer chose a lane on another carrier than ${number}, for which it was`);
  }

  /** @ignore */
  arrivedThere(bytes: number): void {
    this.#takenThere += bytes;
    this.#probePath();
  }

  /** While bulk runs beside it the quiet carrier is asked, which tells of the queue that bulk makes. */
  #probePath(): void {
    if (!this.#path.isShared) return;
    const nowMs = this.#options.clock.now();
    if (!this.#path.isProbeDue(nowMs)) return;
    this.#path.onProbe(nowMs);
    this.#carrier?.ask();
  }

  /**
   * All carriers share one turn: what is left of a read when its allowance is used up waits for the next.
   *
   * @ignore
   */
  turnEnded(): Promise<void> | undefined {
    if (this.#ended !== undefined) return undefined;
    this.upper.turnEnded();
    if (this.#turn !== undefined) return this.#turn;
    if (this.allowance.left >= 1) {
      this.allowance.left = MOST_TURN_COST;
      return undefined;
    }
    const turn = Promise.withResolvers<void>();
    this.#endTurn = turn.resolve;
    this.#turnTimer = this.#options.clock.setTimer(() => {
      this.allowance.left = MOST_TURN_COST;
      this.#turn = undefined;
      turn.resolve();
    }, TURN_PAUSE_MS);
    return this.#turn = turn.promise;
  }

  /** @ignore */
  carrierDoubted(): void {
    if (this.#ended === undefined) this.#options.onDoubted?.();
  }

  /** @ignore */
  carrierTrusted(): void {
    if (this.#ended === undefined) this.#options.onTrusted?.();
  }

  /** @ignore */
  carrierLost(carrier: Carrier, reason: string): void {
    if (carrier !== this.#carrier) return;
    this.detach();
    this.#options.onDetached(reason);
  }

  /** @ignore */
  heard(carrier: Carrier): void {
    if (carrier === this.#carrier) this.receiptsArrived(this.#told);
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

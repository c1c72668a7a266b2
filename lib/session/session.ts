/**
 * What survives carriers: the counts, the replay log, and whoever uses them.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { faultOf, type TeleError } from "../net/error.ts";
import { Carrier, type CarrierHost } from "./carrier/carrier.ts";
import { PathLesson } from "./carrier/path_lesson.ts";
import type { Segment } from "./segment_pool.ts";
import { EndCode } from "./session_constants.ts";
import { type Ending, RefusalError } from "./ending.ts";
import { type LostCarrier, Patience } from "./reconnect/patience.ts";
import { ReplayLog } from "./carrier/replay_log.ts";
import type { Attachment, SessionOptions } from "./session_options.ts";
import type { UpperLayer } from "./upper_layer.ts";

/**
 * One session: at most one carrier at a time, and counts that only grow.
 *
 * Invariant 1: `receivedBytes` and the log see every counted byte once and in order, whatever carriers come and go.
 */
export class Session implements CarrierHost {
  /** What was sent and is not acknowledged. */
  readonly replayLog: ReplayLog;
  /** Identifier given by the server; empty until the first handshake is done. */
  id: Uint8Array = new Uint8Array(0);
  /** Proves both sides on a resume; never sent. */
  resumeSecret: Uint8Array = new Uint8Array(0);
  /** Number of the last attempt to resume. */
  lastAttempt = 0;
  /** How long it waits for a carrier: the smaller of both sides' limits, in milliseconds. */
  resumeTimeoutMs: number = Infinity;
  readonly #options: SessionOptions;
  #received = 0;
  #carrier: Carrier | undefined;
  #detachedAt: number | undefined;
  #lastRoundTripMs = 0;
  readonly #patience = new Patience();
  readonly #lesson = new PathLesson();
  #ended: TeleError | undefined;

  /** A session that was never attached. */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.replayLog = new ReplayLog({ limitBytes: options.limits.replayBufferBytes, memory: options.memory?.logs });
  }

  /** Short name for logs: the first digits of the identifier. */
  get name(): string {
    return this.id.length === 0 ? "new" : encodeHex(this.id.subarray(0, 4));
  }

  /** Counted bytes received. */
  get received(): number {
    return this.#received;
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
   * Whether its end loses nothing: no streams, and nothing that the peer has not taken. A stream that is reset is over
   * here at once; the reset, and what came in front of it, may wait for as long as the session does (invariant 9).
   */
  get isEmpty(): boolean {
    const { streamCount, hasUnsent } = this.upper;
    return this.replayLog.heldBytes === 0 && !hasUnsent && streamCount === 0;
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

  /**
   * Attaches a carrier; an older one is stopped.
   *
   * @returns How many bytes are sent again.
   * @throws {TeleError} `protocol` if the peer's count is impossible. The session has then ended.
   */
  attach(attachment: Attachment): number {
    this.detach();
    let again: number;
    try {
      again = this.replayLog.rewind(attachment.peerReceived);
    } catch (error) {
      this.sessionBroken(error);
      throw error;
    }
    this.#detachedAt = undefined;
    this.upper.acknowledged(attachment.peerReceived);
    this.upper.attached();
    const { clock, pool, limits } = this.#options;
    this.#carrier = new Carrier({
      ...attachment,
      host: this,
      clock,
      pool,
      limits,
      patienceMs: this.#patience.ms,
      caution: this.#lesson.cautionOn(attachment.duplex),
    });
    this.#patience.attached(clock.now(), this.#arrivedBytes);
    return again;
  }

  /** Stops the carrier, in one step: the counts do not change any more until the next is attached. */
  detach(): void {
    if (this.#carrier === undefined) return;
    const nowMs = this.#options.clock.now();
    this.#lastRoundTripMs = this.#carrier.roundTripMs;
    this.#patience.lost(nowMs, this.lastCarrier);
    this.#lesson.learned(this.#carrier.pace.lesson(nowMs));
    this.#carrier.stop();
    this.#carrier = undefined;
    this.#detachedAt = nowMs;
  }

  /** What is known about the present carrier, or the one before. */
  get lastCarrier(): LostCarrier {
    return {
      arrivedBytes: this.#arrivedBytes,
      isWaiting: this.replayLog.heldBytes > 0,
      isEmpty: this.isEmpty,
      silentMs: this.#carrier?.silentMs ?? 0,
      roundTripMs: this.lastRoundTripMs,
    };
  }

  /** Counted bytes that have arrived, at either end, as far as this one knows. */
  get #arrivedBytes(): number {
    return this.#received + this.replayLog.acknowledged;
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
        this.replayLog.clear();
        this.#options.onEnded?.(error);
      }
    }
  }

  // What a carrier asks of its host.

  /** @ignore */
  pull(bulkBytes: number, urgentBytes: number): void {
    if (this.#ended === undefined) this.upper.pull(this.replayLog, bulkBytes, urgentBytes);
  }

  /** @ignore */
  receiveData(bytes: Uint8Array, segment: Segment): void {
    if (this.#ended !== undefined) return;
    // Invariants 1 and 11: the bytes are counted in the step in which the layer above has taken them. What a throw ends
    // with the session was not taken, and the peer must not hear that it was.
    this.upper.receive(bytes, segment);
    this.#received += bytes.length;
  }

  /** @ignore */
  acknowledge(offset: number): void {
    this.replayLog.acknowledge(offset);
    if (this.#ended === undefined) this.upper.acknowledged(offset);
  }

  /** @ignore */
  turnEnded(): Promise<void> | undefined {
    return this.#ended === undefined ? this.upper.turnEnded() : undefined;
  }

  /** @ignore */
  receiveHint(bytes: Uint8Array): void {
    if (this.#ended === undefined) this.upper.receiveHint(bytes);
  }

  /** @ignore */
  get hasHints(): boolean {
    return this.#ended === undefined && this.upper.hasHints;
  }

  /** @ignore */
  takeHints(into: Uint8Array): number {
    return this.#ended === undefined ? this.upper.takeHints(into) : 0;
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
  heard(): void {
    this.#options.onHeard?.();
  }

  /** @ignore */
  peerEnded(ending: Ending): void {
    this.#carrier = undefined;
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

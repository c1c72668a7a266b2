/**
 * What survives carriers: the counts, the replay log, and whoever uses them.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { Clock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { faultOf, type TeleError } from "../net/error.ts";
import { Carrier, type CarrierHost } from "./carrier/carrier.ts";
import type { MemoryBudget } from "./memory_budget.ts";
import type { Segment, SegmentPool } from "./segment_pool.ts";
import { EndCode } from "./session_constants.ts";
import { type Ending, RefusalError } from "./ending.ts";
import { Patience } from "./reconnect/patience.ts";
import { ReplayLog } from "./carrier/replay_log.ts";
import type { SessionLimits } from "./session_limits.ts";

/** The layer above a session: it fills the log and takes what arrives. The mux is one. */
export interface SessionUser {
  /** Puts counted bytes into `log`: up to `bulkBytes`, of urgent ones up to `urgentBytes`, which is more. */
  pull(log: ReplayLog, bulkBytes: number, urgentBytes: number): void;
  /** Counted bytes, in order, each once. A view of `segment`, to be retained by whoever keeps them. */
  receive(bytes: Uint8Array, segment: Segment): void;
  /**
   * All that was read at once has been handed over. The promise, if there is one, settles when the user is ready for more:
   * it was too much for one turn of the event loop.
   */
  turnEnded(): Promise<void> | undefined;
  /** The peer has every counted byte before `offset`. */
  acknowledged(offset: number): void;
  /** An uncounted message: it may be missing or come twice. */
  receiveHint(bytes: Uint8Array): void;
  /** Whether there are uncounted messages to send. */
  readonly hasHints: boolean;
  /** Writes uncounted messages into `into`; returns their bytes, 0 for none. */
  takeHints(into: Uint8Array): number;
  /** A carrier was attached: uncounted messages are to be told again. */
  attached(): void;
  /** The session is over; `error` says why. Called once. */
  ended(error: TeleError): void;
  /** Start credit that the client may take for its streams, in bytes: told in the accept. */
  startPoolBytes: number;
  /** Open streams. */
  readonly streamCount: number;
  /** Whether something waits here that is not in the log yet and belongs to no open stream. */
  readonly hasUnsent: boolean;
}

/** What a {@linkcode Session} is made of. */
export interface SessionOptions {
  /** Time. */
  clock: Clock;
  /** Segments that carriers are read into. */
  pool: SegmentPool;
  /** The layer above. */
  user: SessionUser;
  /** Limits of sessions. */
  limits: SessionLimits;
  /** What the sessions of the process may hold together. */
  memory?: MemoryBudget;
  /** Told when the session has lost its carrier; not when it ends. */
  onDetached(session: Session, reason: string): void;
  /**
   * Told when nothing but a guess excuses the silence of the carrier. Who can dial finds out whether the path is alive; the
   * others wait.
   */
  onDoubted?(session: Session): void;
  /** Told when a carrier that was doubted is heard again. */
  onTrusted?(session: Session): void;
  /** Told when the peer is first heard on a carrier: its handshake is certainly done. */
  onHeard?(session: Session): void;
  /** Told when the session ends, before its user is: what the peer has never heard of can still be taken from it. */
  onEnding?(session: Session, error: TeleError): void;
  /** Told when the session has ended, after its user was. */
  onEnded?(session: Session, error: TeleError): void;
}

/** How a carrier is attached. */
export interface Attachment {
  /** The connection, on which the handshake is done. */
  duplex: Duplex;
  /** Counted bytes the peer has received. */
  peerReceived: number;
  /** Bytes of the session that were read with the handshake. */
  leftover: Uint8Array;
  /** Written before anything else. */
  opening?: Uint8Array;
  /** The round trip that the handshake took, in milliseconds: on a long path nobody is judged before the first reply. */
  roundTripMs?: number;
}

/**
 * One session: at most one carrier at a time, and counts that only grow.
 *
 * Invariant 1: `receivedBytes` and the log see every counted byte once and in order, whatever carriers come and go.
 */
export class Session implements CarrierHost {
  /** What was sent and is not acknowledged. */
  readonly log: ReplayLog;
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
  #ended: TeleError | undefined;

  /** A session that was never attached. */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.log = new ReplayLog({ limitBytes: options.limits.replayBufferBytes, memory: options.memory?.logs });
  }

  /** Short name for logs: the first digits of the identifier. */
  get name(): string {
    return this.id.length === 0 ? "new" : encodeHex(this.id.subarray(0, 4));
  }

  /** Counted bytes received. */
  get received(): number {
    return this.#received;
  }

  /** Who uses it. */
  get user(): SessionUser {
    return this.#options.user;
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
   * Whether its end loses nothing: no streams, and nothing that the peer has not taken. A stream that is reset is over here
   * at once; the reset, and what came in front of it, may wait for as long as the session does (invariant 9).
   */
  get isEmpty(): boolean {
    const { streamCount, hasUnsent } = this.user;
    return this.log.heldBytes === 0 && !hasUnsent && streamCount === 0;
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
      again = this.log.rewind(attachment.peerReceived);
    } catch (error) {
      this.sessionBroken(error);
      throw error;
    }
    this.#detachedAt = undefined;
    this.user.acknowledged(attachment.peerReceived);
    this.user.attached();
    this.#carrier = new Carrier({
      duplex: attachment.duplex,
      host: this,
      clock: this.#options.clock,
      pool: this.#options.pool,
      limits: this.#options.limits,
      leftover: attachment.leftover,
      opening: attachment.opening,
      roundTripMs: attachment.roundTripMs,
      patienceMs: this.#patience.ms,
    });
    this.#patience.attached(this.#options.clock.now(), this.#arrivedBytes);
    return again;
  }

  /** Stops the carrier, in one step: the counts do not change any more until the next is attached. */
  detach(): void {
    if (this.#carrier === undefined) return;
    const nowMs = this.#options.clock.now();
    const { silentMs, roundTripMs } = this.#carrier;
    this.#lastRoundTripMs = roundTripMs;
    this.#patience.lost(nowMs, { arrivedBytes: this.#arrivedBytes, isWaiting: this.log.heldBytes > 0, silentMs });
    this.#carrier.stop();
    this.#carrier = undefined;
    this.#detachedAt = nowMs;
  }

  /** Counted bytes that have arrived, at either end, as far as this one knows. */
  get #arrivedBytes(): number {
    return this.#received + this.log.acknowledged;
  }

  /** There may be something to send; `isMuch` as in {@linkcode Carrier.wake}. */
  wake(isMuch?: boolean): void {
    this.#carrier?.wake(isMuch);
  }

  /**
   * Ends the session.
   *
   * @param error What its user is told.
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
      else carrier.sayGoodbye(ending, this.user.streamCount === 0);
    }
    this.#options.memory?.sessionEnding();
    this.#tellEnd(error);
    this.#options.memory?.sessionEnded();
    return carrier?.done ?? Promise.resolve();
  }

  /** Each though the one before throws: a session that has ended for some only would be silence for the others. */
  #tellEnd(error: TeleError): void {
    try {
      this.#options.onEnding?.(this, error);
    } finally {
      try {
        this.user.ended(error);
      } finally {
        this.log.clear();
        this.#options.onEnded?.(this, error);
      }
    }
  }

  // What a carrier asks of its host.

  /** @ignore */
  pull(bulkBytes: number, urgentBytes: number): void {
    if (this.#ended === undefined) this.user.pull(this.log, bulkBytes, urgentBytes);
  }

  /** @ignore */
  receiveData(bytes: Uint8Array, segment: Segment): void {
    if (this.#ended !== undefined) return;
    // Invariants 1 and 11: the bytes are counted in the step in which the user has taken them. What a throw ends with the
    // session was not taken, and the peer must not hear that it was.
    this.user.receive(bytes, segment);
    this.#received += bytes.length;
  }

  /** @ignore */
  acknowledge(offset: number): void {
    this.log.acknowledge(offset);
    if (this.#ended === undefined) this.user.acknowledged(offset);
  }

  /** @ignore */
  turnEnded(): Promise<void> | undefined {
    return this.#ended === undefined ? this.user.turnEnded() : undefined;
  }

  /** @ignore */
  receiveHint(bytes: Uint8Array): void {
    if (this.#ended === undefined) this.user.receiveHint(bytes);
  }

  /** @ignore */
  get hasHints(): boolean {
    return this.#ended === undefined && this.user.hasHints;
  }

  /** @ignore */
  takeHints(into: Uint8Array): number {
    return this.#ended === undefined ? this.user.takeHints(into) : 0;
  }

  /** @ignore */
  carrierDoubted(): void {
    if (this.#ended === undefined) this.#options.onDoubted?.(this);
  }

  /** @ignore */
  carrierTrusted(): void {
    if (this.#ended === undefined) this.#options.onTrusted?.(this);
  }

  /** @ignore */
  carrierLost(carrier: Carrier, reason: string): void {
    if (carrier !== this.#carrier) return;
    this.detach();
    this.#options.onDetached(this, reason);
  }

  /** @ignore */
  heard(): void {
    this.#options.onHeard?.(this);
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

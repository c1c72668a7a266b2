/**
 * What survives carriers: what they left behind, and whoever uses them.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { faultOf, TeleError } from "../net/error.ts";
import type { Carrier } from "./carrier/carrier.ts";
import type { Allowance } from "./carrier/frame_reader.ts";
import type { Doubt } from "./carrier/liveness.ts";
import { receiveCounted } from "./counted_frames.ts";
import { type Ending, RefusalError } from "./ending.ts";
import type { Receipt } from "./handshake/fields.ts";
import type { JoinLists } from "./joins.ts";
import { LogBudget } from "./log_budget.ts";
import type { Segment } from "./segment_pool.ts";
import { type CarriersHost, SessionCarriers } from "./session_carriers.ts";
import { EndCode } from "./session_constants.ts";
import type { Attachment, SessionOptions } from "./session_options.ts";
import type { Covered } from "./gone_carrier.ts";
import { ReceivingTurns } from "./receiving_turns.ts";
import type { UpperLayer } from "./upper_layer.ts";

/**
 * One session: its carriers come and go, and every counted frame reaches the peer at least once.
 *
 * Invariant 2: what a carrier leaves behind is sent again, without what the peer has taken of it.
 */
export class Session implements CarriersHost {
  /** What was sent and was not taken: in logs, and on its way to another. */
  readonly budget: LogBudget;
  /** Identifier given by the server; empty until the first handshake is done. */
  id: Uint8Array = new Uint8Array(0);
  /** Proves both sides on a join; never sent. */
  joinSecret: Uint8Array = new Uint8Array(0);
  /** Name of the token that it began with, on either side; `undefined` for one without. A join tells the same. */
  tokenName: string | undefined;
  /** Who the client is, for the logs of a server, if it has shown that. */
  client: string | undefined;
  /** From where to where its last carrier goes, at a server, if that is known; see `address_block.ts`. */
  clientAddresses: Uint8Array | undefined;
  /** How long it waits for a carrier: the smaller of both sides' limits, in milliseconds. */
  resumeTimeoutMs: number = Infinity;
  /** Its carriers. */
  readonly carriers: SessionCarriers;
  readonly #options: SessionOptions;
  readonly #turns: ReceivingTurns;
  readonly #over = Promise.withResolvers<void>();
  /** Made once, since each stream is told by it; an identifier that was given stays. */
  #name: string | undefined;
  #ended: TeleError | undefined;

  /** A session that was never attached. */
  constructor(options: SessionOptions) {
    this.#options = options;
    const { clock, limits, memory } = options;
    this.budget = new LogBudget({ limitBytes: limits.replayBufferBytes, memory: memory?.logs });
    this.#turns = new ReceivingTurns(clock);
    this.carriers = new SessionCarriers(options, this);
  }

  /** Short name for logs: the first digits of the identifier. */
  get name(): string {
    if (this.id.length === 0) return "new";
    return this.#name ??= encodeHex(this.id.subarray(0, 4));
  }

  /** What the frames of the present turn may still cost. */
  get allowance(): Allowance {
    return this.#turns.allowance;
  }

  /** Number of the last commit: of the last one given here, or taken. */
  get lastNumber(): number {
    return this.carriers.lastNumber;
  }

  /** Counted bytes that were taken from all carriers. */
  get takenBytes(): number {
    return this.carriers.takenBytes;
  }

  /** Counted bytes that the peer has taken from all carriers, as far as this end knows. */
  get takenThereBytes(): number {
    return this.carriers.remainders.takenThereBytes;
  }

  /** The layer above. */
  get upper(): UpperLayer {
    return this.#options.upper;
  }

  /** The quiet carrier, while there is one. */
  get carrier(): Carrier | undefined {
    return this.carriers.attached.quiet;
  }

  /** When it lost its last carrier, by the clock; `undefined` while attached or never attached. */
  get detachedAt(): number | undefined {
    return this.carriers.detachedAt;
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

  /** The same where streams of which the peer has not heard go on in another session. */
  get losesNoUser(): boolean {
    return this.budget.streamFrames === 0 && !this.upper.hasUnsent && this.upper.openedCount === 0;
  }

  /** Why it ended, once it has. */
  get error(): TeleError | undefined {
    return this.#ended;
  }

  /** Settles when it has ended, and the peer was told; see {@linkcode Session.end}. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Measured round trip of the quiet carrier in milliseconds; 0 if unknown. */
  get roundTripMs(): number {
    return this.carrier?.roundTripMs ?? 0;
  }

  /** The last known round trip, of the quiet carrier or the one before it, in milliseconds; 0 if there is none. */
  get lastRoundTripMs(): number {
    return this.carriers.lastRoundTripMs;
  }

  /** Measured delivery rate of the quiet carrier, in bytes a millisecond; 0 if unknown. */
  get rateBytesPerMs(): number {
    return this.carrier?.room.flight.rateBytesPerMs ?? 0;
  }

  /** How long a frame of data may be, on the path that takes the longest, in bytes; `Infinity` while nothing is known. */
  get frameBytes(): number {
    const { quiets } = this.carriers.attached;
    if (quiets.length < 2) return this.carrier?.room.flight.frameBytes ?? Infinity;
    return Math.max(...quiets.map(({ carrier }) => carrier.room.flight.frameBytes));
  }

  /** What speaks against all its carriers while only a guess excuses that. */
  get doubt(): Doubt | undefined {
    return this.carriers.attached.areDoubted ? this.carrier?.doubt : undefined;
  }

  /** Attaches a carrier beside those that there are; what waits on one that is in doubt is sent again on the others. */
  attach(attachment: Attachment): void {
    this.carriers.attach(attachment);
  }

  /** Stops all carriers, in one step: what they deliver from now on is not taken. */
  detach(reason: string): void {
    this.carriers.detach(reason);
  }

  /**
   * A server takes a commit; see {@linkcode Joins.take}. An impossible receipt ends the session.
   */
  take(lists: JoinLists): { receipts: Receipt[]; againBytes: number } {
    try {
      return this.carriers.joins.take(lists);
    } catch (error) {
      if (!(error instanceof RefusalError)) this.sessionBroken(error);
      throw error;
    }
  }

  /**
   * A client's commit was accepted, and its carrier is attached behind what `take` does. An impossible receipt ends the
   * session, with a goodbye on that carrier.
   *
   * @returns How many bytes are sent again because of its receipts.
   */
  join(attachment: Attachment, take: () => number): number {
    let againBytes = 0;
    let failure: unknown;
    try {
      againBytes = take();
    } catch (error) {
      failure = error;
    }
    this.attach(attachment);
    if (failure !== undefined) this.sessionBroken(failure);
    return againBytes;
  }

  /** The peer's receipts are known. Returns how many bytes are sent again because of them. */
  covered(covered: readonly Covered[]): number {
    return this.carriers.remainders.covered(covered);
  }

  /** There may be something to send; see {@linkcode Carrier.wake}. */
  wake(): void {
    this.carriers.attached.wake();
  }

  /** A server has another ticket for this session: tells it, if there is a carrier; the accept of the next one does else. */
  tellTicket(ticket: Uint8Array): void {
    if (this.carrier === undefined) return;
    this.#options.dueTicket?.due(ticket);
    this.wake();
  }

  /** There is enough for a write of its own; see {@linkcode Carrier.wakeNow}. */
  wakeNow(): void {
    this.carriers.attached.wakeNow();
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
    const told = this.carriers.end(ending);
    this.#over.resolve(told);
    this.#options.memory?.sessionEnding();
    this.#tellEnd(error);
    this.#options.memory?.sessionEnded();
    return told;
  }

  /**
   * It was drained, and the client knows that nothing of it is left: a server says goodbye. If that is lost, the client
   * comes back to a session that is unknown, and loses nothing by it.
   */
  drained(): void {
    const message = "it was drained, and all of its streams are over";
    this.end(new TeleError("closed", message), { code: EndCode.shutdown, message });
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
        this.carriers.remainders.clear();
        this.#options.onEnded?.(error);
      }
    }
  }

  // What a carrier asks of its host.

  /** @ignore */
  get hasSeveral(): boolean {
    return !this.carriers.attached.isSole;
  }

  /** @ignore */
  costOf(type: number): number {
    return this.upper.costOf(type);
  }

  /** @ignore */
  pull(carrier: Carrier, bulkBytes: number, urgentBytes: number, nowMs: number): void {
    if (this.#ended !== undefined) return;
    this.carriers.pull(carrier, bulkBytes, urgentBytes, nowMs);
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
    return this.#ended !== undefined || receiveCounted(payload, on, this.upper, this.carriers.frames);
  }

  /** @ignore */
  arrivedThere(bytes: number): void {
    if (this.#ended === undefined) this.carriers.arrivedThere(bytes);
  }

  /** @ignore */
  turnEnded(): Promise<void> | undefined {
    if (this.#ended === undefined) this.upper.turnEnded();
    return this.#turns.ended();
  }

  /** @ignore */
  carrierDoubted(carrier: Carrier): void {
    if (this.#ended === undefined) this.carriers.doubted(carrier);
  }

  /** @ignore */
  carrierTrusted(carrier: Carrier): void {
    if (this.#ended === undefined) this.carriers.trusted(carrier);
  }

  /** @ignore */
  carrierLeaves(carrier: Carrier): void {
    if (this.#ended === undefined) this.carriers.peerLeaves(carrier);
  }

  /** @ignore */
  carrierLost(carrier: Carrier, reason: string): void {
    if (this.#ended === undefined) this.carriers.carrierLost(carrier, reason);
  }

  /** @ignore */
  heard(carrier: Carrier): void {
    this.carriers.heard(carrier);
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

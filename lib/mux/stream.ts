/**
 * One stream: a user connection carried inside a session.
 *
 * @module
 */
import type { Duplex } from "../net/duplex.ts";
import { reasonOf, TeleError } from "../net/error.ts";
import type { FrameLog } from "../session/carrier/frame_log.ts";
import type { Reset } from "../session/frames.ts";
import type { Segment } from "../session/segment_pool.ts";
import { BreakOff } from "./break_off.ts";
import type { ReceiveWindow } from "./credit.ts";
import type { InboundOwner } from "./inbound.ts";
import { ResetCode } from "./mux_constants.ts";
import { ReceivingHalf } from "./receiving_half.ts";
import { Turn } from "./scheduler.ts";
import { SendingHalf, type SendingOwner } from "./sending_half.ts";
import { type FrameSender, StreamFrames } from "./stream_frames.ts";
import type { StreamEnd, StreamHost, StreamOrigin, StreamStart } from "./stream_host.ts";
import type { Sendable } from "./turns.ts";

/**
 * Carries one user connection: its two halves, and how they end.
 *
 * Invariant 8: a half-close travels behind its data, and what is not a clean end aborts the user's connection. It is
 * finished only when the peer has taken its end: the session may be lost with bytes that were sent and never arrived.
 */
export class MuxStream implements FrameSender, SendingOwner, InboundOwner {
  /** What the scheduler remembers. */
  readonly turn: Turn = new Turn();
  /** What it was opened for, and when. */
  readonly origin: StreamOrigin;
  #host: StreamHost<MuxStream>;
  readonly #frames: StreamFrames;
  readonly #sending: SendingHalf;
  readonly #receiving: ReceivingHalf;
  #user: Duplex | undefined;
  #ended = false;
  /** Made when it is needed, which is seldom. */
  #breakOff: BreakOff | undefined;

  /** A stream without a user's connection yet. */
  constructor(host: StreamHost<MuxStream>, start: StreamStart) {
    this.#host = host;
    this.origin = { service: start.service, atMs: host.clock.now() };
    this.#frames = new StreamFrames(this, host.clock, start.opening !== undefined);
    this.#sending = new SendingHalf(this, this.#frames, start);
    this.#receiving = new ReceivingHalf(start.window, this, this.#sending);
  }

  /** @ignore */
  get host(): StreamHost<MuxStream> {
    return this.#host;
  }

  /** Number of the stream in its session; 0 as long as the peer has never heard of it. */
  get id(): number {
    return this.#sending.id;
  }

  /** What the peer may send. */
  get window(): ReceiveWindow {
    return this.#receiving.window;
  }

  /** The log that everything of it has to go into, until the peer has taken its open from there. */
  get openLog(): object | undefined {
    return this.#frames.openLog;
  }

  /** Whether it is over. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** Whether both directions have ended and arrived at the other end; the user may still have to take the rest. */
  get isComplete(): boolean {
    if (this.#isReset) return this.#receiving.hasArrived;
    return this.#isEndTaken && this.#receiving.isEnding;
  }

  /** Whether all that the peer has sent and will send was received. */
  get hasArrived(): boolean {
    return this.#receiving.hasArrived;
  }

  /** Bytes received and not yet taken by the user's program. */
  get waitingBytes(): number {
    return this.#receiving.waitingBytes;
  }

  /** Bytes of its data that went into logs, and that came; each counts once. */
  get moved(): { sentBytes: number; receivedBytes: number } {
    return { sentBytes: this.#sending.sentBytes, receivedBytes: this.#receiving.receivedBytes };
  }

  /** Who the user is, for logs. */
  get peer(): string {
    return this.#user?.peer ?? "";
  }

  /** Connects the user's end; both directions start. */
  attachUser(user: Duplex): void {
    if (this.#ended) return user.abort();
    this.#user = user;
    if (this.#sending.isOpened) this.#host.streamStarted(this, this.id);
    else this.#host.turns.ready(this);
    this.#receiving.start(user);
    this.#sending.start(user);
  }

  /** Moves a stream that the peer has never heard of to another session: its own is lost, its user is not. */
  moveTo(host: StreamHost<MuxStream>, start: StreamStart): void {
    this.#receiving.restart(start.window);
    this.#sending.restart(start);
    this.#host = host;
    this.#host.turns.ready(this);
  }

  // From the user to the log.

  /** @ignore */
  reading(): void {
    this.#breakOff?.reading();
  }

  /** @ignore */
  came(count: number | null): void {
    if (this.#breakOff?.came(count) === false) return;
    this.#sending.keep(count);
    this.#host.turns.arrived(this);
  }

  /** @ignore */
  readFailed(error: unknown): void {
    this.reset(ResetCode.reset, this.#breakOff?.failure ?? reasonOf(error));
  }

  get #sendsNothing(): boolean {
    return this.#ended || this.#sending.isEndSent || this.#isReset || this.#frames.areQueued;
  }

  /** @ignore */
  numberOf(): number {
    return this.#host.numberOf(this);
  }

  /** Whether there is something that may go into the log now. */
  get wantsTurn(): boolean {
    return !this.#sendsNothing && this.#sending.wantsTurn;
  }

  /** How much it could send. */
  get sendable(): Sendable {
    return this.#sending;
  }

  /** Lets it put frames into the log; see {@linkcode SendingHalf.takeTurn}. */
  takeTurn(log: FrameLog, maxBytes: number, leastBytes: number, nowMs: number): number {
    if (this.#sendsNothing) return 0;
    const bytes = this.#sending.takeTurn(log, maxBytes, leastBytes, nowMs);
    if (this.#sending.isEndSent) this.#finishIfDone();
    return bytes;
  }

  /** @ignore */
  framesTaken(): void {
    if (!this.#sending.isEndSent || this.#ended) return;
    this.#host.endTaken(this);
    this.#finishIfDone();
  }

  /** @ignore */
  framesGone(): void {
    if (this.wantsTurn) this.#host.turns.ready(this);
  }

  /** Whether the peer has taken all that was sent on it, and the end of that. */
  get #isEndTaken(): boolean {
    return this.#sending.isEndSent && (this.#frames.areTaken || this.#host.draining.isAllOver);
  }

  /** The peer grants data up to `offset`. */
  grant(offset: number): void {
    if (this.#sending.grant(offset) && this.wantsTurn) this.#host.turns.ready(this);
  }

  /**
   * Data came; see {@linkcode ReceivingHalf.take}.
   *
   * @throws {TeleError} As that does.
   */
  receive(offset: number, bytes: Uint8Array, segment: Segment): void {
    if (this.#ended) return;
    this.#receiving.take(offset, bytes, segment, this.#host);
    this.#endIfArrived();
  }

  /**
   * The peer's direction ends at `offset`.
   *
   * @throws {TeleError} `protocol` if that cannot be.
   */
  receiveEnd(offset: number): void {
    if (this.#ended) return;
    this.#receiving.end(offset);
    this.#endIfArrived();
  }

  /**
   * The peer's user reset, or could not be reached: so ends the user's connection, behind what came before.
   *
   * @throws {TeleError} `protocol` if its offset cannot be.
   */
  receiveReset({ offset, code, message }: Reset): void {
    if (this.#ended) return;
    this.#receiving.end(offset);
    this.#frames.resetByPeer();
    if (!this.#isReset) this.#breakingOff.resetByPeer({ kind: "reset", code, message, by: "peer" });
  }

  #endIfArrived(): void {
    if (!this.#receiving.hasArrived) return;
    if (this.#isReset) this.#breakingOff.takeLastWrites();
    else this.#receiving.finish();
  }

  /** @ignore */
  written(bytes: number): void {
    if (this.#ended) return;
    if (this.#isReset) return this.#breakingOff.takeLastWrites();
    const { clock, session } = this.#host;
    if (this.#receiving.consumed(bytes, clock, session?.roundTripMs ?? 0)) this.#host.turns.tellWindow(this);
  }

  /** @ignore */
  allWritten(): void {
    this.#finishIfDone();
  }

  /** @ignore */
  writeFailed(error: unknown): void {
    if (!this.#ended) this.#breakingOff.writeFailed(error, this.#user!.readsAfterFailedWrite === true);
  }

  /** Whether the peer has reset it: it ends so when the user has taken what came before. */
  get #isReset(): boolean {
    return this.#breakOff?.peerReset !== undefined;
  }

  get #breakingOff(): BreakOff {
    return this.#breakOff ??= new BreakOff({
      clock: this.#host.clock,
      sending: this.#sending,
      receiving: this.#receiving,
      onEnd: (end) => this.#end(end),
      onFailed: (error) => this.readFailed(error),
    });
  }

  /** Its user's connection is over when both ends were told, also while the peer has to take the last bytes. */
  #finishIfDone(): void {
    if (this.#ended || !this.#sending.isEndSent || !this.#receiving.isFinished) return;
    this.#user?.close();
    if (this.#isEndTaken) this.#end({ kind: "finished" });
  }

  /** Ends it from this side; the peer is told, if it knows of the stream. */
  reset(code: number, message: string): void {
    if (this.#ended) return;
    const end = this.#breakOff?.peerReset;
    if (end !== undefined) return this.#end(end);
    if (this.#sending.isOpened) {
      const { id, sentBytes: offset } = this.#sending;
      this.#host.turns.tellReset({ id, offset, code, message, frames: this.#frames });
    }
    this.#end({ kind: "reset", code, message, by: "here" });
  }

  /** The session is lost, and the stream with it; `isWished` as in {@linkcode StreamEnd}. */
  cut(message: string, isWished = false): void {
    this.#end(this.#breakOff?.peerReset ?? { kind: "cut", message, isWished });
  }

  #end(end: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#breakOff?.cancel();
    this.#receiving.close();
    this.#sending.stop();
    this.#frames.forget();
    try {
      if (end.kind === "finished") this.#user?.close();
      else this.#user?.abort(new TeleError("stream-reset", end.message, { cause: end }));
    } finally {
      this.#host.streamEnded(this, end);
    }
  }
}

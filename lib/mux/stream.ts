/**
 * One stream: a user connection carried inside a session.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { reasonOf } from "../net/error.ts";
import { type Segment, SEGMENT_BYTES, type SegmentPool } from "../session/segment_pool.ts";
import { DATA_HEADER_BYTES, HEADROOM_BYTES, OPEN_FRAME_BYTES } from "../session/session_constants.ts";
import type { FrameLog } from "../session/carrier/frame_log.ts";
import { type Reset, type StartCredits, writeDataHeader, writeOpen } from "../session/frames.ts";
import { LAST_READS_MS, LAST_WRITES_MS, ResetCode } from "./mux_constants.ts";
import { Arrivals } from "./arrivals.ts";
import type { ReceiveWindow } from "./credit.ts";
import type { GapBudget } from "./gap_budget.ts";
import { InboundQueue } from "./inbound.ts";
import { Turn } from "./scheduler.ts";
import { type FrameSender, StreamFrames } from "./stream_frames.ts";

/** Room that must be free in front of data that is given to the log without a copy, in bytes. */
const DATA_HEADROOM_BYTES = HEADROOM_BYTES + DATA_HEADER_BYTES;
/** Sizes of the private buffers that little is read into, in bytes: an idle connection holds the smallest. */
const PRIVATE_READ_BYTES = [2 * 1024, 16 * 1024];
/** A segment with less room left than this is not read into again, in bytes. */
const LEAST_READ_BYTES = 48 * 1024;
/** Data shorter than this is copied into the log rather than kept where it was read, in bytes. */
const ADOPT_BYTES = 4 * 1024;

/**
 * How a stream ended, as the log tells it. Finished means that the peer has taken all of it, not that it was sent; a
 * cut is wished where the peer's process was asked to end.
 */
export type StreamEnd =
  | { kind: "finished" }
  | { kind: "reset"; code: number; message: string; by: "here" | "peer" }
  | { kind: "cut"; message: string; isWished?: boolean };

/** What a stream needs of its mux. */
export interface StreamHost {
  /** Time. */
  readonly clock: Clock;
  /** Segments to read users' connections into. */
  readonly pool: SegmentPool;
  /** How many bytes one turn may take: less while other bulk streams wait for theirs. */
  readonly turnBytes: number;
  /** The next number, since its open goes into a log: one that was given and never seen would be remembered for ever. */
  numberOf(stream: MuxStream): number;
  /** It has something to send. */
  ready(stream: MuxStream): void;
  /** The same, because its user has sent it: it may be asked for it before this returns. */
  arrived(stream: MuxStream): void;
  /** Its window has moved. */
  tellWindow(stream: MuxStream): void;
  /** The peer has taken all that it sent, and its end. */
  endTaken(stream: MuxStream): void;
  /** A reset is to be sent in its name, behind what of its frames waits to be sent again. */
  tellReset(reset: Reset, frames: StreamFrames): void;
  /** It is over and forgotten. */
  streamEnded(stream: MuxStream, end: StreamEnd): void;
  /** Round trip of the session's carrier in milliseconds; 0 if unknown. */
  readonly roundTripMs: number;
  /** Number of the step: what the peer sent together arrives in one. */
  readonly step: number;
  /** Gaps that early data leaves in all streams of the session. */
  readonly gaps: GapBudget;
}

/** What a {@linkcode MuxStream} is made of. */
export interface MuxStreamOptions {
  /** Its number in the session, if the peer has opened it. */
  id?: number;
  /** Its mux. */
  host: StreamHost;
  /** What the peer may send. */
  window: ReceiveWindow;
  /** Credit to send with, in bytes. */
  sendCredit: number;
  /** Whether this side opens it: then an open with these credits goes first. */
  opening?: StartCredits;
}

/** Where the user's connection is read into; then, what was read and is not yet in the log. */
interface Chunk {
  memory: Uint8Array;
  start: number;
  end: number;
  segment: Segment | undefined;
}

const NO_MEMORY = new Uint8Array(0);

/** What follows it runs when the present step is over. */
const SOON = Promise.resolve();

/**
 * Moves one user connection: reads from it when the session can take more, and writes to it what arrives.
 *
 * Invariant 3: the memory of a read is given back when the read has settled, not when the stream ends. Invariant 5:
 * reads one chunk ahead at the most. Invariant 6: what arrives is queued within the stream's own window, so a user that
 * does not read stops nobody else. Invariant 8: a half-close travels behind its data, and what is not a clean end
 * aborts the user's connection. It is finished only when the peer has taken its end: the session may be lost with bytes
 * that were sent and never arrived.
 */
export class MuxStream implements FrameSender {
  /** What the scheduler remembers. */
  readonly turn: Turn = new Turn();
  #id: number;
  #window: ReceiveWindow;
  #host: StreamHost;
  readonly #inbound: InboundQueue;
  readonly #arrivals = new Arrivals();
  #user: Duplex | undefined;
  readonly #frames: StreamFrames;
  #opening: StartCredits | undefined;
  #ended = false;
  /** The peer has reset it; it ends so when the user has taken what came before. */
  #peerReset: StreamEnd | undefined;
  /** Why nothing can be written to the user any more; what it has sent before still goes to the peer. */
  #writeFailure: string | undefined;
  /** Ends it when its user makes neither of these come to its end. */
  #limit: Timer | undefined;

  #sent = 0;
  #sendLimit: number;
  /** One object for all reads: there is never more than one chunk. */
  readonly #chunk: Chunk = { memory: NO_MEMORY, start: 0, end: 0, segment: undefined };
  #isChunkFull = false;
  /** Whether the user's connection has the chunk's memory. */
  #isReading = false;
  #readEnded = false;
  #finSent = false;
  #buffer: Uint8Array | undefined;
  #bufferClass = 0;
  #segment: Segment | undefined;
  #segmentUsed = 0;

  /** A stream without a user's connection yet. */
  constructor(options: MuxStreamOptions) {
    this.#id = options.id ?? 0;
    this.#window = options.window;
    this.#host = options.host;
    this.#sendLimit = options.sendCredit;
    this.#opening = options.opening;
    this.#frames = new StreamFrames(this, options.host.clock);
    this.#inbound = new InboundQueue({
      pool: options.host.pool,
      step: () => this.#host.step,
      onWritten: (bytes) => this.#onWritten(bytes),
      onFinished: () => this.#finishIfDone(),
      onFailed: (error) => this.#onWriteFailed(error),
    });
  }

  /** Number of the stream in its session; 0 as long as the peer has never heard of it. */
  get id(): number {
    return this.#id;
  }

  /** What the peer may send. */
  get window(): ReceiveWindow {
    return this.#window;
  }

  /** Whether the peer knows of it: an open was put into a log, or came from the peer. */
  get isOpened(): boolean {
    return this.#opening === undefined;
  }

  /** Whether it is over. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /**
   * Whether both directions have ended, all of the peer's has come, and the peer has taken all of this end's; the user may
   * still have to take the rest.
   */
  get isComplete(): boolean {
    if (this.#peerReset !== undefined) return this.#arrivals.isComplete;
    return this.#isEndTaken && this.#inbound.isComplete;
  }

  /** Whether all that the peer has sent and will send was received. */
  get hasArrived(): boolean {
    return this.#arrivals.isComplete;
  }

  /** Bytes received and not yet taken by the user's program. */
  get waitingBytes(): number {
    return this.#inbound.waitingBytes;
  }

  /** Who the user is, for logs. */
  get peer(): string {
    return this.#user?.peer ?? "";
  }

  /** Connects the user's end; both directions start. */
  attachUser(user: Duplex): void {
    if (this.#ended) return user.abort();
    this.#user = user;
    if (this.#opening !== undefined) this.#host.ready(this);
    this.#inbound.start(user);
    this.#read();
  }

  /**
   * Moves a stream that the peer has never heard of to another session: the present one is lost, its user need not be.
   */
  moveTo(options: MuxStreamOptions): void {
    this.window.close();
    this.#window = options.window;
    this.#host = options.host;
    this.#sendLimit = options.sendCredit;
    this.#opening = options.opening;
    this.turn.queued = false;
    this.#host.ready(this);
  }

  // From the user to the log.

  /** Without an async function: each of a stream's many small messages would cost one, and a promise to go on. */
  readonly #read = (): void => {
    if (this.#ended) return;
    if (this.#writeFailure !== undefined) this.#awaitLastRead();
    this.#prepareChunk();
    const { memory, start, end } = this.#chunk;
    const into = end - start === memory.length ? memory : memory.subarray(start, end);
    const user = this.#user!;
    this.#isReading = true;
    try {
      if (user.readWith !== undefined) user.readWith(into, this.#onRead, this.#onReadFailed);
      else user.read(into).then(this.#onRead, this.#onReadFailed);
    } catch (error) {
      this.#onReadFailed(error);
    }
  };

  readonly #onRead = (count: number | null): void => {
    this.#isReading = false;
    if (this.#ended) return this.#dropReadBuffer();
    if (this.#isBreakingOff) return this.#onLastRead(count);
    this.#arrived(count);
  };

  #arrived(count: number | null): void {
    if (count === null) {
      this.#readEnded = true;
      this.#dropReadBuffer();
    } else {
      const chunk = this.#chunk;
      this.#resize(count, chunk.end - chunk.start);
      chunk.end = chunk.start + count;
      if (chunk.segment !== undefined) this.#segmentUsed = chunk.end;
      this.#isChunkFull = true;
    }
    this.#host.arrived(this);
  }

  readonly #onReadFailed = (error: unknown): void => {
    this.#isReading = false;
    if (this.#ended) return this.#dropReadBuffer();
    this.#onFailed(error);
  };

  readonly #onFailed = (error: unknown): void => {
    this.reset(ResetCode.reset, this.#writeFailure ?? reasonOf(error));
  };

  /** Small while little comes, so that ten thousand idle connections cost little; segments of a pool for bulk. */
  #prepareChunk(): void {
    const chunk = this.#chunk;
    if (this.#isBulk && (this.#segment !== undefined || !this.#host.pool.isScarce)) {
      this.#buffer = undefined;
      if (this.#segment !== undefined && SEGMENT_BYTES - this.#segmentUsed < LEAST_READ_BYTES + DATA_HEADROOM_BYTES) {
        this.#dropSegment();
      }
      if (this.#segment === undefined) this.#segmentUsed = 0;
      const segment = this.#segment ??= this.#host.pool.take();
      chunk.memory = segment.memory;
      chunk.segment = segment;
      chunk.start = this.#segmentUsed + DATA_HEADROOM_BYTES;
      // No more than one turn takes, with the header of its frame: the rest of a larger read would have to be copied.
      chunk.end = Math.min(chunk.start + this.#host.turnBytes - DATA_HEADER_BYTES, SEGMENT_BYTES);
      return;
    }
    this.#dropSegment();
    const bytes = PRIVATE_READ_BYTES[Math.min(this.#bufferClass, PRIVATE_READ_BYTES.length - 1)]!;
    if (this.#buffer?.length !== bytes) this.#buffer = new Uint8Array(bytes);
    chunk.memory = this.#buffer;
    chunk.segment = undefined;
    chunk.start = 0;
    chunk.end = bytes;
  }

  get #isBulk(): boolean {
    return this.#bufferClass === PRIVATE_READ_BYTES.length;
  }

  #resize(count: number, room: number): void {
    if (count === room) this.#bufferClass = Math.min(this.#bufferClass + 1, PRIVATE_READ_BYTES.length);
    else if (this.#bufferClass > 0 && count < PRIVATE_READ_BYTES[this.#bufferClass - 1]!) this.#bufferClass--;
  }

  #dropSegment(): void {
    this.#segment?.release();
    this.#segment = undefined;
  }

  #dropReadBuffer(): void {
    this.#dropSegment();
    this.#buffer = undefined;
    this.#chunk.memory = NO_MEMORY;
    this.#chunk.segment = undefined;
  }

  get #sendsNothing(): boolean {
    return this.#ended || this.#finSent || this.#peerReset !== undefined || this.#frames.areQueued;
  }

  /** Whether there is something that may go into the log now. */
  get wantsTurn(): boolean {
    if (this.#sendsNothing) return false;
    if (this.#opening !== undefined) return true;
    if (this.#isChunkFull) return this.#sent < this.#sendLimit;
    return this.#readEnded;
  }

  /**
   * Puts up to `maxBytes` bytes of frames of data into the log; an open or an end goes whatever the limit.
   *
   * @param leastBytes A frame with a part of what waits that is smaller, for want of room, is not worth it.
   * @returns How many, without those of an open or an end.
   */
  takeTurn(log: FrameLog, maxBytes: number, leastBytes: number, nowMs: number): number {
    if (this.#sendsNothing) return 0;
    if (this.#opening !== undefined) {
      const at = log.reserve(OPEN_FRAME_BYTES, this.#frames);
      this.#id = this.#host.numberOf(this);
      writeOpen(log.arena, at, this.id, this.#opening);
      this.#opening = undefined;
    }
    const bytes = this.#takeData(log, maxBytes, leastBytes, nowMs);
    if (!this.#isChunkFull && this.#readEnded) {
      const at = log.reserve(DATA_HEADER_BYTES, this.#frames);
      writeDataHeader(log.arena, at, { id: this.id, offset: this.#sent, length: 0, isEnd: true });
      this.#finSent = true;
      this.#finishIfDone();
    }
    return bytes;
  }

  #takeData(log: FrameLog, maxBytes: number, leastBytes: number, nowMs: number): number {
    const chunk = this.#chunk;
    if (!this.#isChunkFull) return 0;
    const waiting = chunk.end - chunk.start;
    const room = maxBytes - DATA_HEADER_BYTES;
    const length = Math.min(waiting, room, this.#sendLimit - this.#sent);
    if (length <= 0) return 0;
    const isWhole = length === waiting;
    if (!isWhole && length === room && maxBytes < leastBytes) return 0;
    const header = { id: this.id, offset: this.#sent, length, isEnd: false };
    if (isWhole && chunk.segment !== undefined && length >= ADOPT_BYTES) {
      const start = chunk.start - DATA_HEADER_BYTES;
      writeDataHeader(chunk.memory, start, header);
      log.adopt(chunk.memory, start, chunk.end, {
        segment: chunk.segment,
        owner: this.#frames,
        headroom: HEADROOM_BYTES,
      });
    } else {
      // A part is copied, so that what stands in front of the rest is free for its headers.
      const at = log.reserve(DATA_HEADER_BYTES + length, this.#frames);
      writeDataHeader(log.arena, at, header);
      log.arena.set(chunk.memory.subarray(chunk.start, chunk.start + length), at + DATA_HEADER_BYTES);
      chunk.start += length;
    }
    this.#sent += length;
    this.turn.sent(length, nowMs);
    if (isWhole) {
      this.#isChunkFull = false;
      if (this.#isBulk) {
        // When all have had their turns: how much to read depends on who waits for the next.
        SOON.then(this.#read);
      } else {
        this.#read();
      }
    }
    return DATA_HEADER_BYTES + length;
  }

  // What becomes of its frames.

  /** @ignore */
  framesTaken(): void {
    if (!this.#finSent || this.#ended) return;
    this.#host.endTaken(this);
    this.#finishIfDone();
  }

  /** @ignore */
  framesGone(): void {
    if (this.wantsTurn) this.#host.ready(this);
  }

  /** Whether the peer has taken all that was sent on it, and the end of that. */
  get #isEndTaken(): boolean {
    return this.#finSent && this.#frames.areTaken;
  }

  /** The peer grants data up to `offset`. */
  grant(offset: number): void {
    if (offset <= this.#sendLimit) return;
    this.#sendLimit = offset;
    if (this.wantsTurn) this.#host.ready(this);
  }

  // From the peer to the user.

  /**
   * Data came, perhaps again, perhaps before what is in front of it.
   *
   * @throws {TeleError} `protocol` if it goes beyond the credit or the end, `carrier-lost` if it is early and there is no
   *   memory for it.
   */
  receive(offset: number, bytes: Uint8Array, segment: Segment): void {
    if (this.#ended) return;
    const due = this.#arrivals.take(offset, bytes, segment, this.#window.granted, this.#host);
    if (due !== undefined) this.#inbound.push(due, segment);
    if (this.#arrivals.hasEarly) this.#takeEarly();
    this.#endIfArrived();
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
   * The peer's direction ends at `offset`.
   *
   * @throws {TeleError} `protocol` if that cannot be.
   */
  receiveEnd(offset: number): void {
    if (this.#ended) return;
    this.#arrivals.end(offset, this.#window.granted);
    this.#endIfArrived();
  }

  /**
   * The peer's user reset, or could not be reached: so ends the user's connection, behind what came before.
   *
   * @throws {TeleError} `protocol` if its offset cannot be.
   */
  receiveReset({ offset, code, message }: Reset): void {
    if (this.#ended) return;
    this.#arrivals.end(offset, this.#window.granted);
    if (this.#peerReset !== undefined) return;
    this.#peerReset = { kind: "reset", code, message, by: "peer" };
    this.#takeLastWrites();
  }

  #endIfArrived(): void {
    if (!this.#arrivals.isComplete) return;
    if (this.#peerReset !== undefined) this.#takeLastWrites();
    else if (!this.#inbound.isComplete) this.#inbound.finish();
  }

  #onWritten(bytes: number): void {
    if (this.#ended) return;
    if (this.#peerReset !== undefined) return this.#takeLastWrites();
    const { clock, roundTripMs } = this.#host;
    if (this.window.consume(bytes, clock, roundTripMs)) this.#host.tellWindow(this);
  }

  // Breaking off: a program that resets has often said why.

  get #isBreakingOff(): boolean {
    return this.#peerReset !== undefined || this.#writeFailure !== undefined;
  }

  /** After the peer's reset: ends when the user has taken everything, or takes nothing for too long. */
  #takeLastWrites(): void {
    const end = this.#peerReset!;
    const isTaken = this.#inbound.waitingBytes === 0;
    if ((this.#arrivals.isComplete && isTaken) || this.#writeFailure !== undefined) return this.#end(end);
    // The rest is on its way, by another carrier, and the user waits for it.
    if (isTaken) this.#limit?.cancel();
    else this.#limitTo(LAST_WRITES_MS, () => this.#end(end));
    if (!this.#isChunkFull) return;
    // It may read only when all that it sends was taken: that goes nowhere now.
    this.#isChunkFull = false;
    this.#read();
  }

  /** The user takes nothing more: what it has sent before, such as why, goes to the peer, and then the reset. */
  #onWriteFailed(error: unknown): void {
    if (this.#ended) return;
    this.#writeFailure = reasonOf(error);
    if (this.#peerReset !== undefined) return this.#end(this.#peerReset);
    if (this.#readEnded || !this.#user!.readsAfterFailedWrite) return this.#onFailed(error);
    this.#inbound.drop();
    if (!this.#isChunkFull) this.#awaitLastRead();
  }

  #awaitLastRead(): void {
    this.#limitTo(LAST_READS_MS, () => this.#onFailed(undefined));
  }

  #onLastRead(count: number | null): void {
    if (this.#peerReset !== undefined) {
      if (count !== null) SOON.then(this.#read);
      return;
    }
    this.#limit?.cancel();
    if (count === null) return this.#onFailed(undefined);
    this.#arrived(count);
  }

  #limitTo(ms: number, end: () => void): void {
    this.#limit?.cancel();
    this.#limit = this.#host.clock.setTimer(end, ms);
  }

  // Endings.

  /**
   * Its user's connection is over when both ends were told: it need not stay open until the peer has taken the last
   * bytes.
   */
  #finishIfDone(): void {
    if (this.#ended || !this.#finSent || !this.#inbound.isFinished) return;
    this.#user?.close();
    if (this.#isEndTaken) this.#end({ kind: "finished" });
  }

  /** Ends it from this side; the peer is told, if it knows of the stream. */
  reset(code: number, message: string): void {
    if (this.#ended) return;
    if (this.#peerReset !== undefined) return this.#end(this.#peerReset);
    if (this.isOpened) this.#host.tellReset({ id: this.id, offset: this.#sent, code, message }, this.#frames);
    this.#end({ kind: "reset", code, message, by: "here" });
  }

  /** The session is lost, and the stream with it; `isWished` as in {@linkcode StreamEnd}. */
  cut(message: string, isWished = false): void {
    this.#end(this.#peerReset ?? { kind: "cut", message, isWished });
  }

  #end(end: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#limit?.cancel();
    this.#inbound.drop();
    this.#arrivals.drop();
    // A read that is under way has the memory until it settles, which may be long after the user's connection was
    // closed.
    if (!this.#isReading) this.#dropReadBuffer();
    this.#isChunkFull = false;
    this.window.close();
    this.#frames.forget();
    try {
      if (end.kind === "finished") this.#user?.close();
      else this.#user?.abort(end.message);
    } finally {
      this.#host.streamEnded(this, end);
    }
  }
}

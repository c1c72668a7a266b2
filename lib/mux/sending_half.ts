/**
 * The direction of a stream from its user to the log.
 *
 * @module
 */
import { addressBlock } from "../net/address_block.ts";
import type { Duplex } from "../net/duplex.ts";
import type { FrameLog } from "../session/carrier/frame_log.ts";
import type { FrameOwner } from "../session/carrier/piece_queue.ts";
import { openFrameBytes, type StartCredits, writeDataHeader, writeOpen } from "../session/frames.ts";
import { DATA_HEADER_BYTES, HEADROOM_BYTES } from "../session/session_constants.ts";
import { type ChunkSource, ReadChunk } from "./read_chunk.ts";
import type { Turn } from "./scheduler.ts";
import type { StreamHost, StreamStart } from "./stream_host.ts";
import type { Sendable } from "./turns.ts";

/** Data shorter than this is copied into the log rather than kept where it was read, in bytes. */
const ADOPT_BYTES = 4 * 1024;

/** A microtask. */
const SOON = Promise.resolve();

/** Who decides what becomes of what a user sends: the stream. */
export interface SendingOwner {
  /** What it has of its mux: memory for reads, and what opens tell. */
  readonly host: ChunkSource & Pick<StreamHost<never>, "tellsUsers">;
  /** What the scheduler remembers of it. */
  readonly turn: Turn;
  /** Its number: its open goes into the log. */
  numberOf(): number;
  /** A read is about to begin. */
  reading(): void;
  /** `count` bytes came, or the end: they are kept only by {@linkcode SendingHalf.keep}. */
  came(count: number | null): void;
  /** The user's connection failed. */
  readFailed(error: unknown): void;
}

/** What the open of a stream says. */
interface Opening {
  readonly credits: StartCredits;
  /** Name of the service that it is for, if that has one. */
  readonly service: string | undefined;
}

/**
 * Reads from a user when the log has taken what was read before, and makes frames of it.
 *
 * Without an async function: each of a stream's many small messages would cost one, and a promise to go on. Invariant
 * 3: the memory of a read is given back when the read has settled, not when the stream ends. Invariant 5: it reads one
 * chunk ahead at the most.
 */
export class SendingHalf implements Sendable {
  readonly #owner: SendingOwner;
  readonly #frames: FrameOwner;
  readonly #chunk = new ReadChunk();
  #id: number;
  #opening: Opening | undefined;
  #user: Duplex | undefined;
  #limit: number;
  #sent = 0;
  #isChunkFull = false;
  /** Whether the user's connection has the chunk's memory. */
  #isReading = false;
  #isReadToEnd = false;
  #isEndSent = false;
  #isStopped = false;

  /** Reads nothing before {@linkcode SendingHalf.start}; `frames` own what goes into the log. */
  constructor(owner: SendingOwner, frames: FrameOwner, start: Omit<StreamStart, "window">) {
    this.#owner = owner;
    this.#frames = frames;
    this.#id = start.id ?? 0;
    this.#limit = start.sendCredit;
    this.#opening = start.opening && { credits: start.opening, service: start.service };
  }

  /** Number of the stream; 0 as long as the peer has never heard of it. */
  get id(): number {
    return this.#id;
  }

  /** Whether the peer knows of it: an open was put into a log, or came from the peer. */
  get isOpened(): boolean {
    return this.#opening === undefined;
  }

  /** Bytes of data that went into the log: the offset behind them. */
  get sentBytes(): number {
    return this.#sent;
  }

  /** Whether its end went into the log. */
  get isEndSent(): boolean {
    return this.#isEndSent;
  }

  /** Whether the user has ended it. */
  get isReadToEnd(): boolean {
    return this.#isReadToEnd;
  }

  /** Whether something was read that the log has not taken. */
  get isWaiting(): boolean {
    return this.#isChunkFull;
  }

  /** Bytes of data that its next turn could take. */
  get nextBytes(): number {
    return this.#isChunkFull ? Math.min(this.#chunk.length, this.creditBytes) : 0;
  }

  /** Bytes of data that the peer takes before it grants more. */
  get creditBytes(): number {
    return this.#limit - this.#sent;
  }

  /** Whether there is something that may go into the log now. */
  get wantsTurn(): boolean {
    if (this.#opening !== undefined) return true;
    return this.#isChunkFull ? this.#sent < this.#limit : this.#isReadToEnd && !this.#isEndSent;
  }

  /** The user's connection is there. */
  start(user: Duplex): void {
    this.#user = user;
    this.#read();
  }

  /**
   * The peer grants data up to `offset`.
   *
   * @returns Whether that is more than before.
   */
  grant(offset: number): boolean {
    if (offset <= this.#limit) return false;
    this.#limit = offset;
    return true;
  }

  /** Another session takes it over, in which it was not opened yet. */
  restart(start: Omit<StreamStart, "window">): void {
    this.#limit = start.sendCredit;
    this.#opening = start.opening && { credits: start.opening, service: this.#opening?.service };
  }

  #read(): void {
    if (this.#isStopped) return;
    this.#owner.reading();
    const user = this.#user!;
    const into = this.#chunk.prepare(this.#owner.host, user.fillsAtOnce);
    this.#isReading = true;
    try {
      if (user.readWith !== undefined) user.readWith(into, this.#onRead, this.#onReadFailed);
      else user.read(into).then(this.#onRead, this.#onReadFailed);
    } catch (error) {
      this.#onReadFailed(error);
    }
  }

  readonly #onRead = (count: number | null): void => {
    this.#isReading = false;
    if (this.#isStopped) return this.#chunk.drop();
    this.#owner.came(count);
  };

  readonly #onReadFailed = (error: unknown): void => {
    this.#isReading = false;
    if (this.#isStopped) return this.#chunk.drop();
    this.#owner.readFailed(error);
  };

  /** What came is to be sent. */
  keep(count: number | null): void {
    if (count === null) {
      this.#isReadToEnd = true;
      this.#chunk.drop();
    } else {
      this.#chunk.filled(count, this.#owner.host);
      this.#isChunkFull = true;
    }
  }

  /** What waits goes nowhere: reads on. */
  discard(): void {
    this.#isChunkFull = false;
    this.#read();
  }

  /** Reads on when the present step is over. */
  readSoon(): void {
    SOON.then(() => this.#read());
  }

  /**
   * Puts up to `maxBytes` bytes of frames of data into the log; an open or an end goes whatever the limit.
   *
   * @param leastBytes A frame with a part of what waits that is smaller, for want of room, is not worth it.
   * @returns How many, without those of an open or an end.
   */
  takeTurn(log: FrameLog, maxBytes: number, leastBytes: number, nowMs: number): number {
    if (this.#opening !== undefined) this.#open(log, this.#opening);
    const length = this.#takeData(log, maxBytes, leastBytes);
    if (length > 0) {
      this.#owner.turn.sent(length, nowMs);
      if (!this.#isChunkFull) this.#readOn();
    }
    if (!this.#isChunkFull && this.#isReadToEnd && !this.#isEndSent) this.#takeEnd(log);
    return length > 0 ? DATA_HEADER_BYTES + length : 0;
  }

  #open(log: FrameLog, { credits, service }: Opening): void {
    const details = { name: service, user: this.#owner.host.tellsUsers ? addressBlock(this.#user!) : undefined };
    const at = log.reserve(openFrameBytes(details), this.#frames);
    this.#id = this.#owner.numberOf();
    writeOpen(log.arena, at, this.#id, credits, details);
    this.#opening = undefined;
  }

  /** Returns how many bytes of data went. */
  #takeData(log: FrameLog, maxBytes: number, leastBytes: number): number {
    if (!this.#isChunkFull) return 0;
    const waiting = this.#chunk.length;
    const room = maxBytes - DATA_HEADER_BYTES;
    const length = Math.min(waiting, room, this.#limit - this.#sent);
    if (length <= 0) return 0;
    const isWhole = length === waiting;
    if (!isWhole && length === room && maxBytes < leastBytes) return 0;
    this.#put(log, length, isWhole);
    this.#sent += length;
    if (isWhole) this.#isChunkFull = false;
    return length;
  }

  #put(log: FrameLog, length: number, isWhole: boolean): void {
    const chunk = this.#chunk;
    const header = { id: this.#id, offset: this.#sent, length, isEnd: false };
    const { segment } = chunk;
    if (isWhole && segment !== undefined && length >= ADOPT_BYTES) {
      const start = chunk.start - DATA_HEADER_BYTES;
      writeDataHeader(chunk.memory, start, header);
      log.adopt(chunk.memory, start, chunk.end, { segment, owner: this.#frames, headroom: HEADROOM_BYTES });
    } else {
      // A part is copied, so that what stands in front of the rest is free for its headers.
      const at = log.reserve(DATA_HEADER_BYTES + length, this.#frames);
      writeDataHeader(log.arena, at, header);
      log.arena.set(chunk.memory.subarray(chunk.start, chunk.start + length), at + DATA_HEADER_BYTES);
      chunk.start += length;
    }
  }

  /** All that was read is in the log: reads on. */
  #readOn(): void {
    // Of bulk when all have had their turns: how much to read depends on who waits for the next.
    if (this.#chunk.isBulk) SOON.then(() => this.#read());
    else this.#read();
  }

  #takeEnd(log: FrameLog): void {
    const at = log.reserve(DATA_HEADER_BYTES, this.#frames);
    writeDataHeader(log.arena, at, { id: this.#id, offset: this.#sent, length: 0, isEnd: true });
    this.#isEndSent = true;
  }

  /** Nothing is read or sent any more. */
  stop(): void {
    this.#isStopped = true;
    // A read that is under way has the memory until it settles, which may be long after the user's connection was
    // closed.
    if (!this.#isReading) this.#chunk.drop();
    this.#isChunkFull = false;
  }
}

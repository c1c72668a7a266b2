/**
 * Data that has arrived for a user and is not yet written to its connection.
 *
 * @module
 */
import type { Duplex } from "../net/duplex.ts";
import { type Segment, type SegmentPool, SMALL_SEGMENT_BYTES } from "../session/segment_pool.ts";

/** Data shorter than this is copied rather than kept in the segment it came in, in bytes. */
const KEEP_BYTES = 4 * 1024;

interface Waiting {
  /** The bytes are at the front of it. */
  memory: Uint8Array;
  length: number;
  /** Released when they are written. */
  segment: Segment | undefined;
  /** Whether the memory is this queue's own: more may be put behind the bytes. */
  isCopy: boolean;
}

/** Settled: what is put behind it is a microtask. */
const SOON = Promise.resolve();

/** Who hears what becomes of it: the stream. */
export interface InboundOwner {
  /** What it has of its mux. */
  readonly host: {
    /** Where small segments for copies come from; what arrives may lie in those of another. */
    readonly pool: SegmentPool;
    /** Number of the step: what the peer sent together arrives in one. */
    readonly step: number;
  };
  /** The user's connection took `bytes` bytes. */
  written(bytes: number): void;
  /** Everything was written, and the end behind it. */
  allWritten(): void;
  /** The user's connection failed. */
  writeFailed(error: unknown): void;
}

/** The direction from the user. */
export interface OtherHalf {
  /** Whether the user's end was read and is on its way to the peer. */
  readonly isEndSent: boolean;
}

/**
 * Writes to a user's connection what arrives, one write at a time. Whoever delivers never waits.
 *
 * The first piece of a step is written at once, straight from the segment that the carrier was read into: most messages
 * need no more. What comes behind it is gathered: large pieces stay in their segment; small ones, and all when segments
 * are scarce, are copied. Invariant 5: it holds at most the credit granted, in buffers of that order of size, and until
 * segments are scarce one of them for the write that waits. No closure before a write has to wait: ten thousand streams
 * may be idle.
 */
export class InboundQueue {
  readonly #owner: InboundOwner;
  readonly #other: OtherHalf;
  #queue: Waiting[] = [];
  #user: Duplex | undefined;
  /** Whether a write waits, or is to begin when this step is over. */
  #isWriting = false;
  /** Bytes of the write that waits. */
  #writingBytes = 0;
  /** Released when it is done. */
  #writingSegment: Segment | undefined;
  /** In which step a piece was last written at once. */
  #lastStep = 0;
  #waitingBytes = 0;
  #finReceived = false;
  #finished = false;
  #dropped = false;

  /** An empty queue. */
  constructor(owner: InboundOwner, other: OtherHalf) {
    this.#owner = owner;
    this.#other = other;
  }

  /** Bytes that wait. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether the peer's direction has ended; what came before may still wait. */
  get isComplete(): boolean {
    return this.#finReceived;
  }

  /** Whether the peer's direction has ended and the user was told. */
  get isFinished(): boolean {
    return this.#finished;
  }

  /** Writing begins: the user's connection is there. */
  start(user: Duplex): void {
    this.#user = user;
    this.#writeIfIdle();
  }

  /** Takes data. */
  push(bytes: Uint8Array, segment: Segment): void {
    if (this.#dropped) return;
    this.#waitingBytes += bytes.length;
    if (this.#user !== undefined && !this.#isWriting) {
      const { step } = this.#owner.host;
      if (step !== this.#lastStep && !segment.isScarce) {
        this.#lastStep = step;
        segment.retain();
        return this.#write(this.#user, bytes, segment);
      }
      this.#isWriting = true;
      SOON.then(() => this.#writeQueue());
    }
    this.#add(bytes, segment);
  }

  #add(bytes: Uint8Array, segment: Segment): void {
    if (bytes.length >= KEEP_BYTES && segment.isPooled && !segment.isScarce) {
      segment.retain();
      this.#queue.push({ memory: bytes, length: bytes.length, segment, isCopy: false });
    } else {
      this.#copy(bytes);
    }
  }

  #copy(bytes: Uint8Array): void {
    const last = this.#queue[this.#queue.length - 1];
    if (last !== undefined && last.isCopy) {
      const fits = Math.min(bytes.length, last.memory.length - last.length);
      last.memory.set(bytes.subarray(0, fits), last.length);
      last.length += fits;
      if (fits === bytes.length) return;
      bytes = bytes.subarray(fits);
    }
    const segment = bytes.length <= SMALL_SEGMENT_BYTES ? this.#owner.host.pool.takeSmall() : undefined;
    const memory = segment?.memory ?? new Uint8Array(bytes.length);
    memory.set(bytes);
    this.#queue.push({ memory, length: bytes.length, segment, isCopy: true });
  }

  /** No more data will come. */
  finish(): void {
    this.#finReceived = true;
    this.#writeIfIdle();
  }

  /** Forgets everything, and what still comes; a write under way may end as it likes. */
  drop(): void {
    this.#dropped = true;
    for (const waiting of this.#queue) waiting.segment?.release();
    this.#queue = [];
    this.#waitingBytes = 0;
  }

  #writeIfIdle(): void {
    if (!this.#isWriting && this.#user !== undefined) this.#writeQueue();
  }

  #writeQueue(): void {
    this.#isWriting = false;
    while (!this.#dropped && !this.#isWriting) {
      const next = this.#queue.shift();
      if (next === undefined) return this.#endIfDue();
      const { memory, length, segment } = next;
      this.#write(this.#user!, memory.length === length ? memory : memory.subarray(0, length), segment);
    }
  }

  /** Without an async function, and without a promise where it can be: each of many small messages would cost them. */
  #write(user: Duplex, bytes: Uint8Array, segment: Segment | undefined): void {
    let writing;
    try {
      writing = user.writeNow === undefined ? user.write(bytes) : user.writeNow(bytes);
    } catch (error) {
      writing = Promise.reject(error);
    }
    if (writing === undefined) return this.#done(bytes.length, segment);
    this.#isWriting = true;
    this.#writingBytes = bytes.length;
    this.#writingSegment = segment;
    writing.then(() => this.#written(), (error) => this.#failed(error));
  }

  #written(): void {
    this.#done(this.#writingBytes, this.#takeWritingSegment());
    this.#writeQueue();
  }

  #done(bytes: number, segment: Segment | undefined): void {
    segment?.release();
    if (this.#dropped) return;
    this.#waitingBytes -= bytes;
    this.#owner.written(bytes);
  }

  #takeWritingSegment(): Segment | undefined {
    const segment = this.#writingSegment;
    this.#writingSegment = undefined;
    return segment;
  }

  #endIfDue(): void {
    if (!this.#finReceived || this.#finished) return;
    this.#isWriting = true;
    this.#close(this.#user!).then(() => this.#closed(), (error) => this.#failed(error));
  }

  /** What it throws is a rejection. Behind both ends the stream closes the user's connection, whatever follows. */
  #close(user: Duplex): Promise<void> {
    try {
      return user.closeWrite(this.#other.isEndSent);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #closed(): void {
    this.#finished = true;
    if (!this.#dropped) this.#owner.allWritten();
  }

  #failed(error: unknown): void {
    this.#takeWritingSegment()?.release();
    if (!this.#dropped) this.#owner.writeFailed(error);
  }
}

/**
 * The layer above a session in tests of sessions: it sends a sequence of bytes, and checks the one that comes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { TeleError } from "../../lib/net/error.ts";
import { type FrameOwner, NOBODY } from "../../lib/session/carrier/piece_queue.ts";
import type { FrameLog } from "../../lib/session/carrier/frame_log.ts";
import { writeDataHeader } from "../../lib/session/frames.ts";
import type { Segment } from "../../lib/session/segment_pool.ts";
import type { Session } from "../../lib/session/session.ts";
import { DATA_HEADER_BYTES, HEADROOM_BYTES } from "../../lib/session/session_constants.ts";
import type { Share } from "../../lib/session/share.ts";
import type { UpperLayer } from "../../lib/session/upper_layer.ts";
import { windowsFrame } from "./frames.ts";
import { Random } from "./random.ts";

/** Data that a user hands to the log in one frame, at most. */
const PIECE_BYTES = 20_000;

/** The stream that all bytes are data of, both ways. */
export const BYTES_ID = 1;

/** Of the frames of that stream. */
const OWNER: FrameOwner = { ...NOBODY, isQuiet: false };

/** The byte at `offset` of the sequence `key`: no shift of it, and no other key, looks the same for long. */
function byteAt(key: number, offset: number): number {
  return (offset * 31 + (offset >> 8) * 7 + (offset >> 16) + key * 113) & 0xff;
}

/**
 * Sends as much as it is told to as the data of one stream, which nobody opens, and puts together what it receives.
 * What comes again, or early, is compared as well.
 */
export class ByteLayer implements UpperLayer {
  readonly bulkCreditBytes = undefined;
  readonly hasBacklog = false;
  /** The client's has a stream from the beginning, the server's as soon as something came. */
  streamCount = 1;
  readonly hasUnsent = false;
  /** Nothing here goes on in another session. */
  get openedCount(): number {
    return this.streamCount;
  }
  session: Session | undefined;
  error: TeleError | undefined;
  /** Bytes handed to the log so far, without their frames' headers. */
  sent = 0;
  /** Bytes that came, in order from the first one. */
  received = 0;
  /** Bytes that came a second time. */
  repeated = 0;
  /** Window values to send, and those that came. */
  windows: { id: number; limit: number }[] = [];
  windowsSeen: { id: number; limit: number }[] = [];
  /** Streams whose window values were lost with a carrier. */
  windowsLost: number[] = [];
  /** Thrown at the next byte that comes. */
  refusal: TeleError | undefined;
  /** Sequence of the peer, known from its first byte. */
  #peerKey: number | undefined;
  /** What came before something in front of it. */
  readonly #early: Map<number, Uint8Array> = new Map();
  #toSend = 0;
  readonly #random: Random;

  /** @param key From 0 to 255: names the sequence that it sends. */
  constructor(readonly key: number) {
    this.#random = new Random(key + 1);
  }

  /** Bytes it was told to send. */
  get told(): number {
    return this.sent + this.#toSend;
  }

  /** The key of whoever sent what came. */
  get peerKey(): number | undefined {
    return this.#peerKey;
  }

  send(bytes: number): void {
    this.#toSend += bytes;
    this.session?.wake();
  }

  pull(log: FrameLog, bulkBytes: number): void {
    this.#pullWindows(log);
    bulkBytes = Math.min(bulkBytes, this.session?.budget.room ?? Infinity);
    while (this.#toSend > 0 && bulkBytes > DATA_HEADER_BYTES) {
      const small = this.#random.chance(0.5);
      const most = Math.min(this.#toSend, bulkBytes - DATA_HEADER_BYTES);
      const bytes = Math.min(most, this.#random.between(1, small ? 50 : PIECE_BYTES));
      const frameBytes = DATA_HEADER_BYTES + bytes;
      if (small) {
        const at = log.reserve(frameBytes, OWNER);
        this.#fill(log.arena, at, bytes);
      } else {
        const memory = new Uint8Array(HEADROOM_BYTES + frameBytes);
        this.#fill(memory, HEADROOM_BYTES, bytes);
        log.adopt(memory, HEADROOM_BYTES, memory.length, { owner: OWNER, headroom: HEADROOM_BYTES });
      }
      this.#toSend -= bytes;
      bulkBytes -= frameBytes;
    }
  }

  backlog(): { backlogMs: number; isBulk: boolean } {
    return { backlogMs: 0, isBulk: false };
  }

  pullShare(log: FrameLog, bulkBytes: number, _urgentBytes: number, { quiet, bulk }: Share): void {
    if (quiet || bulk) this.pull(log, bulkBytes);
  }

  #pullWindows(log: FrameLog): void {
    if (this.windows.length === 0) return;
    const frame = windowsFrame(...this.windows.splice(0).map(({ id, limit }): [number, number] => [id, limit]));
    const at = log.reserve(frame.length);
    log.arena.set(frame, at);
  }

  #fill(memory: Uint8Array, at: number, bytes: number): void {
    writeDataHeader(memory, at, { id: BYTES_ID, offset: this.sent, length: bytes, isEnd: false });
    const start = at + DATA_HEADER_BYTES;
    const { key, sent } = this;
    for (let i = 0; i < bytes; i++) memory[start + i] = byteAt(key, sent + i);
    this.sent += bytes;
  }

  receiveData(id: number, offset: number, bytes: Uint8Array, _segment: Segment): void {
    if (this.refusal !== undefined) throw this.refusal;
    assertEquals(this.error, undefined, "nothing comes after the end");
    assertEquals(id, BYTES_ID);
    if (offset > this.received) return void this.#early.set(offset, bytes.slice());
    this.#take(offset, bytes);
    for (const [at, early] of [...this.#early].sort(([one], [other]) => one - other)) {
      if (at > this.received) break;
      this.#early.delete(at);
      this.#take(at, early);
    }
  }

  #take(offset: number, bytes: Uint8Array): void {
    if (this.#peerKey === undefined) {
      this.#peerKey = keyOf(bytes[0]);
      this.streamCount = 1;
    }
    const key = this.#peerKey;
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] !== byteAt(key, offset + at)) throw new Error(`byte ${offset + at} is not the right one`);
    }
    this.repeated += Math.min(bytes.length, this.received - offset);
    this.received = Math.max(this.received, offset + bytes.length);
  }

  receiveOpen(): void {}
  receiveEnd(): void {}
  receiveReset(): void {}

  receiveWindow(id: number, limit: number): void {
    this.windowsSeen.push({ id, limit });
  }

  /** What the peer told as its last stream, and whether this end drains. */
  drainSeen: number | undefined;
  isDraining = false;

  receiveDrain(last: number): void {
    this.drainSeen = last;
  }

  drain(): void {
    this.isDraining = true;
  }

  windowLost(id: number): void {
    this.windowsLost.push(id);
  }

  costOf(): number {
    return 1;
  }

  startPoolBytes = 0;
  turnEnded(): void {}

  ended(error: TeleError): void {
    assertEquals(this.error, undefined, "the end is told once");
    this.error = error;
    this.streamCount = 0;
  }
}

/** The key of a sequence by its first byte; 113 is odd, so that there is exactly one. */
function keyOf(firstByte: number): number {
  for (let key = 0; key < 256; key++) {
    if (byteAt(key, 0) === firstByte) return key;
  }
  throw new Error("unreachable");
}

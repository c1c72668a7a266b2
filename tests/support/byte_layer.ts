/**
 * The layer above a session in tests of sessions: it sends a sequence of bytes, and checks the one that comes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { TeleError } from "../../lib/net/error.ts";
import type { ReplayLog } from "../../lib/session/carrier/replay_log.ts";
import type { Session } from "../../lib/session/session.ts";
import type { UpperLayer } from "../../lib/session/upper_layer.ts";
import { Random } from "./random.ts";
import type { Segment } from "../../lib/session/segment_pool.ts";
import { HEADROOM_BYTES } from "../../lib/session/session_constants.ts";

/** Pieces that a user hands to the log, at most. */
const PIECE_BYTES = 20_000;

/** The byte at `offset` of the sequence `key`: no shift of it, and no other key, looks the same for long. */
function byteAt(key: number, offset: number): number {
  return (offset * 31 + (offset >> 8) * 7 + (offset >> 16) + key * 113) & 0xff;
}

/** Sends as much as it is told to, and keeps what it receives. */
export class ByteLayer implements UpperLayer {
  /** The client's has a stream from the beginning, the server's as soon as something came. */
  streamCount = 1;
  readonly hasUnsent = false;
  session: Session | undefined;
  error: TeleError | undefined;
  attachedTimes = 0;
  /** Bytes handed to the log so far. */
  sent = 0;
  received = 0;
  /** Uncounted messages to send, and those that came. */
  hints: number[] = [];
  hintsSeen: number[] = [];
  /** Thrown at the next byte that comes. */
  refusal: TeleError | undefined;
  /** Sequence of the peer, known from its first byte. */
  #peerKey: number | undefined;
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

  pull(log: ReplayLog, bulkBytes: number): void {
    bulkBytes = Math.min(bulkBytes, log.room);
    while (this.#toSend > 0 && bulkBytes > 0) {
      const small = this.#random.chance(0.5);
      const bytes = Math.min(this.#toSend, bulkBytes, this.#random.between(1, small ? 50 : PIECE_BYTES));
      if (small) {
        const at = log.reserve(bytes);
        this.#fill(log.arena, at, bytes);
      } else {
        const memory = new Uint8Array(HEADROOM_BYTES + bytes);
        this.#fill(memory, HEADROOM_BYTES, bytes);
        log.adopt(memory, HEADROOM_BYTES, memory.length);
      }
      this.#toSend -= bytes;
      bulkBytes -= bytes;
    }
  }

  #fill(memory: Uint8Array, at: number, bytes: number): void {
    const { key, sent } = this;
    for (let i = 0; i < bytes; i++) memory[at + i] = byteAt(key, sent + i);
    this.sent += bytes;
  }

  receive(bytes: Uint8Array, _segment: Segment): void {
    if (this.refusal !== undefined) throw this.refusal;
    assertEquals(this.error, undefined, "nothing comes after the end");
    if (this.#peerKey === undefined) {
      this.#peerKey = keyOf(bytes[0]);
      this.streamCount = 1;
    }
    const [key, before] = [this.#peerKey, this.received];
    for (let i = 0; i < bytes.length; i++) {
      if (bytes[i] !== byteAt(key, before + i)) throw new Error(`byte ${before + i} is not the next one`);
    }
    this.received += bytes.length;
  }

  startPoolBytes = 0;
  turnEnded(): undefined {}
  receiveHint(bytes: Uint8Array): void {
    this.hintsSeen.push(...bytes);
  }

  get hasHints(): boolean {
    return this.hints.length > 0;
  }

  takeHints(into: Uint8Array): number {
    into.set(this.hints);
    return this.hints.splice(0).length;
  }

  acknowledged(): void {}

  attached(): void {
    this.attachedTimes++;
  }

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

/**
 * RFD 80 mode: a user connection that is carried alone, without a session, with or without ping framing.
 *
 * @module
 */
import { type Clock, sleep, type Timer } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { FramedDuplex } from "../../ping/framed_duplex.ts";

/** First and largest size of a direction's buffer, in bytes; the first is small, since most connections idle. */
const SMALLEST_READ_BYTES = 4 * 1024;
const LARGEST_READ_BYTES = 256 * 1024;

/** Size of the buffers of all relays together while there are many, in bytes: they fill up where readers are slow. */
const ALL_READ_BYTES = 64 * 1024 * 1024;

/** The last words of a program that broke off are carried on until none has moved for this long, in milliseconds. */
const LAST_WORDS_MS = 10_000;

/**
 * Time for the last bytes to arrive before the connection is reset, in milliseconds: a reset makes the kernel drop what
 * it has not sent yet.
 */
const ARRIVAL_MS = 200;

/** How the outer side of a relay is framed. */
export interface PingFraming {
  /** Largest message taken, in bytes. */
  readonly maxMessageBytes: number;
  /** Time between two pings, in milliseconds; `undefined` on a side that sends none. */
  readonly pingIntervalMs: number | undefined;
}

/** Two connections that belong together. */
export interface RelayEnds {
  /** To the other tele process, or to whoever speaks RFD 80 there. */
  readonly outer: Duplex;
  /** To the user's program. */
  readonly inner: Duplex;
  /** `undefined` for plain bytes. */
  readonly framing: PingFraming | undefined;
}

/**
 * Moves bytes both ways until both directions have ended. Half-closes pass through. When anything fails both
 * connections are aborted, so that a frame that was half written is never continued; what came before the failure is
 * delivered first.
 *
 * Source: RFD 80, "ping framing" and "failure cases"; `PROTOCOL.md`, "RFD 80 mode".
 *
 * @param signal Aborts when the process ends: nothing is waited for any more.
 * @param most Tells the largest size of a buffer now, in bytes: see {@linkcode readShare}.
 * @throws What failed: a {@linkcode TeleError} `protocol` if a frame was too large or cut.
 *
 * @example
 * ```ts
 * import { relay } from "./relay.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { duplexPair } from "../../net/pipe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [user, inner] = duplexPair();
 * const [outer, network] = duplexPair();
 * const relaying = relay({ outer, inner, framing: { maxMessageBytes: 1024, pingIntervalMs: undefined } }, systemClock);
 * const wire = new Uint8Array(6);
 * await user.write(new Uint8Array([65, 66]));
 * assertEquals([await network.read(wire), ...wire], [6, 0, 0, 0, 2, 65, 66]);
 * await Promise.all([user.closeWrite(), network.closeWrite(), relaying]);
 * ```
 */
export async function relay(
  { outer, inner, framing }: RelayEnds,
  clock: Clock,
  signal?: AbortSignal,
  most: () => number = () => LARGEST_READ_BYTES,
): Promise<void> {
  let far = outer;
  let stopPings = () => {};
  if (framing !== undefined) {
    const framed = new FramedDuplex(outer, framing.maxMessageBytes);
    if (framing.pingIntervalMs !== undefined) stopPings = every(clock, framing.pingIntervalMs, () => framed.ping());
    far = framed;
  }
  const toUser = new Direction(far, inner, clock, most);
  const fromUser = new Direction(inner, far, clock, most);
  try {
    await Promise.all([toUser.move(fromUser), fromUser.move(toUser)]);
    outer.close();
    inner.close();
  } catch (error) {
    const broken = toUser.writeFailed
      ? { taker: inner, back: fromUser }
      : fromUser.writeFailed
      ? { taker: far, back: toUser }
      : undefined;
    if (broken?.taker.readsAfterFailedWrite) await broken.back.lastWords(signal);
    inner.abort(error);
    await fromUser.arrival(signal);
    outer.abort(error);
    throw error;
  } finally {
    stopPings();
  }
}

/** One way of a relay. It has a buffer of its own, and reads into it again when its content was written. */
class Direction {
  readonly #from: Duplex;
  readonly #to: Duplex;
  readonly #clock: Clock;
  readonly #most: () => number;
  #isWriting = false;
  #movedAtMs = -Infinity;
  #done: Promise<void> = Promise.resolve();
  /** Whether a write has failed: the taker takes nothing more. */
  writeFailed = false;

  constructor(from: Duplex, to: Duplex, clock: Clock, most: () => number) {
    this.#from = from;
    this.#to = to;
    this.#clock = clock;
    this.#most = most;
  }

  /** Moves everything, and then the end; `back` is the other way. */
  move(back: Direction): Promise<void> {
    return this.#done = this.#moveAll(back).catch((error) => {
      this.writeFailed = this.#isWriting;
      throw error;
    });
  }

  async #moveAll(back: Direction): Promise<void> {
    await new Promise<void>((resolve, reject) => this.#moveOn(new Uint8Array(SMALLEST_READ_BYTES), resolve, reject));
    // After a failed write there is no clean end.
    if (back.writeFailed) throw new Error("the other side takes no more");
    this.#isWriting = true;
    await this.#to.closeWrite();
  }

  /**
   * Moves what is read until the end. No promise for a small message between two that have callbacks; what was read at
   * once takes a turn of the loop, and no deeper call.
   */
  #moveOn(buffer: Uint8Array<ArrayBuffer>, onEnd: () => void, onFailed: (error: unknown) => void): void {
    let isCalling = false, cameAtOnce = false;
    const moved = (count: number) => {
      this.#isWriting = false;
      this.#movedAtMs = this.#clock.now();
      buffer = resized(buffer, count, this.#most());
    };
    const onRead = (count: number | null) => {
      if (count === null) return onEnd();
      this.#isWriting = true;
      const waiting = this.#write(buffer.subarray(0, count));
      if (waiting !== undefined) return void waiting.then(() => moved(count)).then(readOn).catch(onFailed);
      moved(count);
      if (isCalling) cameAtOnce = true;
      else readOn();
    };
    const readOn = () => {
      do {
        cameAtOnce = false;
        isCalling = true;
        this.#read(buffer, onRead, onFailed);
        isCalling = false;
      } while (cameAtOnce);
    };
    readOn();
  }

  #read(into: Uint8Array, onRead: (count: number | null) => void, onFailed: (error: unknown) => void): void {
    if (this.#from.readWith !== undefined) this.#from.readWith(into, onRead, onFailed);
    else this.#from.read(into).then(onRead).catch(onFailed);
  }

  #write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#to.writeNow === undefined ? this.#to.write(bytes) : this.#to.writeNow(bytes);
  }

  /** Settles when everything before the end was moved, or nothing has moved for too long. */
  async lastWords(signal: AbortSignal | undefined): Promise<void> {
    let isOver = false;
    const done = this.#done.catch(() => {}).then(() => void (isOver = true));
    for (let before = NaN; !isOver && before !== this.#movedAtMs && !signal?.aborted;) {
      before = this.#movedAtMs;
      const timer = new AbortController();
      await Promise.race([done, sleep(this.#clock, LAST_WORDS_MS, timer.signal)]);
      timer.abort();
    }
  }

  /** Settles when the last bytes written have had time to arrive; at once where nobody takes them. */
  async arrival(signal: AbortSignal | undefined): Promise<void> {
    const leftMs = this.#movedAtMs + ARRIVAL_MS - this.#clock.now();
    if (leftMs > 0 && !this.writeFailed) await sleep(this.#clock, leftMs, signal);
  }
}

/** The largest buffer of each of `relays` relays, in bytes: very many share what all may have. */
export function readShare(relays: number): number {
  const share = Math.floor(ALL_READ_BYTES / (2 * relays));
  return Math.min(LARGEST_READ_BYTES, Math.max(SMALLEST_READ_BYTES, share));
}

/** A larger buffer behind a full one, a smaller one behind little, and none above `most`. */
function resized(buffer: Uint8Array<ArrayBuffer>, count: number, most: number): Uint8Array<ArrayBuffer> {
  let bytes = buffer.length;
  if (count === bytes) bytes *= 2;
  else if (count < bytes / 8 && bytes > SMALLEST_READ_BYTES) bytes /= 2;
  bytes = Math.min(bytes, most);
  return bytes === buffer.length ? buffer : new Uint8Array(bytes);
}

/** Calls `action` at every interval until the returned function is called. */
function every(clock: Clock, intervalMs: number, action: () => void): () => void {
  let timer: Timer;
  const plan = () => {
    timer = clock.setTimer(() => {
      action();
      plan();
    }, intervalMs);
  };
  plan();
  return () => timer.cancel();
}

/**
 * Which stream sends next: quiet streams first, the others round-robin.
 *
 * @module
 */
import { Backlog } from "./backlog.ts";
import { BULK_AFTER_MS, QUIET_BYTES, QUIET_SPAN_MS } from "./mux_constants.ts";

/** What the scheduler remembers of a stream; embed one in each. */
export class Turn {
  /** The scheduler in one of whose queues it waits. */
  waitsIn: unknown = undefined;
  readonly #backlog = new Backlog();
  #spanStart = -Infinity;
  #spanBytes = 0;
  /** Since when it waits among bulk; -1 while it does not. */
  #waitsSinceMs = -1;

  /** It sent `bytes`. */
  sent(bytes: number, nowMs: number): void {
    const sinceMs = this.#waitsSinceMs;
    // Behind a full path a turn may be seconds away. Of a quiet stream that says only that others are many.
    if (sinceMs >= 0 && nowMs - sinceMs >= BULK_AFTER_MS) this.#backlog.waited(sinceMs, nowMs);
    this.#waitsSinceMs = -1;
    this.#roll(nowMs);
    this.#spanBytes += bytes;
  }

  /** It has had its turn, and something stayed behind. */
  waits(nowMs: number): void {
    this.#backlog.waits(nowMs);
  }

  /** For how long something has waited all the time, in milliseconds. */
  backlogMs(nowMs: number): number {
    return this.#backlog.ageMs(nowMs);
  }

  /** It waits among bulk. */
  queues(nowMs: number): void {
    if (this.#waitsSinceMs < 0) this.#waitsSinceMs = nowMs;
  }

  /** Whether it goes first whatever the time is: no clock is looked at. */
  get isSurelyQuiet(): boolean {
    return this.#spanBytes < QUIET_BYTES && !this.#backlog.mayBeBulk;
  }

  /** Whether it goes first: it sent little lately, and nothing waits all the time. */
  isQuiet(nowMs: number): boolean {
    this.#roll(nowMs);
    return this.#spanBytes < QUIET_BYTES && !this.isBulk(nowMs);
  }

  /** Whether something waits all the time: on a slow path that is little. */
  isBulk(nowMs: number): boolean {
    return this.#backlog.mayBeBulk && (this.#waitsSinceMs >= 0 || this.#backlog.isBulk(nowMs));
  }

  #roll(nowMs: number): void {
    if (nowMs - this.#spanStart < QUIET_SPAN_MS) return;
    this.#spanStart = nowMs;
    this.#spanBytes = 0;
  }
}

/**
 * Two queues of streams that have something to send.
 *
 * Invariant 6: a stream that was quiet never waits behind bulk, and bulk streams take turns.
 *
 * @example
 * ```ts
 * import { Scheduler, Turn } from "./scheduler.ts";
 * import { assertStrictEquals } from "@std/assert";
 *
 * const bulk = { turn: new Turn() }, keys = { turn: new Turn() };
 * bulk.turn.sent(1_000_000, 0);
 * const scheduler = new Scheduler<{ turn: Turn }>();
 * const clock = { now: () => 1 };
 * scheduler.add(bulk, clock);
 * scheduler.add(keys, clock);
 * assertStrictEquals(scheduler.nextQuiet(), keys);
 * assertStrictEquals(scheduler.nextBulk(), bulk);
 * ```
 */
export class Scheduler<Stream extends { turn: Turn }> {
  readonly #quiet: Queue<Stream> = new Queue();
  readonly #bulk: Queue<Stream> = new Queue();
  readonly #backlog = new Backlog();

  /** How many streams wait. */
  get count(): number {
    return this.#quiet.length + this.#bulk.length;
  }

  /** Whether another bulk stream waits. */
  get hasBulk(): boolean {
    return this.#bulk.length > 0;
  }

  /** What waited behind the turns of any stream. */
  get backlog(): Pick<Backlog, "ageMs" | "isBulk" | "mayBeBulk"> {
    return this.#backlog;
  }

  /** The turn of a stream has left something behind. */
  waits({ turn }: Stream, nowMs: number): void {
    turn.waits(nowMs);
    this.#backlog.waited(nowMs - turn.backlogMs(nowMs), nowMs);
  }

  /** Queues it again. */
  addAgain(stream: Stream, nowMs: number): void {
    this.waits(stream, nowMs);
    if (this.#takes(stream)) this.#place(stream, nowMs);
  }

  /** Queues a stream unless it is queued here already; if it is in another scheduler's queue, that passes over it. */
  add(stream: Stream, clock: { now(): number }): void {
    if (!this.#takes(stream)) return;
    // The clock is read only if it matters, and once: small messages are many.
    if (stream.turn.isSurelyQuiet) this.#quiet.push(stream);
    else this.#place(stream, clock.now());
  }

  /** Says whether it is new here. */
  #takes({ turn }: Stream): boolean {
    if (turn.waitsIn === this) return false;
    turn.waitsIn = this;
    return true;
  }

  #place(stream: Stream, nowMs: number): void {
    if (stream.turn.isQuiet(nowMs)) return this.#quiet.push(stream);
    stream.turn.queues(nowMs);
    this.#bulk.push(stream);
  }

  /** How many bulk streams wait. */
  get bulkCount(): number {
    return this.#bulk.length;
  }

  /** The quiet stream that has waited longest, taken out of its queue. */
  nextQuiet(): Stream | undefined {
    return this.#next(this.#quiet);
  }

  /** The bulk stream whose turn it is, taken out of its queue. */
  nextBulk(): Stream | undefined {
    return this.#next(this.#bulk);
  }

  /** The same, which stays there. */
  get firstBulk(): Stream | undefined {
    return this.#first(this.#bulk);
  }

  #next(queue: Queue<Stream>): Stream | undefined {
    const stream = this.#first(queue);
    if (stream === undefined) return undefined;
    queue.shift();
    stream.turn.waitsIn = undefined;
    return stream;
  }

  /** A stream that moved to another session while it waited here is that one's. */
  #first(queue: Queue<Stream>): Stream | undefined {
    while (queue.first !== undefined && queue.first.turn.waitsIn !== this) queue.shift();
    return queue.first;
  }
}

/** Empty places at the front of a queue before it is moved up. */
const MOST_PASSED = 1024;

/** First in, first out, without moving what stays, and in the same memory while little waits. */
class Queue<Item> {
  #items: (Item | undefined)[] = [];
  #first = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#first;
  }

  get first(): Item | undefined {
    return this.#items[this.#first];
  }

  push(item: Item): void {
    this.#items[this.#end++] = item;
  }

  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first >= MOST_PASSED) {
      this.#items = this.#items.slice(this.#first, this.#end);
      this.#end -= this.#first;
      this.#first = 0;
    } else if (this.#first === this.#end) {
      this.#first = this.#end = 0;
    }
    return item;
  }
}

/**
 * The streams of a session, and their numbers.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import { LAST_STREAM } from "./mux_constants.ts";
import { StreamNumbers } from "./stream_numbers.ts";

/** The ends of a session. */
export type End = "client" | "server";

/** The first number that each end gives. */
const FIRST: Readonly<Record<End, number>> = { client: 1, server: 2 };

/** From one number of an end to the next. */
const STEP = 2;

/** Options of a {@linkcode StreamTable}. */
export interface StreamTableOptions {
  /** Which end this is: clients give odd numbers, servers even ones. */
  end: End;
  /** Counts the open streams of all tables that share a limit. */
  open: { count: number };
  /**
   * Highest number that a stream is given in the session.
   *
   * @default {LAST_STREAM}
   */
  lastId?: number;
}

/**
 * Says which stream a number is, and which numbers were streams.
 *
 * Invariant 1: a number is given once, and an open that comes again opens nothing.
 *
 * Source: `PROTOCOL.md`, "Numbers of streams".
 *
 * @example
 * ```ts
 * import { StreamTable } from "./stream_table.ts";
 * import { assertEquals, assertStrictEquals } from "@std/assert";
 *
 * const table = new StreamTable<{ id: number }>({ end: "client", open: { count: 0 } });
 * const stream = { id: 0 };
 * table.addUnopened(stream);
 * stream.id = table.number(stream);
 * assertEquals([stream.id, table.count], [1, 1]);
 * assertStrictEquals(table.find(1), stream);
 * table.delete(stream);
 * assertEquals(table.find(1), undefined); // it is over
 * ```
 */
export class StreamTable<Stream extends { readonly id: number }> {
  readonly #options: StreamTableOptions;
  /** By number; those of which the peer has never heard have none. */
  readonly #streams: Map<number, Stream> = new Map();
  readonly #unopened: Set<Stream> = new Set();
  /** Which streams the peer has opened. */
  readonly #seen: StreamNumbers;
  readonly #firstId: number;
  /** The number of the next stream that is opened here, and of the last one. */
  #nextId: number;
  readonly #lastId: number;

  /** There was no stream yet. */
  constructor(options: StreamTableOptions) {
    this.#options = options;
    this.#firstId = this.#nextId = FIRST[options.end];
    this.#seen = new StreamNumbers({ first: FIRST[options.end === "client" ? "server" : "client"], step: STEP });
    this.#lastId = options.lastId ?? LAST_STREAM;
  }

  /** Streams that are open, those without a number included. */
  get count(): number {
    return this.#streams.size + this.#unopened.size;
  }

  /** Streams of which the peer has never heard. */
  get unopened(): Stream[] {
    return [...this.#unopened];
  }

  /** How many those are. */
  get unopenedCount(): number {
    return this.#unopened.size;
  }

  /** Highest number that a stream was given here; 0 if there is none. */
  get lastOpened(): number {
    return Math.max(0, this.#nextId - STEP);
  }

  /** All that are open. */
  get all(): Stream[] {
    return [...this.#streams.values(), ...this.#unopened];
  }

  /** Whether half of the numbers of either end are used up: another session has all. Never of one that was not used. */
  get isHalfUsedUp(): boolean {
    if (this.lastOpened === 0 && this.#seen.lastSeen === 0) return false;
    return Math.max(this.#nextId, this.#seen.next) > this.#lastId / 2;
  }

  /** Whether there is no number left for one stream more. */
  get isUsedUp(): boolean {
    return this.#nextId + STEP * this.#unopened.size > this.#lastId;
  }

  /** A stream of this end, which the peer has not heard of yet. */
  addUnopened(stream: Stream): void {
    this.#unopened.add(stream);
    this.#options.open.count++;
  }

  /** The open of a stream of this end goes into a log: gives it its number. */
  number(stream: Stream): number {
    const id = this.#nextId;
    this.#nextId += STEP;
    this.#unopened.delete(stream);
    this.#streams.set(id, stream);
    return id;
  }

  /**
   * An open of the peer's came.
   *
   * @returns Whether it is the first with this number.
   * @throws {TeleError} `protocol` if that cannot be the number of a stream.
   */
  see(id: number): boolean {
    return this.#seen.see(id) !== "known";
  }

  /** Whether the peer has opened every number up to `last`, and none above it. */
  hasSeenUpTo(last: number): boolean {
    return this.#seen.lastSeen === last && this.#seen.unseenRanges === 0;
  }

  /**
   * Checks that `last` can be the highest number that the peer has opened; 0 if there is none.
   *
   * @throws {TeleError} `protocol` if it is below one that came, or no number of the peer's.
   */
  checkLast(last: number): void {
    if (this.#seen.mayEndWith(last)) return;
    throw new TeleError("protocol", `the peer drains up to the stream ${last}, which cannot be its last`);
  }

  /** A stream that the peer has opened. */
  add(stream: Stream): void {
    this.#streams.set(stream.id, stream);
    this.#options.open.count++;
  }

  /** The stream with this number, if it is open. */
  get(id: number): Stream | undefined {
    return this.#streams.get(id);
  }

  /**
   * The stream that a frame of the peer's is for; `undefined` if it is over, as what crosses a reset finds it.
   *
   * @throws {TeleError} `protocol` if its open never came.
   */
  find(id: number): Stream | undefined {
    const stream = this.#streams.get(id);
    if (stream !== undefined) return stream;
    const isOwn = id >= this.#firstId && id < this.#nextId && (id - this.#firstId) % STEP === 0;
    const isOver = isOwn || this.#seen.has(id);
    if (!isOver) {
      throw new TeleError("protocol", `the peer sent something of stream ${id}, which was never opened`);
    }
    return undefined;
  }

  /**
   * It is over.
   *
   * @returns Whether it was here.
   */
  delete(stream: Stream): boolean {
    if (!this.#streams.delete(stream.id) && !this.#unopened.delete(stream)) return false;
    this.#options.open.count--;
    return true;
  }
}

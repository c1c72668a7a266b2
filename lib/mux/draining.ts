/**
 * How far the draining of a session is.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import { TeleError } from "../net/error.ts";
import { type FrameOwner, NOBODY } from "../session/carrier/piece_queue.ts";
import type { FrameLog } from "../session/carrier/frame_log.ts";
import { writeDrain } from "../session/frames.ts";
import { ALL_OVER, DRAIN_FRAME_BYTES } from "../session/session_constants.ts";
import { ALL, goesInto, type Share } from "../session/share.ts";
import type { End } from "./stream_table.ts";
import type { MuxSession } from "./mux_session.ts";

/** What is asked of the streams of a session. */
export interface DrainedStreams {
  /** Streams that are open, of either end. */
  readonly count: number;
  /** Streams of this end of which the peer has never heard. */
  readonly unopenedCount: number;
  /** Highest number of a stream that was opened here; 0 if there is none. */
  readonly lastOpened: number;
  /** Whether the peer has opened every number up to `last`, and none above it. */
  hasSeenUpTo(last: number): boolean;
  /**
   * Checks that `last` can be the highest number that the peer has opened.
   *
   * @throws {TeleError} `protocol` if it is below one that came, or no number of the peer's.
   */
  checkLast(last: number): void;
}

/** Who is told by {@linkcode Draining}. */
export interface DrainingHost {
  /** Time. */
  readonly clock: Pick<Clock, "setTimer">;
  /** Which end this is. */
  readonly end: End;
  /** The session, if it is there: is woken when there is something to send, and told when it is drained. */
  session(): Pick<MuxSession, "wake" | "drained" | "isEmpty"> | undefined;
  /** The peer opens no streams any more. */
  peerDrains(): void;
  /** The server has said that all is over there, and was taken. */
  allOver(): void;
}

/**
 * The two halves of a drain: what this end has told, and what the peer has. Source: `PROTOCOL.md`, "Drain".
 *
 * Invariant 1: a session is over only when each stream that the peer has opened came, however late its carrier is.
 *
 * @example
 * ```ts
 * import { Draining } from "./draining.ts";
 * import { FrameLog } from "../session/carrier/frame_log.ts";
 * import { LogBudget } from "../session/log_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const streams = { count: 0, unopenedCount: 0, lastOpened: 5, hasSeenUpTo: () => true, checkLast() {} };
 * const host = { end: "client" as const, clock: { setTimer: () => ({ cancel() {} }) }, session: () => undefined, peerDrains() {}, allOver() {} };
 * const draining = new Draining(streams, host);
 * const log = new FrameLog(new LogBudget({ limitBytes: 1024 }));
 * draining.begin();
 * draining.writeInto(log);
 * assertEquals([log.end, draining.isExchanged], [9, false]);
 * draining.received(2);
 * assertEquals(draining.isExchanged, true);
 * ```
 */
export class Draining {
  readonly #streams: DrainedStreams;
  readonly #host: DrainingHost;
  #own: "no" | "due" | "told" = "no";
  #peerLast: number | undefined;
  /** Whether the server has told that all is over. */
  #over: "no" | "due" | "told" = "no";

  /** Neither end drains. */
  constructor(streams: DrainedStreams, host: DrainingHost) {
    this.#streams = streams;
    this.#host = host;
  }

  /** Whether this end opens no streams any more. */
  get hasBegun(): boolean {
    return this.#own !== "no";
  }

  /** Whether the peer has told its drain. */
  get isPeers(): boolean {
    return this.#peerLast !== undefined;
  }

  /** Whether streams of this end wait that the peer has never heard of. */
  get hasUnopened(): boolean {
    return this.#streams.unopenedCount > 0;
  }

  /** Whether the drain of this end is to be told, and nothing has to go in front of it. */
  get isDue(): boolean {
    return this.#own === "due" && !this.hasUnopened;
  }

  /** Whether both have told theirs, and no stream of the peer's is still to come. */
  get isExchanged(): boolean {
    return this.#own === "told" && this.#peerLast !== undefined && this.#streams.hasSeenUpTo(this.#peerLast);
  }

  /** This end opens no streams any more, but those that wait; the peer is told behind these. */
  begin(): void {
    if (this.#own === "no") this.#own = "due";
    if (this.isDue) this.#host.session()?.wake();
  }

  /** A turn, or a stream, is over. */
  look(): void {
    if (this.isDue) this.#host.session()?.wake();
    else if (this.#isOverHere) this.#tellOver();
  }

  /** Whether the server has told that all is over. */
  get isAllOver(): boolean {
    return this.#over === "told";
  }

  get #isOverHere(): boolean {
    if (this.#host.end === "client" || this.#over !== "no") return false;
    return this.isExchanged && this.#streams.count === 0 && this.#host.session()?.isEmpty === true;
  }

  #tellOver(): void {
    this.#over = "due";
    this.#host.session()?.wake();
  }

  /** Puts the drain into `log`, if it is due and may go there. */
  writeInto(log: FrameLog, share: Share = ALL): void {
    if (!goesInto(log, undefined, share)) return;
    if (this.isDue) {
      this.#own = "told";
      put(log, this.#streams.lastOpened);
    } else if (this.#over === "due") {
      this.#over = "told";
      put(log, ALL_OVER, { ...NOBODY, frameTaken: () => this.#overTaken() });
    }
  }

  /** Later, since this may be in the middle of what a carrier brought. */
  #overTaken(): void {
    this.#host.clock.setTimer(() => this.#host.session()?.drained(), 0);
  }

  /**
   * The peer's came, which may come again.
   *
   * @throws {TeleError} `protocol` if it cannot be.
   */
  received(last: number): void {
    if (last === ALL_OVER) return this.#overThere();
    if (this.#peerLast !== undefined && this.#peerLast !== last) {
      throw new TeleError("protocol", `the peer drains up to the stream ${last}, and said ${this.#peerLast} before`);
    }
    this.#streams.checkLast(last);
    if (this.#peerLast !== undefined) return;
    this.#peerLast = last;
    this.#host.peerDrains();
  }

  #overThere(): void {
    if (this.#host.end === "server" || this.#own !== "told") {
      throw new TeleError("protocol", "the peer says that all is over, which only a server does behind a drain");
    }
    this.#over = "told";
    this.#host.allOver();
  }

  /**
   * The peer opens the stream `id`.
   *
   * @throws {TeleError} `protocol` if it has said that it would not.
   */
  checkOpen(id: number): void {
    if (this.#peerLast === undefined || id <= this.#peerLast) return;
    throw new TeleError("protocol", `the peer opened the stream ${id}, though ${this.#peerLast} was to be its last`);
  }
}

function put(log: FrameLog, last: number, owner?: FrameOwner): void {
  // Before the arena is looked at, which it may replace.
  const at = log.reserve(DRAIN_FRAME_BYTES, owner);
  writeDrain(log.arena, at, last);
}

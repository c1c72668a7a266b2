/**
 * What of all streams goes into a log, and in which order.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import type { FrameLog } from "../session/carrier/frame_log.ts";
import { DATA_HEADER_BYTES } from "../session/session_constants.ts";
import { ALL, type Share, SPREAD_FRAME_BYTES, SPREAD_ROOM_BYTES } from "../session/share.ts";
import { type DueReset, DueResets } from "./due_resets.ts";
import { DueWindows, type WindowTeller } from "./due_windows.ts";
import {
  EARLY_STREAMS,
  LEAST_TURN_BYTES,
  MOST_EXCESS_BYTES,
  MOST_PULL_BYTES,
  QUIET_BYTES,
  TURN_MS,
} from "./mux_constants.ts";
import type { MuxSession } from "./mux_session.ts";
import { Scheduler, type Turn } from "./scheduler.ts";

/** What a stream could send. */
export interface Sendable {
  /** Bytes of data that its next turn could take. */
  readonly nextBytes: number;
  /** Bytes of data that the peer takes before it grants more. */
  readonly creditBytes: number;
}

/** A stream that takes turns. */
export interface TurnTaker extends WindowTeller {
  /** What the scheduler remembers of it. */
  readonly turn: Turn;
  /** Whether it has something to send. */
  readonly wantsTurn: boolean;
  /** How much it could send. */
  readonly sendable: Sendable;
  /** Puts frames into `log`, and says how many bytes; see {@linkcode SendingHalf.takeTurn}. */
  takeTurn(log: FrameLog, maxBytes: number, leastBytes: number, nowMs: number): number;
}

/**
 * Lets streams take turns at the logs of their session: resets and window values first, which are small, then streams
 * that send little, then bulk.
 *
 * Invariant 6: no stream waits behind another's backlog. Source: `PROTOCOL.md`, "Scheduling, lanes and the bound on
 * bytes in flight".
 */
export class Turns {
  readonly #clock: { now(): number };
  readonly #scheduler: Scheduler<TurnTaker> = new Scheduler();
  readonly #windows = new DueWindows();
  readonly #resets = new DueResets();
  #session: MuxSession | undefined;

  /** Nobody has something to send. */
  constructor(clock: { now(): number }) {
    this.#clock = clock;
  }

  /** The session is there, whose logs are filled. */
  bind(session: MuxSession): void {
    this.#session = session;
  }

  /** Whether resets wait to be told. */
  get hasResets(): boolean {
    return !this.#resets.isEmpty;
  }

  /** Whether more than an honest peer leaves waits to be acknowledged, beside data. */
  get leavesTooMuch(): boolean {
    return (this.#session?.budget.excessBytes ?? 0) + this.#resets.bytes > MOST_EXCESS_BYTES;
  }

  /** Whether a bulk stream waits for its turn. */
  get hasBulk(): boolean {
    return this.#scheduler.hasBulk;
  }

  /** What the peer takes of the bulk that waits before it grants more, in bytes; `undefined` if none waits. */
  get bulkCreditBytes(): number | undefined {
    const stream = this.#scheduler.firstBulk;
    // That of the next one, for each: in a queue of many, none is looked at twice.
    return stream && stream.sendable.creditBytes * this.#scheduler.bulkCount;
  }

  /** Whether one does that has had something waiting; no clock is looked at. */
  get hasBacklog(): boolean {
    return this.hasBulk && this.backlog.mayBeBulk;
  }

  /** What waits for turns. */
  get backlog(): Scheduler<TurnTaker>["backlog"] {
    return this.#scheduler.backlog;
  }

  /** How many bytes one turn may take: less while other bulk streams wait for theirs. */
  get turnBytes(): number {
    const most = Math.min(MOST_PULL_BYTES, this.#session?.frameBytes ?? Infinity);
    if (!this.#scheduler.hasBulk) return most;
    const rateBytesPerMs = this.#session?.rateBytesPerMs ?? 0;
    return Math.min(Math.max(LEAST_TURN_BYTES, Math.round(TURN_MS * rateBytesPerMs)), most);
  }

  /** `stream` has something to send. */
  ready(stream: TurnTaker): void {
    this.#scheduler.add(stream, this.#clock);
    this.#session?.wake();
  }

  /** The same, because its user has sent it: with many of them a write begins at once. */
  arrived(stream: TurnTaker): void {
    this.#scheduler.add(stream, this.#clock);
    if (this.#scheduler.count >= EARLY_STREAMS) this.#session?.wakeNow();
    else this.#session?.wake();
  }

  /** The window of `stream` has moved. */
  tellWindow(stream: WindowTeller): void {
    this.#windows.add(stream);
    this.#session?.wake();
  }

  /** A window value of `stream` was lost with its carrier: the newest is told in its place, when something is sent. */
  windowLost(stream: WindowTeller): void {
    this.#windows.add(stream);
  }

  /** A reset is to be told. */
  tellReset(reset: DueReset): void {
    this.#resets.add(reset);
    this.#session?.wake();
  }

  /** `stream` is over or another session's. It may still be queued for a turn, which it does not want, or not of this one. */
  forget(stream: WindowTeller): void {
    this.#windows.delete(stream);
  }

  /**
   * Puts frames into `log`: up to `bulkBytes` of data, of urgent data up to `urgentBytes`, which is more.
   *
   * @throws {TeleError} `protocol` if the peer does not acknowledge what it makes this end tell.
   */
  pull(log: FrameLog, bulkBytes: number, urgentBytes: number, nowMs: number): void {
    this.#resets.writeInto(log);
    this.#writeWindows(log);
    // Behind each write it is asked again, mostly for nothing.
    if (this.#scheduler.count === 0) return;
    const { budget } = this.#session!;
    const { leastRoom } = budget;
    const urgent = this.#pullQuiet(log, Math.min(urgentBytes, budget.room), leastRoom, nowMs);
    let left = Math.min(bulkBytes - urgent, budget.bulkRoom, MOST_PULL_BYTES);
    while (left >= leastRoom) {
      const stream = this.#scheduler.nextBulk();
      if (stream === undefined) return;
      left -= stream.takeTurn(log, Math.min(left, this.turnBytes), leastRoom, nowMs);
      if (stream.wantsTurn) this.#scheduler.addAgain(stream, nowMs);
    }
  }

  /**
   * The same, for a carrier that has this share; what it passes over is put back behind the others.
   *
   * @param frameBytes How long a frame of data may be on its path.
   */
  pullShare(log: FrameLog, bulkBytes: number, urgentBytes: number, share: Share, frameBytes: number): void {
    this.#resets.writeInto(log, share);
    this.#writeWindows(log, share);
    const nowMs = this.#clock.now();
    const quietRoom = Math.min(urgentBytes, this.#session!.budget.room);
    const others: TurnTaker[] = [];
    const urgent = this.#pullQuietShare(log, quietRoom, share, others, nowMs);
    this.#pullBulkShare(log, bulkBytes - urgent, { ...share, frameBytes }, others, nowMs);
    for (const stream of others) this.#scheduler.add(stream, this.#clock);
  }

  #pullQuietShare(log: FrameLog, most: number, share: Share, others: TurnTaker[], nowMs: number): number {
    const { leastRoom } = this.#session!.budget;
    let left = most;
    for (let stream = this.#scheduler.nextQuiet(); stream !== undefined; stream = this.#scheduler.nextQuiet()) {
      if (isHere(stream, log, share.quiet) && left >= leastRoom) {
        left -= stream.takeTurn(log, Math.min(QUIET_BYTES, left), leastRoom, nowMs);
        if (!stream.wantsTurn) continue;
        this.#scheduler.waits(stream, nowMs);
      }
      others.push(stream);
    }
    return most - left;
  }

  #pullBulkShare(
    log: FrameLog,
    most: number,
    share: Share & { frameBytes: number },
    others: TurnTaker[],
    nowMs: number,
  ): void {
    const { budget } = this.#session!;
    let left = Math.min(most, budget.bulkRoom, MOST_PULL_BYTES);
    while (left >= (share.smallBulk ? budget.leastRoom : SPREAD_ROOM_BYTES)) {
      const stream = this.#scheduler.nextBulk();
      if (stream === undefined) return;
      const isSmall = DATA_HEADER_BYTES + stream.sendable.nextBytes < SPREAD_FRAME_BYTES;
      const leastBytes = isSmall || !share.isSpread ? budget.leastRoom : SPREAD_ROOM_BYTES;
      const isTaken = left >= leastBytes && isHere(stream, log, isSmall ? share.smallBulk : share.bulk);
      const mostBytes = Math.max(Math.min(this.turnBytes, share.frameBytes), leastBytes);
      if (isTaken) left -= stream.takeTurn(log, Math.min(left, mostBytes), leastBytes, nowMs);
      if (!stream.wantsTurn) continue;
      if (isTaken) this.#scheduler.addAgain(stream, nowMs);
      else others.push(stream);
    }
  }

  /** Opens, ends and up to `most` bytes of data of quiet streams. Returns how many; frames without data always go. */
  #pullQuiet(log: FrameLog, most: number, leastRoom: number, nowMs: number): number {
    let left = most;
    for (let stream = this.#scheduler.nextQuiet(); stream !== undefined; stream = this.#scheduler.nextQuiet()) {
      left -= stream.takeTurn(log, Math.min(QUIET_BYTES, left), leastRoom, nowMs);
      if (!stream.wantsTurn) continue;
      this.#scheduler.addAgain(stream, nowMs);
      // It may be in front again: without room, that would go on for ever.
      if (left < leastRoom) break;
    }
    return most - left;
  }

  #writeWindows(log: FrameLog, share: Share = ALL): void {
    // Each is told in a frame of its own, if the peer likes: for a byte of data.
    if (!this.#windows.isEmpty && this.leavesTooMuch) {
      throw new TeleError("protocol", "the peer sends data, and does not acknowledge what it is told about more");
    }
    this.#windows.writeInto(log, share);
  }
}

function isHere({ openLog }: TurnTaker, log: FrameLog, isShared: boolean): boolean {
  return openLog === undefined ? isShared : openLog === log;
}

/**
 * What waits on a carrier that stands still is sent on another as well.
 *
 * @module
 */
import type { FrameLog } from "../carrier/frame_log.ts";
import { LogCopy } from "../carrier/log_copy.ts";
import { SMALL_BYTES } from "../carrier/pace.ts";
import { SlidingSum } from "./sliding_sum.ts";
import type { Standstill } from "./standstill.ts";

/** Of what was delivered within {@linkcode SPAN_MS}, this share may be sent again on the same path. */
const SHARE = 0.05;
const SPAN_MS = 10_000;
/** And so much beside it, in bytes. */
const ALWAYS_BYTES = 128 * 1024;
/** A piece of what is quiet goes on two paths at once if it has no more, in bytes: what fits into a packet. */
const TWICE_BYTES = 1400;
/** Most bytes a second that go on two paths at once. */
const TWICE_BYTES_A_SECOND = 32 * 1024;
const SECOND_MS = 1_000;

/** A carrier of the session. */
export interface LoggedCarrier {
  /** What it has sent and the peer has not acknowledged. */
  readonly log: FrameLog;
  /** Whether that makes progress, whether what is large may be sent there, and when it began, in milliseconds. */
  readonly room: {
    readonly standstill: Standstill;
    readonly pace: { readonly isFree: boolean };
    readonly beganMs: number;
  };
  /** Its smoothed round trip in milliseconds; 0 if unknown. */
  readonly roundTripMs: number;
  /** From where to where it goes: the same for all carriers of one path. */
  readonly path: string;
}

/** Copies by the log that they are of, and the one that gets them. */
type LogCopies = WeakMap<FrameLog, WeakMap<FrameLog, LogCopy>>;

/**
 * Copies what waits elsewhere into the log of a carrier that can take more. A pure core.
 *
 * Nothing of it is needed to be right: whatever is sent again is the same, and what comes twice is left out. So it is
 * kept to what pays: on another path everything that waits, for the path may be dead; on the same one, where all lose
 * packets alike, what holds up the rest. But a carrier that begins while another stands still shows that the path works:
 * what stood still until then was not waiting for that.
 *
 * Source: `PROTOCOL.md`, "Sending again elsewhere".
 */
export class SendingAgain {
  /** From one log into another; of a carrier that is gone nobody asks. */
  readonly #copies: LogCopies = new WeakMap();
  /** The same of what goes on one that sends small pieces. */
  readonly #careful: LogCopies = new WeakMap();
  /** The same of what goes twice, where large data is passed over. */
  readonly #small: LogCopies = new WeakMap();
  readonly #delivered = new SlidingSum(SPAN_MS);
  readonly #again = new SlidingSum(SPAN_MS);
  readonly #twice = new SlidingSum(SECOND_MS);

  /** The peer has taken `bytes` more. */
  delivered(nowMs: number, bytes: number): void {
    this.#delivered.add(nowMs, bytes);
  }

  /**
   * Puts into the log of `to`, which has room for `mostBytes` bytes, what waits on others that stand still.
   *
   * @returns How many bytes.
   */
  copyTo(to: LoggedCarrier, all: Iterable<LoggedCarrier>, mostBytes: number, nowMs: number): number {
    if (degreeOf(to, nowMs) > 0) return 0;
    let left = mostBytes;
    for (const from of all) {
      if (from === to || left <= 0) continue;
      if (from.path !== to.path) left -= this.#copyElsewhere(from, to, left, nowMs);
      else left -= isNewer(to, from) ? this.#copyToNewer(from, to, left, nowMs) : this.#copyFront(from, to, nowMs);
    }
    return mostBytes - left;
  }

  #copyElsewhere(from: LoggedCarrier, to: LoggedCarrier, mostBytes: number, nowMs: number): number {
    const { room: { standstill }, roundTripMs } = from;
    const degree = standstill.elsewhereDegree(nowMs, roundTripMs);
    if (degree === 0) return 0;
    const bytes = this.#copyAll(from, to, mostBytes, degree);
    if (bytes > 0) standstill.sentElsewhere();
    return bytes;
  }

  #copyAll(from: LoggedCarrier, to: LoggedCarrier, mostBytes: number, mostLogs: number): number {
    const copies = to.room.pace.isFree ? this.#copies : this.#careful;
    return copyOf(copies, from, to).copy({ mostBytes, mostFrameBytes: mostFrameBytesOn(to), mostLogs });
  }

  #copyToNewer(from: LoggedCarrier, to: LoggedCarrier, mostBytes: number, nowMs: number): number {
    const allowedBytes = this.#allowedBytes(nowMs);
    if (allowedBytes <= 0) return 0;
    const bytes = this.#copyAll(from, to, Math.min(mostBytes, allowedBytes), Infinity);
    this.#again.add(nowMs, bytes);
    return bytes;
  }

  #copyFront(from: LoggedCarrier, to: LoggedCarrier, nowMs: number): number {
    const { standstill } = from.room;
    const degree = degreeOf(from, nowMs);
    if (standstill.copies >= degree) return 0;
    const bytes = copyOf(this.#copies, from, to).copyFront(this.#allowedBytes(nowMs), degree, mostFrameBytesOn(to));
    if (bytes === 0) return 0;
    standstill.copies++;
    this.#again.add(nowMs, bytes);
    return bytes;
  }

  /** What may be sent again on the same path now, in bytes. */
  #allowedBytes(nowMs: number): number {
    return SHARE * this.#delivered.at(nowMs) + ALWAYS_BYTES - this.#again.at(nowMs);
  }

  /**
   * Puts what is small and waits on the quiet carrier into the log of one on another path as well, though nothing stands
   * still.
   *
   * @returns How many bytes.
   */
  copyQuiet(quiet: LoggedCarrier, to: LoggedCarrier, nowMs: number): number {
    if (quiet.path === to.path || degreeOf(to, nowMs) > 0) return 0;
    const left = TWICE_BYTES_A_SECOND - this.#twice.at(nowMs);
    if (left < TWICE_BYTES) return 0;
    const limits = { mostBytes: left, mostPieceBytes: TWICE_BYTES, mostFrameBytes: mostFrameBytesOn(to), mostLogs: 1 };
    const bytes = copyOf(this.#small, quiet, to).copy(limits);
    this.#twice.add(nowMs, bytes);
    return bytes;
  }
}

function copyOf(copies: LogCopies, { log: from }: LoggedCarrier, { log: to }: LoggedCarrier): LogCopy {
  let targets = copies.get(from);
  if (targets === undefined) copies.set(from, targets = new WeakMap());
  let copy = targets.get(to);
  if (copy === undefined) targets.set(to, copy = new LogCopy(from, to));
  return copy;
}

/** Where large packets may be swallowed, what is large is sent again, cut, when the carrier that has it is gone. */
function mostFrameBytesOn({ room: { pace } }: LoggedCarrier): number {
  return pace.isFree ? Infinity : SMALL_BYTES;
}

/** Whether `from` stands still, and did so when `to` began. */
function isNewer(to: LoggedCarrier, from: LoggedCarrier): boolean {
  return degreeOf(from, to.room.beganMs) > 0;
}

function degreeOf({ room: { standstill }, roundTripMs }: LoggedCarrier, nowMs: number): number {
  return standstill.degree(nowMs, roundTripMs);
}

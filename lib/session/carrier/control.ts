/**
 * The control frames that one carrier owes its peer: acknowledgements and probes.
 *
 * @module
 */
import { readU16, readU32, readU64, writeU16, writeU32, writeU64 } from "../../net/bytes.ts";
import { TeleError } from "../../net/error.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../ping/codec.ts";
import { BUSY_FOR_MS, BUSY_SILENCE_MS, FrameType, FRESH_FOR_MS, ProbeFlag } from "../session_constants.ts";

/** Bytes of the payload of an acknowledge frame and of a probe. */
const ACKNOWLEDGE_BYTES = 9, PROBE_BYTES = 12;
/** The same with their headers. */
const ACKNOWLEDGE_FRAME_BYTES = FRAME_HEADER_BYTES + ACKNOWLEDGE_BYTES;
const PROBE_FRAME_BYTES = FRAME_HEADER_BYTES + PROBE_BYTES;

/** Most bytes that one call of {@linkcode OutgoingControl.take} gives. */
export const MOST_CONTROL_BYTES: number = ACKNOWLEDGE_FRAME_BYTES + PROBE_FRAME_BYTES;

/** Times are told in eighths of a millisecond. */
const TICKS_PER_MS = 8;

/** Questions without an answer that are remembered. */
const MOST_ASKED = 16;

/** A probe. */
export interface Probe {
  /** The sender asks for a reply. */
  replyWanted: boolean;
  /** It is the reply that was asked for. */
  isReply: boolean;
  /** The longest silence its sender promises, in milliseconds. */
  silenceMs: number;
  /** Of a reply: that of the last question. */
  mark: number;
  /** Of a reply: when that came to its sender, by its clock, in milliseconds modulo 2^29. */
  cameMs: number;
}

/** Until when a session counts as in use, whichever of its carriers carried something. */
export interface SessionUse {
  /** By the clock, in milliseconds. */
  untilMs: number;
}

/** Options of {@linkcode OutgoingControl}. */
export interface ControlOptions {
  /** The time, in milliseconds. */
  nowMs: number;
  /** The longest silence that is ever promised, in milliseconds. */
  pingIntervalMs: number;
  /**
   * Of its session: who uses that does not see that it has another carrier now.
   *
   * @default {{ untilMs: 0 }}: nothing was carried before
   */
  use?: SessionUse;
}

/** Reads the payload of an acknowledge frame: a count of bytes. */
export function decodeAcknowledge(payload: Uint8Array): number {
  if (payload.length !== ACKNOWLEDGE_BYTES) throw new TeleError("protocol", "an acknowledgement has 9 bytes");
  return readU64(payload, 1);
}

/** Reads the payload of a probe frame. */
export function decodeProbe(payload: Uint8Array): Probe {
  if (payload.length !== PROBE_BYTES) throw new TeleError("protocol", "a probe has 12 bytes");
  const flags = payload[1];
  return {
    replyWanted: (flags & ProbeFlag.replyWanted) !== 0,
    isReply: (flags & ProbeFlag.reply) !== 0,
    silenceMs: readU32(payload, 2),
    mark: readU16(payload, 6),
    cameMs: readU32(payload, 8) / TICKS_PER_MS,
  };
}

/**
 * Keeps the promise about silence, and remembers which control frames are due.
 *
 * A pure core: the carrier tells it what happens and when, and asks for the bytes.
 *
 * @example
 * ```ts
 * import { OutgoingControl } from "./control.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const control = new OutgoingControl({ nowMs: 0, pingIntervalMs: 30_000 });
 * control.acknowledgeDue = true;
 * const frames = control.take(1, false, 258);
 * assertEquals(frames?.subarray(0, 13), new Uint8Array([0, 0, 0, 9, 0x11, 0, 0, 0, 0, 0, 0, 1, 2]));
 * ```
 */
export class OutgoingControl {
  /** An acknowledgement is due now; otherwise one rides along with the next data. */
  acknowledgeDue = false;
  /** The first probe asks for a reply: it measures the round trip where no data does. */
  askDue = true;
  /** The peer asked for a reply. */
  replyDue = false;
  /** Mark of the last question that came. */
  replyMark = 0;
  /** When that came, in milliseconds. */
  replyCameMs = 0;
  readonly #bytes = new Uint8Array(MOST_CONTROL_BYTES);
  readonly #pingIntervalMs: number;
  #acknowledged = 0;
  #probeDue = true;
  #silenceMs: number;
  readonly #use: SessionUse;
  #busyUntil: number;
  /** Questions without an answer, oldest first. */
  readonly #asked: { mark: number; atMs: number }[] = [];
  #mark = 0;

  /** The promise that every carrier begins with is one second, or the ping interval if that is shorter. */
  constructor({ nowMs, pingIntervalMs, use = { untilMs: 0 } }: ControlOptions) {
    this.#pingIntervalMs = pingIntervalMs;
    this.#use = use;
    this.#busyUntil = Math.max(use.untilMs, nowMs + FRESH_FOR_MS);
    this.#silenceMs = Math.min(BUSY_SILENCE_MS, pingIntervalMs);
  }

  /** Counted bytes that the peer was told of. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The longest silence promised to the peer, in milliseconds. */
  get silenceMs(): number {
    return this.#silenceMs;
  }

  /** Data moved: for a while, silence will be short. Returns whether that is a new promise. */
  markBusy(nowMs: number): boolean {
    this.#busyUntil = this.#use.untilMs = nowMs + BUSY_FOR_MS;
    return this.#renewPromise(nowMs);
  }

  /** Time passed; `quietMs` is how long nothing was written by the next look. Returns whether a probe is due. */
  look(nowMs: number, quietMs: number): boolean {
    if (this.#renewPromise(nowMs) || quietMs >= this.#silenceMs) this.#probeDue = true;
    return this.#probeDue || this.askDue;
  }

  #renewPromise(nowMs: number): boolean {
    const isBusy = nowMs < this.#busyUntil;
    const silenceMs = isBusy ? Math.min(BUSY_SILENCE_MS, this.#pingIntervalMs) : this.#pingIntervalMs;
    if (silenceMs === this.#silenceMs) return false;
    this.#silenceMs = silenceMs;
    this.#probeDue = true;
    return true;
  }

  /** A reply came: returns the round trip in milliseconds, if it is the first one to that question. */
  replied(mark: number, nowMs: number): number | undefined {
    const at = this.#asked.findIndex((asked) => asked.mark === mark);
    if (at < 0) return undefined;
    const roundTripMs = nowMs - this.#asked[at].atMs;
    // What was asked before is answered by it, or never.
    this.#asked.splice(0, at + 1);
    return roundTripMs;
  }

  /**
   * The frames that are due, as one piece; `undefined` if none is. They count as sent.
   *
   * @param withData Whether counted frames go out in the same write.
   * @param taken Counted bytes taken so far.
   * @returns A view that is valid until the next call.
   */
  take(nowMs: number, withData: boolean, taken: number): Uint8Array | undefined {
    let at = 0;
    if (this.acknowledgeDue || (withData && taken !== this.#acknowledged)) at += this.#writeAcknowledge(at, taken);
    if (this.#probeDue || this.askDue || this.replyDue) at += this.#writeProbe(at, nowMs);
    return at > 0 ? this.#bytes.subarray(0, at) : undefined;
  }

  #writeAcknowledge(at: number, taken: number): number {
    writeFrameHeader(this.#bytes, at, ACKNOWLEDGE_BYTES);
    this.#bytes[at + FRAME_HEADER_BYTES] = FrameType.acknowledge;
    writeU64(this.#bytes, at + FRAME_HEADER_BYTES + 1, taken);
    this.#acknowledged = taken;
    this.acknowledgeDue = false;
    return ACKNOWLEDGE_FRAME_BYTES;
  }

  #writeProbe(at: number, nowMs: number): number {
    writeFrameHeader(this.#bytes, at, PROBE_BYTES);
    this.#bytes[at + FRAME_HEADER_BYTES] = FrameType.probe;
    this.#bytes[at + FRAME_HEADER_BYTES + 1] = (this.askDue ? ProbeFlag.replyWanted : 0) |
      (this.replyDue ? ProbeFlag.reply : 0);
    writeU32(this.#bytes, at + FRAME_HEADER_BYTES + 2, this.#silenceMs);
    // A question that is a reply as well goes by the mark of that.
    const mark = this.replyDue ? this.replyMark : this.#mark = (this.#mark + 1) & 0xffff;
    writeU16(this.#bytes, at + FRAME_HEADER_BYTES + 6, mark);
    const ticks = this.replyDue ? Math.floor(TICKS_PER_MS * this.replyCameMs) : 0;
    writeU32(this.#bytes, at + FRAME_HEADER_BYTES + 8, ticks);
    if (this.askDue) this.#ask(mark, nowMs);
    this.#probeDue = this.askDue = this.replyDue = false;
    return PROBE_FRAME_BYTES;
  }

  #ask(mark: number, atMs: number): void {
    if (this.#asked.length === MOST_ASKED) this.#asked.shift();
    this.#asked.push({ mark, atMs });
  }
}

/**
 * The control frames that one carrier owes its peer: acknowledgements, probes, hints.
 *
 * @module
 */
import { readU32, readU64, writeU32, writeU64 } from "../../net/bytes.ts";
import { TeleError } from "../../net/error.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../ping/codec.ts";
import { BUSY_FOR_MS, BUSY_SILENCE_MS, FrameType, ProbeFlag } from "../session_constants.ts";

/** Bytes of an acknowledge frame and of a probe frame, with their headers. */
const ACKNOWLEDGE_FRAME_BYTES = FRAME_HEADER_BYTES + 9;
const PROBE_FRAME_BYTES = FRAME_HEADER_BYTES + 6;
/** Bytes in front of a hint. */
const HINT_HEADER_BYTES = FRAME_HEADER_BYTES + 1;
/** Hints are gathered up to this size in one frame, in bytes: it passes where large packets vanish. */
const HINT_BYTES = 1020;

/** A probe. */
export interface Probe {
  /** The sender asks for a reply. */
  replyWanted: boolean;
  /** It is the reply that was asked for. */
  isReply: boolean;
  /** The longest silence its sender promises, in milliseconds. */
  silenceMs: number;
}

/** What control frames tell of. */
export interface ControlSource {
  /** Counted bytes received so far. */
  readonly received: number;
  /** Whether the layer above has uncounted messages to send. */
  readonly hasHints: boolean;
  /** Writes them into `into`; returns their bytes, 0 if there are none. */
  takeHints(into: Uint8Array): number;
}

/** Reads the payload of an acknowledge frame: a count of bytes. */
export function decodeAcknowledge(payload: Uint8Array): number {
  if (payload.length !== 9) throw new TeleError("protocol", "an acknowledgement has 9 bytes");
  return readU64(payload, 1);
}

/** Reads the payload of a probe frame. */
export function decodeProbe(payload: Uint8Array): Probe {
  if (payload.length !== 6) throw new TeleError("protocol", "a probe has 6 bytes");
  const flags = payload[1];
  return {
    replyWanted: (flags & ProbeFlag.replyWanted) !== 0,
    isReply: (flags & ProbeFlag.reply) !== 0,
    silenceMs: readU32(payload, 2),
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
 * const control = new OutgoingControl({ nowMs: 0, pingIntervalMs: 30_000, received: 0 });
 * control.acknowledgeDue = true;
 * const frames = control.take(1, false, { received: 258, hasHints: false, takeHints: () => 0 });
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
  readonly #bytes = new Uint8Array(ACKNOWLEDGE_FRAME_BYTES + PROBE_FRAME_BYTES + HINT_HEADER_BYTES + HINT_BYTES);
  readonly #pingIntervalMs: number;
  #acknowledged: number;
  #probeDue = true;
  #silenceMs: number;
  #busyUntil: number;
  #askedAt: number | undefined;

  /** The promise that every carrier begins with is one second, or the ping interval if that is shorter. */
  constructor(options: { nowMs: number; pingIntervalMs: number; received: number }) {
    this.#pingIntervalMs = options.pingIntervalMs;
    this.#acknowledged = options.received;
    this.#busyUntil = options.nowMs + BUSY_FOR_MS;
    this.#silenceMs = Math.min(BUSY_SILENCE_MS, options.pingIntervalMs);
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
    this.#busyUntil = nowMs + BUSY_FOR_MS;
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

  /** The reply asked for came: returns the round trip in milliseconds, if this is the first reply to a question. */
  replied(nowMs: number): number | undefined {
    if (this.#askedAt === undefined) return undefined;
    const roundTripMs = nowMs - this.#askedAt;
    this.#askedAt = undefined;
    return roundTripMs;
  }

  /**
   * The frames that are due, as one piece; `undefined` if none is. They count as sent.
   *
   * @param withData Whether data goes out in the same write.
   * @returns A view that is valid until the next call.
   */
  take(nowMs: number, withData: boolean, source: ControlSource): Uint8Array | undefined {
    const { received } = source;
    let at = 0;
    if (this.acknowledgeDue || (withData && received !== this.#acknowledged)) {
      at += this.#writeAcknowledge(at, received);
    }
    if (this.#probeDue || this.askDue || this.replyDue) at += this.#writeProbe(at, nowMs);
    if (source.hasHints) at += this.#writeHints(at, source);
    return at > 0 ? this.#bytes.subarray(0, at) : undefined;
  }

  #writeAcknowledge(at: number, received: number): number {
    writeFrameHeader(this.#bytes, at, 9);
    this.#bytes[at + FRAME_HEADER_BYTES] = FrameType.acknowledge;
    writeU64(this.#bytes, at + FRAME_HEADER_BYTES + 1, received);
    this.#acknowledged = received;
    this.acknowledgeDue = false;
    return ACKNOWLEDGE_FRAME_BYTES;
  }

  #writeProbe(at: number, nowMs: number): number {
    writeFrameHeader(this.#bytes, at, 6);
    this.#bytes[at + FRAME_HEADER_BYTES] = FrameType.probe;
    this.#bytes[at + FRAME_HEADER_BYTES + 1] = (this.askDue ? ProbeFlag.replyWanted : 0) |
      (this.replyDue ? ProbeFlag.reply : 0);
    writeU32(this.#bytes, at + FRAME_HEADER_BYTES + 2, this.#silenceMs);
    // The first of several questions is the one whose answer comes first.
    if (this.askDue) this.#askedAt ??= nowMs;
    this.#probeDue = this.askDue = this.replyDue = false;
    return PROBE_FRAME_BYTES;
  }

  #writeHints(at: number, source: ControlSource): number {
    const from = at + HINT_HEADER_BYTES;
    const bytes = source.takeHints(this.#bytes.subarray(from, from + HINT_BYTES));
    if (bytes === 0) return 0;
    writeFrameHeader(this.#bytes, at, bytes + 1);
    this.#bytes[at + FRAME_HEADER_BYTES] = FrameType.hint;
    return HINT_HEADER_BYTES + bytes;
  }
}

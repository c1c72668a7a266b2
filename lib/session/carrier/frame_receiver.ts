/**
 * What a carrier brings to its session, and how much of it was taken.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { decodeEnding, type Ending } from "../ending.ts";
import type { Segment } from "../segment_pool.ts";
import { FrameType } from "../session_constants.ts";
import type { CarrierHost } from "./carrier_host.ts";
import { decodeAcknowledge, decodeProbe, type Probe } from "./control.ts";
import { CountedFrameError, SessionFrameReader, type SessionFrameSink } from "./frame_reader.ts";

/** What a {@linkcode FrameReceiver} needs of the session. */
export type ReceivingHost<Which> = Pick<
  CarrierHost<Which>,
  "allowance" | "costOf" | "receiveData" | "receiveEnd" | "receiveFrame" | "sessionBroken"
>;

/** What may be looked for on a carrier on which nothing counts any more. */
export type SoughtType = typeof FrameType.goodbye | typeof FrameType.acknowledge;

/** What is told of frames that are the carrier's own affair. */
export interface ControlTaker {
  /** The first bytes are about to be taken. */
  heard(): void;
  /** The peer has taken everything before this offset of what was sent on this carrier, as came at `nowMs`. */
  acknowledged(offset: number, nowMs: number): void;
  /** A probe came. */
  probed(probe: Probe): void;
  /** The peer has left: nothing that comes behind it counts. */
  left(): void;
  /** The peer said goodbye. */
  saidGoodbye(ending: Ending): void;
}

/**
 * Hands the frames that come on one carrier to its session, and its control frames to the carrier.
 *
 * Invariant 1: {@linkcode FrameReceiver.close} and the last count are one step, so that the receipt is final. What
 * breaks the rules of counted frames ends the session, since it would only be sent again.
 *
 * Source: `PROTOCOL.md`, "Counting", "Receipts", "Errors".
 */
export class FrameReceiver<Which = unknown> implements SessionFrameSink {
  readonly #reader: SessionFrameReader;
  readonly #host: ReceivingHost<Which>;
  readonly #which: Which;
  readonly #control: ControlTaker;
  #isHeard = false;
  /** When what is taken was handed over, in milliseconds. */
  #nowMs = 0;
  /** Counted bytes taken, once nothing counts any more. */
  #finalBytes: number | undefined;
  /** The only type of frame that is looked at then. */
  #looksFor: SoughtType | undefined;

  /** Nothing has come on `which`, as the host calls the carrier. */
  constructor(host: ReceivingHost<Which>, control: ControlTaker, which: Which) {
    this.#host = host;
    this.#which = which;
    this.#control = control;
    this.#reader = new SessionFrameReader(this, host.allowance, (type) => host.costOf(type));
  }

  /** Counted bytes taken: the receipt, once it is closed. */
  get takenBytes(): number {
    return this.#finalBytes ?? this.#reader.countedBytes;
  }

  /** How many of these say nothing, unless more comes: see {@linkcode SessionFrameReader.wastedBytes}. */
  get wastedBytes(): number {
    return this.#reader.wastedBytes;
  }

  /** Whether nothing counts any more. */
  get isClosed(): boolean {
    return this.#finalBytes !== undefined;
  }

  /** Whether nothing is looked at any more. */
  get isDeaf(): boolean {
    return this.isClosed && this.#looksFor === undefined;
  }

  /** Nothing that comes from now on counts, nor the rest of what came. */
  close(): void {
    this.#finalBytes ??= this.#reader.countedBytes;
    this.#looksFor = undefined;
  }

  /** The same, but frames of this type, which are not counted, are looked at all the same. */
  lookFor(type: SoughtType): void {
    this.close();
    this.#looksFor = type;
  }

  /**
   * Takes the first of `bytes`, a view of `segment`, as far as the turn's allowance goes.
   *
   * @param nowMs The time in milliseconds, which all that is in them shares: the clock is not read for each.
   * @returns How many it took.
   * @throws {TeleError} `protocol` if these are no frames of a session. That ends the carrier: the next one mends it.
   */
  take(segment: Segment, bytes: Uint8Array, nowMs: number): number {
    this.#nowMs = nowMs;
    try {
      if (!this.#isHeard) this.#hear();
      return this.#reader.push(bytes, segment);
    } catch (error) {
      // A frame that is none ends the carrier: the next one mends it, unless it is counted. Any other throw may have lost
      // what was counted, and a carrier that is only lost would hide that (invariant 11).
      if (error instanceof TeleError && !(error instanceof CountedFrameError)) throw error;
      this.#host.sessionBroken(error);
      return bytes.length;
    }
  }

  #hear(): void {
    this.#isHeard = true;
    this.#control.heard();
  }

  /** @ignore */
  data(id: number, offset: number, bytes: Uint8Array, segment: Segment): void {
    if (this.isClosed) return;
    try {
      this.#host.receiveData(id, offset, bytes, segment);
    } catch (error) {
      // It was not taken, and is sent again on the next one.
      if (error instanceof TeleError && error.code === "carrier-lost") throw error;
      this.#host.sessionBroken(error);
    }
  }

  /** @ignore */
  end(id: number, offset: number): void {
    if (this.isClosed) return;
    try {
      this.#host.receiveEnd(id, offset);
    } catch (error) {
      this.#host.sessionBroken(error);
    }
  }

  /** @ignore */
  counted(payload: Uint8Array): void {
    if (this.isClosed) return;
    try {
      if (!this.#host.receiveFrame(payload, this.#which)) throw unknownFrame(payload);
    } catch (error) {
      this.#host.sessionBroken(error);
    }
  }

  /** @ignore */
  control(payload: Uint8Array): void {
    if (this.isDeaf || (this.isClosed && payload[0] !== this.#looksFor)) return;
    switch (payload[0]) {
      case FrameType.acknowledge:
        return this.#control.acknowledged(decodeAcknowledge(payload), this.#nowMs);
      case FrameType.probe:
        return this.#control.probed(decodeProbe(payload));
      case FrameType.leave:
        return this.#leave(payload);
      case FrameType.goodbye:
        return this.#control.saidGoodbye(decodeEnding(payload));
    }
    throw unknownFrame(payload);
  }

  #leave({ length }: Uint8Array): void {
    if (length !== 1) throw new TeleError("protocol", `a leave of ${length} bytes is none`);
    this.close();
    this.#control.left();
  }
}

function unknownFrame(payload: Uint8Array): TeleError {
  return new TeleError("protocol", `a frame of type ${payload[0]} is not known here`);
}

/**
 * How much a carrier may send now.
 *
 * @module
 */
import { Arrival } from "../lanes/arrival.ts";
import { Standstill } from "../lanes/standstill.ts";
import type { Flight } from "../path/flight.ts";
import { type Caution, Pace } from "./pace.ts";
import { SendBuffer } from "./send_buffer.ts";

/** Least bytes of a write that says something about the system's buffer, and is worth looking at the clock. */
const TELLING_BYTES = 16 * 1024;

/** A write that takes longer than this waits for room in it, in milliseconds. */
const STUCK_MS = 10;

/** A path that holds more than this may hold more than a send buffer: some take 4 MiB, and come to that late. */
const MUCH_BYTES = 1024 * 1024;

/** With more room than two turns of a bulk stream, and nothing to send, it is not for want of room. */
const READ_AHEAD_BYTES = 512 * 1024;

/**
 * The three bounds of a carrier as one: what its path holds, what the system takes, and what is cautious behind
 * carriers on which nothing large arrived.
 *
 * A pure core: it is told what was sent, written and acknowledged, and when.
 *
 * @example
 * ```ts
 * import { SendRoom } from "./send_room.ts";
 * import { PathBound } from "../path/path_bound.ts";
 * import { NO_CAUTION } from "./pace.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const room = new SendRoom(NO_CAUTION, new PathBound().join());
 * const bulkBytes = room.bulkBytes(0);
 * room.sent(0, 0, bulkBytes);
 * assertEquals([room.bulkBytes(0), room.urgentBytes(0)], [0, 64 * 1024]);
 * room.acknowledged(80, 0, bulkBytes);
 * assertEquals(room.flight.inFlight, 0);
 * ```
 */
export class SendRoom {
  /** What is under way on it, what that tells of the path, and the bound on it. */
  readonly flight: Flight;
  /** Whether what it sends is small. */
  readonly pace: Pace;
  /** Whether what is in flight makes progress. */
  readonly standstill: Standstill = new Standstill();
  /** When a chunk would arrive. */
  readonly arrival: Arrival = new Arrival();
  readonly #sendBuffer = new SendBuffer();
  /** Bytes of the newest write, 0 behind a telling one; how many were in flight when it began, and when that was. */
  #writingBytes = 0;
  #inFlightBefore = 0;
  #writingSinceMs = 0;

  /**
   * Nothing was sent.
   *
   * @param caution What the carriers before taught.
   * @param flight The path's.
   * @param beganMs When its carrier began, in milliseconds.
   */
  constructor(caution: Caution, flight: Flight, readonly beganMs: number = 0) {
    this.flight = flight;
    this.pace = new Pace(caution);
  }

  /** Whether the system's send buffer holds it up, or soon will, or what is lost or comes in bursts, and not the path. */
  get isLimited(): boolean {
    const { flight } = this;
    if (flight.isLossy || flight.burstMs > 0) return true;
    return this.#sendBuffer.isShort || flight.inFlight >= MUCH_BYTES;
  }

  /** Bytes of bulk. */
  bulkBytes(nowMs: number): number {
    const { flight } = this;
    if (this.#isStuck(nowMs)) return 0;
    return Math.min(
      flight.room(),
      Math.max(0, this.#sendBuffer.limit(nowMs, flight.lowestRoundTripMs) - flight.inFlight),
      this.pieceBytes(nowMs),
    );
  }

  /** Whether the system does not take the write under way: then it takes nothing behind it, whatever the path holds. */
  #isStuck(nowMs: number): boolean {
    return this.isTelling && nowMs - this.#writingSinceMs >= STUCK_MS;
  }

  /** Bytes of urgent data: more than of bulk, where large packets pass. */
  urgentBytes(nowMs: number): number {
    return this.pace.isFree ? this.flight.quietRoom() : this.bulkBytes(nowMs);
  }

  /** Bytes of one write. */
  pieceBytes(nowMs: number): number {
    return this.pace.room(nowMs, this.flight.inFlight);
  }

  /** There was nothing to send. Unless that may be for want of room, what is measured then says little of the path. */
  lacksData(): void {
    const { bound, inFlight } = this.flight;
    // A stream reads one chunk ahead, so in a bulk transfer too there is often nothing to send for a moment.
    const hasMuchRoom = inFlight < bound / 2 || bound - inFlight > Math.max(bound / 4, READ_AHEAD_BYTES);
    if (hasMuchRoom) this.flight.markApplicationLimited();
  }

  /** Counted bytes from one offset to another were handed to a write. */
  sent(nowMs: number, from: number, to: number): void {
    this.flight.onSend(nowMs, to);
    this.pace.sent(nowMs, from, to - from);
    this.standstill.sent(nowMs);
    this.arrival.sent(nowMs);
  }

  /** The peer has taken what is between these offsets as well. */
  acknowledged(nowMs: number, before: number, offset: number): void {
    this.flight.onAck(nowMs, offset);
    this.pace.acknowledged(offset, offset - before);
    this.standstill.progressed(nowMs, this.flight.inFlight > 0);
  }

  /** A write of `bytes` begins, what was {@linkcode SendRoom.sent} just now included. */
  writing(nowMs: number, bytes: number): void {
    this.#writingBytes = bytes;
    this.#inFlightBefore = this.flight.inFlight - bytes;
    this.#writingSinceMs = nowMs;
  }

  /** Whether there is a write under way of which the end is worth telling: see {@linkcode SendRoom.written}. */
  get isTelling(): boolean {
    return this.#writingBytes >= TELLING_BYTES;
  }

  /** The write is done: the system has taken it. */
  written(nowMs: number): void {
    this.#writingBytes = 0;
    const tookMs = nowMs - this.#writingSinceMs;
    const roundTripMs = this.flight.lowestRoundTripMs;
    this.#sendBuffer.written({ inFlight: this.#inFlightBefore, tookMs, nowMs, roundTripMs });
  }
}

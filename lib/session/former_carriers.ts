/**
 * What the carriers of a session that are gone left behind.
 *
 * @module
 */
import type { Duplex } from "../net/duplex.ts";
import type { Carrier } from "./carrier/carrier.ts";
import type { Caution } from "./carrier/pace.ts";
import { PathLesson } from "./carrier/path_lesson.ts";
import { type LostCarrier, Patience } from "./reconnect/patience.ts";

/** Adds up what was taken from them, and remembers what they taught about the path. */
export class FormerCarriers {
  readonly #patience = new Patience();
  readonly #lesson = new PathLesson();
  #takenBytes = 0;
  #wastedBytes = 0;
  #roundTripMs = 0;

  /** Counted bytes that were taken from them. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** How many of these were of frames that came again whole. */
  get wastedBytes(): number {
    return this.#wastedBytes;
  }

  /** The round trip of the last of them, in milliseconds; 0 if unknown. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** How much longer than usual the next one may be silent, in milliseconds. */
  get patienceMs(): number {
    return this.#patience.ms;
  }

  /** How the next one, on `duplex`, begins to send. */
  cautionOn(duplex: Duplex): Caution {
    return this.#lesson.cautionOn(duplex);
  }

  /** A carrier was attached; see {@linkcode Patience.attached}. */
  attached(nowMs: number, arrivedBytes: number): void {
    this.#patience.attached(nowMs, arrivedBytes);
  }

  /** The last one of the session is lost, or another was attached beside it since it is in doubt. */
  failed(nowMs: number, carrier: Carrier, lost: LostCarrier): void {
    this.#roundTripMs = carrier.roundTripMs;
    this.#patience.lost(nowMs, lost);
  }

  /** What a carrier has taught so far: another begins beside it. */
  learn(nowMs: number, { room: { pace } }: Carrier): void {
    this.#lesson.learned(pace.lesson(nowMs), pace.isProven);
  }

  /** Nothing more is taken from a carrier. */
  gone(nowMs: number, carrier: Carrier): void {
    this.learn(nowMs, carrier);
    this.#takenBytes += carrier.taken;
    this.#wastedBytes += carrier.wastedBytes;
  }
}

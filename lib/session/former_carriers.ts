/**
 * What the carriers of a session that are gone left behind.
 *
 * @module
 */
import type { Duplex } from "../net/duplex.ts";
import type { Carrier } from "./carrier/carrier.ts";
import type { CarrierOptions } from "./carrier/carrier_options.ts";
import type { SessionUse } from "./carrier/control.ts";
import { PathLessons } from "./carrier/path_lesson.ts";
import { type LostCarrier, Patience } from "./reconnect/patience.ts";

/** A carrier, and the number of the client's path that it takes. */
export interface LearnedCarrier {
  /** The carrier. */
  readonly carrier: Carrier;
  /** Its path. */
  readonly path: number;
}

/** Adds up what was taken from them, and remembers what they taught about the path. */
export class FormerCarriers {
  /** Until when what they carried, and those that are attached, makes the session one in use. */
  readonly #use: SessionUse = { untilMs: 0 };
  readonly #patience = new Patience();
  readonly #lessons = new PathLessons();
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

  /** What the next one begins with, on `duplex` and the client's path of this number. */
  legacy(path: number, duplex: Duplex): Pick<CarrierOptions, "patienceMs" | "use" | "caution"> {
    return { patienceMs: this.patienceMs, use: this.#use, caution: this.#lessons.of(path).cautionOn(duplex) };
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

  /** The client's machine woke or moved; see {@linkcode Patience.startOver}. */
  startOver(): void {
    this.#patience.startOver();
  }

  /** What a carrier has taught so far: another begins beside it. */
  learn(nowMs: number, { carrier: { room: { pace } }, path }: LearnedCarrier): void {
    this.#lessons.of(path).learned(pace.lesson(nowMs), pace.isProven);
  }

  /** Nothing more is taken from a carrier. */
  gone(nowMs: number, attached: LearnedCarrier): void {
    const { carrier } = attached;
    this.learn(nowMs, attached);
    this.#takenBytes += carrier.taken;
    this.#wastedBytes += carrier.wastedBytes;
  }
}

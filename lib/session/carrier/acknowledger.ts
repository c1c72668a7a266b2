/**
 * When a carrier acknowledges what came.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import {
  ACKNOWLEDGE_BYTES,
  ACKNOWLEDGE_DELAY_MS,
  MOST_ACKNOWLEDGE_DELAY_MS,
  SHARED_ACKNOWLEDGE_MS,
} from "../session_constants.ts";
import type { OutgoingControl } from "./control.ts";

/** Beside other carriers an acknowledgement waits for no more than this share of a round trip. */
const SHARED_DELAY_SHARE = 1 / 8;

/**
 * How long an acknowledgement waits at the most where the peer has other carriers too, and sends again on those what one
 * does not acknowledge. In milliseconds.
 */
export function sharedDelayMs(roundTripMs: number): number {
  const delayMs = Math.max(ACKNOWLEDGE_DELAY_MS, SHARED_DELAY_SHARE * roundTripMs);
  return Math.min(delayMs, SHARED_ACKNOWLEDGE_MS);
}

/** Options of {@linkcode Acknowledger}. */
export interface AcknowledgerOptions {
  /** Time. */
  clock: Clock;
  /** What was acknowledged, and writes the next. */
  control: Pick<OutgoingControl, "acknowledged" | "acknowledgeDue">;
  /** Counts what was taken from the carrier. */
  receiver: { readonly takenBytes: number };
  /**
   * How long one waits at the most while others ride along, in milliseconds.
   *
   * @default {MOST_ACKNOWLEDGE_DELAY_MS}
   */
  mostDelayMs?(): number;
  /** An acknowledgement is to leave now. */
  onDue(): void;
}

/**
 * Acknowledges much at once, and little a moment later, unless it rides along with data meanwhile.
 *
 * While acknowledgements ride along, as in a dialogue, the timer has nothing to do, and comes less often: each one set
 * costs as much as some echoes.
 *
 * Source: `PROTOCOL.md`, "Counting".
 *
 * @example
 * ```ts
 * import { Acknowledger } from "./acknowledger.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const control = { acknowledged: 0, acknowledgeDue: false };
 * const acknowledger = new Acknowledger({ clock: systemClock, control, receiver: { takenBytes: 65_536 }, onDue() {} });
 * acknowledger.plan();
 * assertEquals(control.acknowledgeDue, true);
 * ```
 */
export class Acknowledger {
  readonly #options: AcknowledgerOptions;
  #timer: Timer | undefined;
  #delayMs = ACKNOWLEDGE_DELAY_MS;

  /** Nothing waits. */
  constructor(options: AcknowledgerOptions) {
    this.#options = options;
  }

  /** Counted bytes that the peer has not been told of. */
  get waitingBytes(): number {
    return this.#options.receiver.takenBytes - this.#options.control.acknowledged;
  }

  /** Something was taken: it is acknowledged now or in a moment. */
  plan(): void {
    if (this.waitingBytes >= ACKNOWLEDGE_BYTES) this.#acknowledge();
    else if (this.#timer === undefined) this.#startTimer();
  }

  /** Nothing more becomes due. */
  stop(): void {
    this.#timer?.cancel();
  }

  #acknowledge(): void {
    this.#options.control.acknowledgeDue = true;
    this.#options.onDue();
  }

  #startTimer(): void {
    const { clock, control, mostDelayMs } = this.#options;
    const delayMs = Math.min(this.#delayMs, mostDelayMs?.() ?? MOST_ACKNOWLEDGE_DELAY_MS);
    const acknowledgedBefore = control.acknowledged;
    this.#timer = clock.setTimer(() => {
      this.#timer = undefined;
      const waiting = this.waitingBytes;
      if (waiting > 0 && control.acknowledged === acknowledgedBefore) {
        this.#delayMs = ACKNOWLEDGE_DELAY_MS;
        return this.#acknowledge();
      }
      this.#delayMs = Math.min(2 * this.#delayMs, MOST_ACKNOWLEDGE_DELAY_MS);
      // What waits now came since the last one rode along.
      if (waiting > 0) this.#startTimer();
    }, delayMs);
  }
}

/**
 * What carriers that are gone left to be told and to be sent again.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import type { Carrier } from "./carrier/carrier.ts";
import type { FrameLog, Remains } from "./carrier/frame_log.ts";
import type { FrameOwner } from "./carrier/piece_queue.ts";
import { writeReceipt } from "./frames.ts";
import type { LogBudget } from "./log_budget.ts";
import { ResendQueue } from "./resend_queue.ts";
import { RECEIPT_FRAME_BYTES } from "./session_constants.ts";
import type { Covered } from "./gone_carrier.ts";
import type { Settlement } from "./settlement.ts";
import type { Share } from "./share.ts";

/** A receipt that has not come within this time and two round trips is not waited for, in milliseconds. */
const RECEIPT_MS = 50;
const RECEIPT_ROUND_TRIPS = 2;

/** Options of {@linkcode Remainders}. */
export interface RemaindersOptions {
  /** Time. */
  clock: Clock;
  /** What waits here counts in it. */
  budget: LogBudget;
  /** The books. */
  settlement: Settlement;
  /** A window value of this stream was lost: the newest is to be told. */
  onWindowLost(id: number): void;
  /** There is something to send again. */
  onDue(): void;
}

/**
 * Holds what was sent on carriers that are gone until the peer's receipts come, then sends again what these do not
 * cover, and tells this end's receipts.
 *
 * Source: `PROTOCOL.md`, "Receipts", "What is sent again".
 */
export class Remainders {
  readonly #options: RemaindersOptions;
  readonly #resend: ResendQueue;
  #overdue: Timer | undefined;
  #takenThere = 0;
  #toldBytes = 0;
  #againBytes = 0;

  /** Nothing is left. */
  constructor(options: RemaindersOptions) {
    this.#options = options;
    this.#resend = new ResendQueue(options);
  }

  /** Counted bytes that the peer has taken of all carriers, as far as this end knows. */
  get takenThereBytes(): number {
    return this.#takenThere;
  }

  /** Bytes that receipts, or their want, made this end send again. */
  get againBytes(): number {
    return this.#againBytes;
  }

  /** Whether the log may hold bulk on several carriers; see {@linkcode LogBudget.mayBeSpread}. */
  get mayBeSpread(): boolean {
    return this.#options.budget.mayBeSpread;
  }

  /** Whether something waits to be sent again. */
  get hasDue(): boolean {
    return this.#resend.bytes > 0;
  }

  /** The same without frames that had to be sent again whole, and without those that tell of carriers. */
  get progressBytes(): number {
    return this.#takenThere - this.#resend.wastedBytes - this.#toldBytes;
  }

  /** So many bytes of frames were sent that tell of carriers, and bring the session no further. */
  told(bytes: number): void {
    this.#toldBytes += bytes;
  }

  /** The peer has taken `bytes` more. */
  arrivedThere(bytes: number): void {
    this.#takenThere += bytes;
  }

  /**
   * Nothing more is taken from a carrier; see {@linkcode Settlement.gone}.
   *
   * @throws {TeleError} `protocol` if the peer leaves too many receipts untold.
   */
  gone(carrier: Carrier, wasHeard: boolean): void {
    const remains = carrier.remains();
    this.#resend.expect(remains);
    const { settlement } = this.#options;
    settlement.gone(carrier.number, carrier.taken, wasHeard, remains);
    this.#resend.dropUnwanted(settlement.remains);
  }

  /** Sends on other carriers what is left of the log of one that is still there. */
  takeOver(remains: Remains): void {
    this.#resend.add(remains, remains.acknowledged);
  }

  /** The peer's receipts are known. Returns how many bytes are sent again because of them. */
  covered(covered: readonly Covered[]): number {
    let bytes = 0;
    // From the last one on, since each goes in front of what is queued.
    for (const { remains, taken, news } of [...covered].sort((one, other) => other.number - one.number)) {
      this.#takenThere += news;
      if (remains !== undefined) bytes += this.#resend.addExpected(remains, taken);
    }
    this.#againBytes += bytes;
    if (bytes > 0) this.#options.onDue();
    return bytes;
  }

  /** Others are attached beside a carrier that is gone: its receipt comes on one of them, or has been lost. */
  awaitReceipts(roundTripMs: number): void {
    const { clock, settlement, onDue } = this.#options;
    if (this.#overdue !== undefined || settlement.remains.length === 0) return;
    this.#overdue = clock.setTimer(() => {
      this.#overdue = undefined;
      for (const remains of settlement.takeRemains()) {
        this.#againBytes += this.#resend.addExpected(remains, remains.acknowledged);
      }
      onDue();
    }, RECEIPT_MS + RECEIPT_ROUND_TRIPS * roundTripMs);
  }

  /** The last carrier is gone: the next one's handshake brings the receipts. */
  awaitCarrier(): void {
    this.#overdue?.cancel();
    this.#overdue = undefined;
  }

  /**
   * Puts what is due into a log: receipts, then up to `maxBytes` bytes of what is sent again.
   *
   * @returns How many bytes of the latter.
   */
  moveTo(log: FrameLog, maxBytes: number, share?: Share): number {
    if (share === undefined || share.quiet) this.#tellReceipts(log);
    return this.#resend.moveTo(log, maxBytes, share);
  }

  #tellReceipts(log: FrameLog): void {
    for (const receipt of this.#options.settlement.takeUntold()) {
      const at = log.reserve(RECEIPT_FRAME_BYTES, new ReceiptFrame(this.#options.settlement, receipt.number));
      writeReceipt(log.arena, at, receipt);
      this.told(RECEIPT_FRAME_BYTES);
    }
  }

  /** A carrier ends with its session: nothing of it is sent again. */
  discard(remains: Remains): void {
    this.#resend.discard(remains);
  }

  /** The session is over: lets go of everything. */
  clear(): void {
    this.awaitCarrier();
    for (const remains of this.#options.settlement.takeRemains()) this.#resend.discard(remains);
    this.#resend.clear();
  }
}

/** A receipt on its way: who takes the frame has it. */
class ReceiptFrame implements FrameOwner {
  readonly isQuiet = true;
  readonly openLog = undefined;
  readonly isUnwanted = false;

  constructor(readonly settlement: Settlement, readonly number: number) {}

  frameTaken(): void {
    this.settlement.peerHas([this.number]);
  }

  frameHeld(): void {}
  frameMoved(): void {}
  frameQueued(): void {}
  frameUnqueued(): void {}
}

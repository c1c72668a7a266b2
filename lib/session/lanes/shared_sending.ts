/**
 * What a session sends, on all its carriers.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import type { Carrier } from "../carrier/carrier.ts";
import type { FrameLog } from "../carrier/frame_log.ts";
import type { Carriers } from "../carriers.ts";
import { type Want, writeLane } from "../frames.ts";
import type { Remainders } from "../remainders.ts";
import { LANE_FRAME_BYTES, MOST_CARRIERS } from "../session_constants.ts";
import type { SessionOptions } from "../session_options.ts";
import { ALL, LONE_BULK, NOTHING_NEW, type Share } from "../share.ts";
import type { Sending } from "./bulk_wish.ts";
import { SmallLane } from "./small_lane.ts";
import { Spread } from "./spread.ts";
import { Wants } from "./wants.ts";
import { WishWatch } from "./wish_watch.ts";

/** A chunk of bulk, to choose a carrier for, has no more than that, in bytes. */
const CHUNK_BYTES = 64 * 1024;

/** Options of {@linkcode SharedSending}. */
export interface SharedSendingOptions
  extends Pick<SessionOptions, "clock" | "end" | "upper" | "onWished" | "dueTicket"> {
  /** The carriers that are attached. */
  attached: Carriers;
  /** What those that are gone left. */
  remainders: Remainders;
}

/**
 * Fills the log of a carrier that can take more: with what waits on others that stand still, what is sent again, and its
 * share of what is new. With one carrier there is nothing to share.
 *
 * Source: `PROTOCOL.md`, "Lanes", "Choosing a carrier", "Sending again elsewhere".
 */
export class SharedSending {
  readonly #options: SharedSendingOptions;
  readonly #spread: Spread<Carrier>;
  readonly #wishes: WishWatch;
  readonly #wants = new Wants();
  readonly #smallLane = new SmallLane();

  /** Nothing was sent. */
  constructor(options: SharedSendingOptions) {
    this.#options = options;
    const { clock, attached } = options;
    this.#spread = new Spread({
      clock,
      all: () => attached.usable.map(({ carrier }) => carrier),
      quiets: () => attached.quiets.map(({ carrier }) => carrier),
      onStill: (carrier, isStill) => attached.markStill(attached.find(carrier)!, isStill),
    });
    this.#wishes = new WishWatch({
      clock,
      most: MOST_CARRIERS - 1,
      sending: (nowMs) => this.#sending(nowMs),
      onChange: (count) => this.#wished(count),
    });
  }

  /** Puts frames into the log of `carrier`: up to `bulkBytes` of data, of urgent data up to `urgentBytes`. */
  pull(carrier: Carrier, bulkBytes: number, urgentBytes: number, nowMs: number): void {
    const { attached, remainders, upper } = this.#options;
    const { log } = carrier;
    if (upper.hasBacklog) this.#wishes.sending(nowMs);
    if (!attached.isSole) return this.#pullShare(carrier, bulkBytes, urgentBytes);
    this.#tellOwn(log);
    const again = remainders.moveTo(log, bulkBytes);
    upper.pull(log, Math.max(0, bulkBytes - again), Math.max(0, urgentBytes - again), nowMs);
  }

  /** What belongs to no stream. */
  #tellOwn(log: FrameLog): void {
    this.#wants.tell(log);
    this.#options.dueTicket?.tell(log);
  }

  #pullShare(carrier: Carrier, bulkBytes: number, urgentBytes: number): void {
    const { attached, remainders, upper } = this.#options;
    const { log } = carrier;
    const given = attached.shareOf(carrier);
    if (given === undefined) return;
    const narrowed = this.#narrowed(carrier, given);
    const takers = narrowed.bulk && (upper.bulkCreditBytes !== undefined || remainders.hasDue) ? this.#takers : [];
    const share = this.#withSmall(carrier, narrowed, takers);
    const before = log.end;
    this.#tellLane(carrier);
    if (share.quiet) this.#tellOwn(log);
    const copied = this.#spread.copyTo(carrier, bulkBytes, urgentBytes);
    const again = copied + remainders.moveTo(log, Math.max(0, bulkBytes - copied), share);
    const left = Math.max(0, bulkBytes - again);
    const chosen = this.#chosenShare(carrier, share, takers, left);
    upper.pullShare(log, left, Math.max(0, urgentBytes - again), chosen, carrier.room.flight.frameBytes);
    if (log.end > before) this.#spread.pulled(carrier);
  }

  /** On a path that holds little, or swallows what is large, one bulk carrier has all of the bulk, in short frames. */
  #narrowed(carrier: Carrier, share: Share): Share {
    if (!share.bulk || !share.isSpread || this.#mayBeSpread(carrier)) return share;
    if (share.quiet) return ALL;
    return this.#isFirstTaker(carrier) ? LONE_BULK : NOTHING_NEW;
  }

  /** Frames of bulk that are too small to be spread go on one of the carriers, also those that are sent again. */
  #withSmall(carrier: Carrier, share: Share, takers: readonly Carrier[]): Share {
    if (!share.isSpread || takers.length === 0) return share;
    return this.#takesSmall(carrier, takers) ? { ...share, smallBulk: true } : share;
  }

  #takesSmall(carrier: Carrier, takers: readonly Carrier[]): boolean {
    const { attached, clock } = this.#options;
    const all = attached.usable.map((each) => each.carrier);
    return this.#smallLane.takes(carrier, { bulk: takers, all, quietPath: attached.quiet?.path }, clock.now());
  }

  /** The carriers that bulk goes on: where it is not spread, the first of the path. */
  get #takers(): Carrier[] {
    return this.#options.attached.takers.map((each) => each.carrier)
      .filter((taker) => this.#mayBeSpread(taker) || this.#isFirstTaker(taker));
  }

  /** Frames that are spread are long: one that sends small pieces would never have the room for one. */
  #mayBeSpread({ path, room: { flight } }: Carrier): boolean {
    if (!flight.mayBeSpread || !this.#options.remainders.mayBeSpread) return false;
    return this.#options.attached.takers.some(({ carrier }) => carrier.path === path && carrier.room.pace.isFree);
  }

  #isFirstTaker(carrier: Carrier): boolean {
    return this.#options.attached.takers.find((other) => other.carrier.path === carrier.path)?.carrier === carrier;
  }

  /** Bulk goes on the carrier on which it would be there first, but for small frames of it. */
  #chosenShare(carrier: Carrier, share: Share, takers: readonly Carrier[], mostBytes: number): Share {
    const { attached, upper } = this.#options;
    if (!share.bulk || attached.takers.length < 2 || mostBytes === 0) return share;
    const creditBytes = upper.bulkCreditBytes;
    if (creditBytes === undefined) return share;
    const bulk = this.#spread.takesBulk(carrier, takers, { bytes: CHUNK_BYTES, creditBytes });
    const smallBulk = share.isSpread ? share.smallBulk : bulk || this.#takesSmall(carrier, takers);
    return { ...share, bulk, smallBulk };
  }

  #tellLane(carrier: Carrier): void {
    const attached = this.#options.attached.find(carrier)!;
    if (!attached.isLaneDue) return;
    attached.isLaneDue = false;
    // A piece of its own, since it is for no other carrier.
    const frame = new Uint8Array(LANE_FRAME_BYTES);
    this.#options.remainders.told(LANE_FRAME_BYTES);
    writeLane(frame, 0, { number: carrier.number, lane: attached.lane });
    carrier.log.adopt(frame, 0, frame.length, { headroom: 0 });
  }

  #sending(nowMs: number): Sending {
    const { attached, upper } = this.#options;
    const isLimited = attached.usable.some(({ carrier }) => carrier.room.isLimited);
    const { roundTripMs = 0, room } = attached.quiet ?? {};
    const { lowestRoundTripMs = 0, burstMs = 0 } = room?.flight ?? {};
    const paths = attached.quiets.length;
    return { ...upper.backlog(nowMs), isLimited, paths, lowestRoundTripMs, roundTripMs, burstMs };
  }

  /** This end wishes for another number of bulk carriers: a client gives them, a server asks for them. */
  #wished(count: number): void {
    const { end, attached, onWished } = this.#options;
    if (end === "client") return onWished?.("own", count);
    this.#wants.due(count);
    attached.wake();
  }

  /**
   * The peer wishes for bulk carriers.
   *
   * @throws {TeleError} `protocol` if it is a client, which gives itself what it wishes for.
   */
  want(want: Want): void {
    const { end, onWished } = this.#options;
    if (end === "server") throw new TeleError("protocol", "the peer wants carriers, which clients give");
    const count = this.#wants.take(want);
    if (count !== undefined) onWished?.("peer", count);
  }

  /** The peer has taken `bytes` more. */
  delivered(bytes: number): void {
    this.#spread.delivered(bytes);
  }

  /** A carrier is gone. */
  gone(): void {
    this.#spread.gone();
    this.#smallLane.stay(this.#options.attached.takers.map(({ carrier }) => carrier));
    this.#wants.again();
  }

  /** The session is over. */
  stop(): void {
    this.#spread.stop();
    this.#wishes.stop();
  }
}

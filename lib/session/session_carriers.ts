/**
 * The carriers of one session: how they come, what each carries, and how they go.
 *
 * @module
 */
import { Carrier } from "./carrier/carrier.ts";
import type { CarrierHost } from "./carrier/carrier_host.ts";
import { CarrierFrames } from "./carrier_frames.ts";
import { AttachedCarrier, Carriers } from "./carriers.ts";
import type { Ending } from "./ending.ts";
import { FormerCarriers } from "./former_carriers.ts";
import { Joins } from "./joins.ts";
import { SharedSending } from "./lanes/shared_sending.ts";
import type { LostCarrier } from "./reconnect/patience.ts";
import { pathOf } from "./carrier/path_lesson.ts";
import { Paths } from "./path/paths.ts";
import { Remainders } from "./remainders.ts";
import type { Attachment, SessionOptions } from "./session_options.ts";
import type { Covered } from "./gone_carrier.ts";
import { Settlement } from "./settlement.ts";

/** The session, as its carriers see it. */
export interface CarriersHost extends CarrierHost<Carrier> {
  /** Whether its end loses nothing. */
  readonly isEmpty: boolean;
  /** The peer's receipts are known. Returns how many bytes are sent again because of them. */
  covered(covered: readonly Covered[]): number;
}

/**
 * Holds the carriers of a session, and decides what goes on which of them.
 *
 * Invariant 2: what a carrier leaves behind is sent again, without what the peer has taken of it.
 */
export class SessionCarriers {
  /** Those that are attached. */
  readonly attached: Carriers;
  /** Those that are on their way. */
  readonly joins: Joins;
  /** What those that are gone left. */
  readonly remainders: Remainders;
  /** What is known of those that are gone. */
  readonly former: FormerCarriers = new FormerCarriers();
  /** Takes what the peer says of them in frames. */
  readonly frames: CarrierFrames;
  readonly #options: SessionOptions;
  readonly #host: CarriersHost;
  readonly #settlement = new Settlement();
  readonly #sending: SharedSending;
  readonly #paths = new Paths();
  #detachedAt: number | undefined;

  /** None was ever attached. */
  constructor(options: SessionOptions, host: CarriersHost) {
    this.#options = options;
    this.#host = host;
    this.attached = new Carriers(options.observer);
    this.remainders = new Remainders({
      clock: options.clock,
      budget: host.budget,
      settlement: this.#settlement,
      onWindowLost: (id) => options.upper.windowLost(id),
      onDue: () => this.attached.wake(),
    });
    this.#sending = new SharedSending({ ...options, attached: this.attached, remainders: this.remainders });
    this.joins = new Joins(this.#settlement, {
      letGo: (number, looksOn) => this.#givenUp(this.attached.numbered(number)!, looksOn),
      covered: (covered) => host.covered(covered),
    });
    this.frames = new CarrierFrames({
      ...options,
      attached: this.attached,
      joins: this.joins,
      sending: this.#sending,
      onDetached: (reason) => this.#detached(reason),
      onDoubted: () => this.#options.onDoubted?.(),
    });
  }

  /** Number of the last commit: of the last one given here, or taken. */
  get lastNumber(): number {
    return Math.max(0, this.#settlement.highest);
  }

  /** Whether commits must wait until more of those that are gone are settled. */
  get isFull(): boolean {
    return this.#settlement.isFull;
  }

  /** When the last one was lost, by the clock; `undefined` while there is one, or was none. */
  get detachedAt(): number | undefined {
    return this.#detachedAt;
  }

  /** Counted bytes that were taken from all. */
  get takenBytes(): number {
    return this.attached.all.reduce((sum, { carrier }) => sum + carrier.taken, this.former.takenBytes);
  }

  /**
   * Counted bytes that arrived at either end, as far as this one knows, and brought the session on: a carrier that brings
   * the beginning of a frame each time which then comes again whole brings nothing, nor do frames about carriers.
   */
  get #arrivedBytes(): number {
    const wasted = this.attached.all.reduce((sum, { carrier }) => sum + carrier.wastedBytes, this.former.wastedBytes);
    return this.takenBytes + this.remainders.progressBytes - wasted - this.frames.takenBytes;
  }

  /** The last known round trip, of the quiet carrier or the one before it, in milliseconds; 0 if there is none. */
  get lastRoundTripMs(): number {
    return this.attached.quiet?.roundTripMs || this.former.roundTripMs;
  }

  /** What is known about `carrier`, by default the quiet one, or the one before. */
  lost(carrier: Carrier | undefined = this.attached.quiet): LostCarrier {
    return {
      arrivedBytes: this.#arrivedBytes,
      isWaiting: this.#host.budget.heldBytes > 0,
      isEmpty: this.#host.isEmpty,
      silentMs: carrier?.silentMs ?? 0,
      roundTripMs: this.lastRoundTripMs,
    };
  }

  /** Attaches a carrier beside those that there are; what waits on one that is in doubt goes on it, once it may. */
  attach(attachment: Attachment): void {
    const { clock, pool, limits, end } = this.#options;
    const { duplex, path = 0, othersFollow = end === "server" } = attachment;
    // A proxy or a relay may lead two paths from and to the same hosts; and one of them may lead to another network.
    const name = `${path} ${pathOf(duplex)}`;
    const nowMs = clock.now(), doubted = this.attached.usable.filter(({ isDoubted }) => isDoubted);
    for (const each of this.attached.all) this.former.learn(nowMs, each);
    for (const { carrier } of doubted) this.former.failed(nowMs, carrier, this.lost(carrier));
    this.#detachedAt = undefined;
    this.joins.attached(attachment.number);
    const carrier = new Carrier({
      ...attachment,
      host: this.#host,
      clock,
      pool,
      limits,
      path: name,
      flight: this.#paths.join(name, { othersFollow }),
      ...this.former.legacy(path, duplex),
    });
    this.attached.add(new AttachedCarrier(carrier, attachment.lane ?? "quiet", end === "client", path, duplex));
    this.#relieveDoubted();
    this.former.attached(nowMs, this.#arrivedBytes);
    this.remainders.awaitReceipts(this.lastRoundTripMs);
  }

  /** Others send what waits on carriers in doubt, and what these have in flight is in nobody's way any more. */
  #relieveDoubted(): void {
    for (const { carrier } of this.attached.replaced) {
      carrier.room.flight.leave();
      this.remainders.takeOver(carrier.log.handOver());
    }
    this.attached.wake();
  }

  /** Stops all, in one step: what they deliver from now on is not taken. */
  detach(reason: string): void {
    for (const attached of this.attached.all) this.#letGo(attached, false, reason);
  }

  /** The peer takes it for gone, which it may see first. */
  #givenUp(attached: AttachedCarrier, looksOn: boolean): void {
    this.#letGo(attached, looksOn, "given up there");
    if (this.attached.quiet && !attached.isLeaving) this.#options.onCarrierGone?.("given up there", attached.path);
  }

  #letGo(attached: AttachedCarrier, looksOn: boolean, reason: string): void {
    const { carrier } = attached, nowMs = this.#options.clock.now();
    const isLast = this.attached.usable.every((other) => other === attached);
    if (isLast && !attached.isLeaving) this.former.failed(nowMs, carrier, this.lost(carrier));
    // Of one that is read on no acknowledgement is taken any more.
    carrier.room.flight.end(nowMs);
    if (looksOn) carrier.lookForGoodbye();
    else carrier.stop();
    this.attached.remove(carrier, attached.isLeaving ? "left" : reason, looksOn);
    this.#sending.gone();
    this.former.gone(nowMs, attached);
    if (isLast) this.#detachedAt ??= nowMs;
    try {
      this.remainders.gone(carrier, attached.isHeard);
    } catch (error) {
      return this.#host.sessionBroken(error);
    }
    if (isLast) return this.remainders.awaitCarrier();
    this.remainders.awaitReceipts(this.lastRoundTripMs);
    this.attached.wake();
  }

  /** No more is sent on a carrier but its end: what waits there goes on others. */
  leave(attached: AttachedCarrier | undefined): void {
    if (attached === undefined || attached.isLeaving) return;
    attached.isLeaving = true;
    this.attached.changed();
    const { carrier } = attached;
    carrier.leave();
    this.remainders.takeOver(carrier.log.handOverUnsent());
    if (this.attached.quiet === undefined) this.#detached("the other side has left the connection");
    else this.attached.wake();
  }

  /** The peer has sent its leave on a carrier. */
  peerLeaves(carrier: Carrier): void {
    this.leave(this.attached.find(carrier));
  }

  #detached(reason: string): void {
    this.#detachedAt ??= this.#options.clock.now();
    this.#options.onDetached(reason);
  }

  /** The session ends, and tells the peer if `ending` says what. */
  end(ending: Ending | undefined): Promise<void> {
    this.#sending.stop();
    const all = this.attached.all;
    // With streams open, something that came may be lost here: the peer must not take it for delivered.
    const isAllTaken = this.#options.upper.streamCount === 0;
    const gone = isAllTaken ? this.#settlement.own() : [];
    const attached = isAllTaken ? all.map(({ carrier: { number, taken } }) => ({ number, taken })) : [];
    for (const { carrier, isLeaving } of all) {
      this.attached.remove(carrier, "the session ended");
      // Let go of, but for what its write under way has.
      this.remainders.discard(carrier.remains());
      const others = attached.filter(({ number }) => number !== carrier.number);
      if (ending === undefined || isLeaving) carrier.stop();
      else carrier.sayGoodbye(ending, isAllTaken, [...gone, ...others]);
    }
    this.attached.stopLooking();
    return Promise.all(all.map(({ carrier }) =>
      carrier.done.then(() => {
        if (carrier.departure.isTold) { for (const other of all) other.carrier.departure.toldElsewhere(); }
      })
    )).then(() => {});
  }

  /** Puts frames into the log of `carrier`; see {@linkcode SharedSending.pull}. */
  pull(carrier: Carrier, bulkBytes: number, urgentBytes: number, nowMs: number): void {
    this.#sending.pull(carrier, bulkBytes, urgentBytes, nowMs);
  }

  /** The peer has taken `bytes` more. */
  arrivedThere(bytes: number): void {
    this.remainders.arrivedThere(bytes);
    // What had to stay behind an open may go on others now.
    if (this.attached.isSole) return;
    this.#sending.delivered(bytes);
    // While bulk runs beside them the quiet carriers are asked, which tells of the queue that bulk makes.
    this.#paths.probe(this.attached.quiets.map(({ carrier }) => carrier), this.#options.clock.now());
    this.attached.wake();
  }

  /** Only a guess speaks for a carrier. */
  doubted(carrier: Carrier): void {
    const attached = this.attached.find(carrier);
    if (attached === undefined) return;
    attached.isDoubted = true;
    this.attached.changed();
    if (this.attached.areDoubted && !attached.isLeaving) this.#options.onDoubted?.();
    else this.#relieveDoubted();
  }

  /** It has shown that it is alive. */
  trusted(carrier: Carrier): void {
    const attached = this.attached.find(carrier);
    if (attached === undefined) return;
    const wasLast = this.attached.areDoubted && !attached.isLeaving;
    attached.isDoubted = false;
    carrier.room.flight.rejoin();
    this.attached.changed();
    this.#options.onTrusted?.(wasLast);
  }

  /** It came to its end. */
  carrierLost(carrier: Carrier, reason: string): void {
    const attached = this.attached.find(carrier);
    if (attached === undefined) return;
    this.#letGo(attached, false, reason);
    if (attached.isLeaving) return;
    if (this.attached.quiet === undefined) return this.#detached(reason);
    // Those that are left were in doubt before, and relieved by it.
    if (!attached.isDoubted && this.attached.areDoubted) this.#options.onDoubted?.();
    this.#options.onCarrierGone?.(reason, attached.path);
  }

  /** The first bytes came on a carrier: the peer is there. */
  heard(carrier: Carrier): void {
    const attached = this.attached.find(carrier);
    if (attached === undefined || attached.isHeard) return;
    attached.isHeard = true;
    this.#settlement.heard(carrier.number);
    this.attached.changed();
    this.#relieveDoubted();
  }
}

/**
 * The carriers that a session has attached.
 *
 * @module
 */
import { type CarrierWay, wayOf } from "../net/carrier_way.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Carrier } from "./carrier/carrier.ts";
import type { Lane } from "./handshake/messages.ts";
import { type LineUp, lineUp } from "./lanes/line_up.ts";
import { ALL, BULK, LONE_BULK, NOTHING_NEW, QUIET, QUIET_AND_BULK, type Share } from "./share.ts";

/** A carrier, and what its session knows of it. */
export class AttachedCarrier {
  /** What it is for. */
  lane: Lane;
  /** Whether the peer is still to be told that. */
  isLaneDue = false;
  /** Whether anything came behind the handshake. A client is sure of its server by the accept. */
  isHeard: boolean;
  /** Whether either end has sent a leave, or is about to. */
  isLeaving = false;
  /** Whether only a guess speaks for it. */
  isDoubted = false;
  /** Whether what it has in flight makes no progress. */
  isStill = false;
  /** How it goes. */
  readonly way: CarrierWay;

  /**
   * One that was just attached.
   *
   * @param path Which of the client's paths it takes.
   * @param duplex What it goes over.
   */
  constructor(
    readonly carrier: Carrier,
    lane: Lane,
    isHeard: boolean,
    readonly path: number = 0,
    duplex: Pick<Duplex, "peer" | "leaf" | "medium"> = { peer: "" },
  ) {
    this.lane = lane;
    this.isHeard = isHeard;
    this.way = wayOf(duplex);
  }
}

/** Told what becomes of the carriers of one session. */
export interface CarrierObserver {
  /** One was attached. */
  attached(attached: AttachedCarrier): void;
  /** One is gone, for `reason`. */
  gone(attached: AttachedCarrier, reason: string): void;
}

/**
 * Which carriers there are, and which of them carries what. A pure core.
 *
 * {@linkcode lineUp} says who is quiet and who takes bulk, on each path.
 *
 * Source: `PROTOCOL.md`, "Carriers of a session", "Lanes".
 */
export class Carriers {
  readonly #all: Map<Carrier, AttachedCarrier> = new Map();
  /** Those that are gone, and read on for a goodbye. */
  readonly #lookedAt: Set<Carrier> = new Set();
  #lineUp: LineUp<AttachedCarrier> = { quiets: [], takers: [] };
  /** Whether there is one, and nothing else is to be looked at. */
  #isSole = false;
  readonly #observer: CarrierObserver | undefined;

  /** There is none; `observer` is told of each that comes and goes. */
  constructor(observer?: CarrierObserver) {
    this.#observer = observer;
  }

  /** Whether there is one carrier only, which carries everything. */
  get isSole(): boolean {
    return this.#isSole;
  }

  /** The quiet carrier. */
  get quiet(): Carrier | undefined {
    return this.#first?.carrier;
  }

  get #first(): AttachedCarrier | undefined {
    return this.#lineUp.quiets[0];
  }

  /** The quiet carrier of each path, the session's first. */
  get quiets(): readonly AttachedCarrier[] {
    return this.#lineUp.quiets;
  }

  /** Those that bulk goes on. */
  get takers(): readonly AttachedCarrier[] {
    return this.#lineUp.takers;
  }

  /** All, also those that leave, oldest first. */
  get all(): AttachedCarrier[] {
    return [...this.#all.values()];
  }

  /** Those that may be sent on. */
  get usable(): AttachedCarrier[] {
    return this.all.filter(({ isLeaving }) => !isLeaving);
  }

  /**
   * Those in doubt beside one on which what they have can go. Where nobody is heard but them there is none: what they
   * have would go back to where it was, and stay there.
   */
  get replaced(): AttachedCarrier[] {
    const isAnySound = this.usable.some(({ isHeard, isDoubted }) => isHeard && !isDoubted);
    return isAnySound ? this.all.filter(({ isDoubted }) => isDoubted) : [];
  }

  /** Whether all that may be sent on are in doubt, and there are some. */
  get areDoubted(): boolean {
    return this.#first?.isDoubted === true && this.usable.every(({ isDoubted }) => isDoubted);
  }

  /** What is known of `carrier`, while it is here. */
  find(carrier: Carrier): AttachedCarrier | undefined {
    return this.#all.get(carrier);
  }

  /** The carrier with this number, while it is here. */
  numbered(number: number): AttachedCarrier | undefined {
    return this.all.find(({ carrier }) => carrier.number === number);
  }

  /** A carrier was attached. */
  add(attached: AttachedCarrier): void {
    this.#all.set(attached.carrier, attached);
    this.changed();
    this.#observer?.attached(attached);
  }

  /**
   * It is gone.
   *
   * @param reason Why, for the observer.
   * @param looksOn Whether it is read on for a goodbye, until it stops.
   */
  remove(carrier: Carrier, reason: string, looksOn = false): void {
    const attached = this.#all.get(carrier);
    this.#all.delete(carrier);
    this.changed();
    if (attached !== undefined) this.#observer?.gone(attached, reason);
    if (!looksOn) return;
    this.#lookedAt.add(carrier);
    carrier.done.then(() => this.#lookedAt.delete(carrier));
  }

  /** No goodbye is of interest any more. */
  stopLooking(): void {
    for (const carrier of this.#lookedAt) carrier.stop();
  }

  /** Something about one of them has changed: chooses the quiet one anew. */
  changed(): void {
    const usable = this.usable;
    this.#isSole = this.#all.size === 1 && usable.length === 1;
    this.#lineUp = lineUp(usable, this.quiet?.path);
  }

  /** What is in flight on a carrier makes no progress, or does again. */
  markStill(attached: AttachedCarrier, isStill: boolean): void {
    if (attached.isStill === isStill) return;
    attached.isStill = isStill;
    this.changed();
  }

  /** A client makes a carrier the quiet one, or a bulk one; the peer is told on it. */
  chooseLane(attached: AttachedCarrier, lane: Lane): void {
    if (attached.lane === lane) return;
    attached.isLaneDue = true;
    this.changeLane(attached, lane);
  }

  /** A carrier is for something else from now on. */
  changeLane(attached: AttachedCarrier, lane: Lane): void {
    attached.lane = lane;
    this.changed();
    this.wake();
  }

  /** What goes on `carrier` beside the others; `undefined` if nothing may. */
  shareOf(carrier: Carrier): Share | undefined {
    const attached = this.#all.get(carrier);
    if (attached === undefined || attached.isLeaving) return undefined;
    if (!attached.isHeard && this.#first?.isHeard === true) return undefined;
    const { takers } = this;
    const isLone = takers.length === 1;
    if (!takers.includes(attached)) return attached === this.#first ? QUIET : NOTHING_NEW;
    if (attached === this.#first) return isLone ? ALL : QUIET_AND_BULK;
    return isLone ? LONE_BULK : BULK;
  }

  /** There may be something to send. */
  wake(): void {
    if (this.#isSole) return this.quiet!.wake();
    for (const { carrier } of this.#all.values()) carrier.wake();
  }

  /** There is enough for a write of its own. */
  wakeNow(): void {
    if (this.#isSole) return this.quiet!.wakeNow();
    for (const { carrier } of this.#all.values()) carrier.wakeNow();
  }
}

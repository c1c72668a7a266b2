/**
 * Looks into the real session and mux: what they must keep is checked where it would first go wrong.
 *
 * @module
 */
import type { TeleError } from "../../lib/net/error.ts";
import { LEAST_START_CREDIT } from "../../lib/mux/mux_constants.ts";
import { CreditPool } from "../../lib/mux/credit.ts";
import { Mux } from "../../lib/mux/mux.ts";
import { MuxStream } from "../../lib/mux/stream.ts";
import type { StreamEnd } from "../../lib/mux/stream_host.ts";
import { Carrier } from "../../lib/session/carrier/carrier.ts";
import { FrameLog, type Remains } from "../../lib/session/carrier/frame_log.ts";
import { type Segment, SegmentPool } from "../../lib/session/segment_pool.ts";
import type { Attachment } from "../../lib/session/session_options.ts";
import { Remainders } from "../../lib/session/remainders.ts";
import type { Covered } from "../../lib/session/gone_carrier.ts";
import { Settlement } from "../../lib/session/settlement.ts";
import { Session } from "../../lib/session/session.ts";

/** Who is told, while a run lasts. */
export interface Watcher {
  readonly startCredit: number;
  attaching(session: Session, attachment: Attachment): void;
  attached(session: Session, carrier: Carrier): void;
  carrierLost(session: Session, carrier: Carrier, reason: string): void;
  /** Nothing more is taken from `carrier`. */
  carrierGone(carrier: Carrier, remains: Remains): void;
  /** The peer's receipts came; `againBytes` are to be sent again because of them. */
  covered(session: Session, covered: readonly Covered[], againBytes: number): void;
  /** What is left of a log is sent again without a receipt. */
  takenOver(remains: Remains): void;
  /** What waits on a carrier is sent on another as well. */
  copied(): void;
  ending(session: Session, error: TeleError): void;
  ended(session: Session): void;
  /** An open came; `opens` streams it has opened. */
  openCame(mux: Mux, id: number, opens: number): void;
  /** Data is about to be taken by a stream. */
  receiving(stream: MuxStream, offset: number, bytes: number): void;
  received(stream: MuxStream): void;
  /** Data, or an end behind it, was handed to `mux`: up to `offset`. */
  dataCame(mux: Mux, id: number, offset: number, isEnd: boolean): void;
  /** All that `mux` was given at once has been handed over. */
  turnEnded(mux: Mux): void;
  /** What is to be thrown where a stream takes what came, if anything. */
  fault(stream: MuxStream): Error | undefined;
  streamEnded(mux: Mux, stream: MuxStream, end: StreamEnd): void;
  /** A segment left its pool, or came back. */
  segmentMoved(segment: Segment, isOut: boolean): void;
}

let watcher: Watcher | undefined;

/** Tells `next` from now on, or nobody. */
export function watch(next: Watcher | undefined): void {
  watcher = next;
}

const { attach, carrierLost, covered, end } = Session.prototype;
const { remains } = Carrier.prototype;
const { takeOver } = Remainders.prototype;
const { share } = FrameLog.prototype;
const { takeRemains } = Settlement.prototype;
const { receive } = MuxStream.prototype;
const { receiveData, receiveEnd, receiveOpen, streamEnded, turnEnded } = Mux.prototype;
const { takeStart } = CreditPool.prototype;
const { giveBack, take, takeSmall } = SegmentPool.prototype;

Session.prototype.attach = function (this: Session, attachment) {
  watcher?.attaching(this, attachment);
  attach.call(this, attachment);
  const carrier = this.carriers.attached.all.at(-1)?.carrier;
  if (carrier?.number === attachment.number) watcher?.attached(this, carrier);
};

Session.prototype.carrierLost = function (this: Session, carrier, reason) {
  const isLost = this.carriers.attached.all.some((one) => one.carrier === carrier && !one.isLeaving);
  if (isLost) watcher?.carrierLost(this, carrier, reason);
  return carrierLost.call(this, carrier, reason);
};

Session.prototype.covered = function (this: Session, all) {
  const againBytes = covered.call(this, all);
  watcher?.covered(this, all, againBytes);
  return againBytes;
};

Session.prototype.end = function (this: Session, error, ending) {
  const isFirst = this.error === undefined;
  if (isFirst) watcher?.ending(this, error);
  const done = end.call(this, error, ending);
  if (isFirst) watcher?.ended(this);
  return done;
};

Carrier.prototype.remains = function (this: Carrier) {
  const left = remains.call(this);
  watcher?.carrierGone(this, left);
  return left;
};

Remainders.prototype.takeOver = function (this: Remainders, left) {
  watcher?.takenOver(left);
  takeOver.call(this, left);
};

FrameLog.prototype.share = function (this: FrameLog, piece, other) {
  watcher?.copied();
  share.call(this, piece, other);
};

Settlement.prototype.takeRemains = function (this: Settlement) {
  const all = takeRemains.call(this);
  for (const left of all) watcher?.takenOver(left);
  return all;
};

MuxStream.prototype.receive = function (this: MuxStream, offset, bytes, segment) {
  watcher?.receiving(this, offset, bytes.length);
  const fault = watcher?.fault(this);
  if (fault !== undefined) throw fault;
  receive.call(this, offset, bytes, segment);
  watcher?.received(this);
};

Mux.prototype.receiveOpen = function (this: Mux, open) {
  const before = this.streamCount;
  receiveOpen.call(this, open);
  watcher?.openCame(this, open.id, this.streamCount - before);
};

Mux.prototype.receiveData = function (this: Mux, id, offset, bytes, segment) {
  receiveData.call(this, id, offset, bytes, segment);
  watcher?.dataCame(this, id, offset + bytes.length, false);
};

Mux.prototype.receiveEnd = function (this: Mux, id, offset) {
  receiveEnd.call(this, id, offset);
  watcher?.dataCame(this, id, offset, true);
};

Mux.prototype.turnEnded = function (this: Mux) {
  watcher?.turnEnded(this);
  return turnEnded.call(this);
};

Mux.prototype.streamEnded = function (this: Mux, stream, end) {
  watcher?.streamEnded(this, stream, end);
  streamEnded.call(this, stream, end);
};

// Streams start with as little credit as the scenario says, so that few bytes show what windows do.
CreditPool.prototype.takeStart = function (this: CreditPool) {
  if (watcher === undefined) return takeStart.call(this);
  // As in the original, an empty pool leaves no stream with nothing: nobody would ever grant it more.
  const start = Math.min(watcher.startCredit, Math.max(this.free, LEAST_START_CREDIT));
  this.claim(start);
  return start;
};

SegmentPool.prototype.take = function (this: SegmentPool) {
  return taken(take.call(this));
};

SegmentPool.prototype.takeSmall = function (this: SegmentPool) {
  return taken(takeSmall.call(this));
};

function taken(segment: Segment): Segment {
  watcher?.segmentMoved(segment, true);
  return segment;
}

SegmentPool.prototype.giveBack = function (this: SegmentPool, segment) {
  watcher?.segmentMoved(segment, false);
  giveBack.call(this, segment);
};

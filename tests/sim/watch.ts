/**
 * Looks into the real session and mux: what they must keep is checked where it would first go wrong.
 *
 * @module
 */
import type { TeleError } from "../../lib/net/error.ts";
import { LEAST_START_CREDIT } from "../../lib/mux/mux_constants.ts";
import { CreditPool } from "../../lib/mux/credit.ts";
import { Mux } from "../../lib/mux/mux.ts";
import { MuxStream, type StreamEnd } from "../../lib/mux/stream.ts";
import type { Attachment } from "../../lib/session/session_options.ts";
import { Session } from "../../lib/session/session.ts";

/** Who is told, while a run lasts. */
export interface Watcher {
  readonly startCredit: number;
  attaching(session: Session, attachment: Attachment): void;
  carrierLost(session: Session, reason: string): void;
  ending(session: Session, error: TeleError): void;
  received(stream: MuxStream): void;
  /** All that `mux` was given at once has been handed over. */
  turnEnded(mux: Mux): void;
  /** What is to be thrown where a stream takes what came, if anything. */
  fault(stream: MuxStream): Error | undefined;
  /** The end of a stream is in the log of `mux`, up to `offset`. */
  endSent(mux: Mux, stream: MuxStream, offset: number): void;
  streamEnded(stream: MuxStream, end: StreamEnd): void;
}

let watcher: Watcher | undefined;

/** Tells `next` from now on, or nobody. */
export function watch(next: Watcher | undefined): void {
  watcher = next;
}

const { attach, carrierLost, end } = Session.prototype;
const { receive } = MuxStream.prototype;
const { endSent, streamEnded, turnEnded } = Mux.prototype;
const { takeStart } = CreditPool.prototype;

Session.prototype.attach = function (this: Session, attachment) {
  watcher?.attaching(this, attachment);
  return attach.call(this, attachment);
};

Session.prototype.carrierLost = function (this: Session, carrier, reason) {
  if (carrier === this.carrier) watcher?.carrierLost(this, reason);
  return carrierLost.call(this, carrier, reason);
};

Session.prototype.end = function (this: Session, error, ending) {
  if (this.error === undefined) watcher?.ending(this, error);
  return end.call(this, error, ending);
};

MuxStream.prototype.receive = function (this: MuxStream, bytes, segment) {
  const fault = watcher?.fault(this);
  if (fault !== undefined) throw fault;
  receive.call(this, bytes, segment);
  watcher?.received(this);
};

Mux.prototype.turnEnded = function (this: Mux) {
  watcher?.turnEnded(this);
  return turnEnded.call(this);
};

Mux.prototype.endSent = function (this: Mux, stream, offset) {
  watcher?.endSent(this, stream, offset);
  endSent.call(this, stream, offset);
};

Mux.prototype.streamEnded = function (this: Mux, stream, end) {
  watcher?.streamEnded(stream, end);
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

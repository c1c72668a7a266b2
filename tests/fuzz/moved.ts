/**
 * Counted frames on carriers that are cut at any byte: what is sent again, and what is not.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { FrameLog } from "../../lib/session/carrier/frame_log.ts";
import { SessionFrameReader } from "../../lib/session/carrier/frame_reader.ts";
import { WriteHold } from "../../lib/session/carrier/write_hold.ts";
import { LogBudget } from "../../lib/session/log_budget.ts";
import { ResendQueue } from "../../lib/session/resend_queue.ts";
import { Segment, SegmentPool } from "../../lib/session/segment_pool.ts";
import { HEADROOM_BYTES } from "../../lib/session/session_constants.ts";
import { Settlement } from "../../lib/session/settlement.ts";
import { CountingOwner } from "../support/frame_owners.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { byteAt, bytesAt, prefixOf, StreamsModel } from "./streams_model.ts";
import { check, hex, type Target, type Trace } from "./target.ts";

/** Stands for control frames that a carrier writes in front of counted ones. */
const CONTROL = 0xcc;

/** In memory that was given back. */
const FREED = 0xee;

/** Of a segment here: the largest frame, and the room in front of it. */
const MOST_BYTES = 21 * 1024;

/** Credit of every stream: nothing here is about windows. */
const CREDIT = 200_000;

/** Writes into what it gets back: who still has it would see. */
class PatternedPool extends SegmentPool {
  out = 0;

  /** A small one, so that the pattern costs little. */
  override take(): Segment {
    this.out++;
    return new Segment(new Uint8Array(MOST_BYTES), this);
  }

  override giveBack(segment: Segment): void {
    this.out--;
    segment.memory.fill(FREED);
  }
}

/** A stream at its sender. */
class Sent extends CountingOwner {
  bytes = 0;
  isOver = false;
  /** Offset that its reset told. */
  resetAt: number | undefined;

  constructor(readonly id: number, isQuiet: boolean) {
    super(isQuiet);
  }
}

/** What the peer makes of it. */
class Receiver {
  readonly model = new StreamsModel(1, (what) => this.#broken = what);
  /** Bytes and frames that came more than once. */
  repeated = 0;
  /** Window values that came. */
  readonly windows: number[] = [];
  #broken = "";

  reader(): SessionFrameReader {
    return new SessionFrameReader({
      data: (id, offset, bytes) => this.#data(id, offset, bytes),
      end: (id, offset) => {
        if (this.model.streams.get(id)?.final !== undefined) this.repeated++;
        this.#take(frames.dataFrame(id, offset, new Uint8Array(0), true).subarray(4));
      },
      counted: (payload) => this.#counted(payload),
      control: (payload) => check(payload[0] === 0x12, () => `what is not counted became ${hex(payload)}`),
    });
  }

  #data(id: number, offset: number, bytes: Uint8Array): void {
    bytes.forEach((byte, at) => {
      check(byte === byteAt(id, offset + at), () => `byte ${offset + at} of stream ${id} is ${byte}`);
    });
    const before = cameBytes(this.model, id);
    this.#take(frames.dataFrame(id, offset, bytes).subarray(4));
    this.repeated += bytes.length - (cameBytes(this.model, id) - before);
  }

  #counted(payload: Uint8Array): void {
    const [type, id] = [payload[0], payload[4]! | payload[3]! << 8];
    if (type === 0x20 && this.model.wasOpened(id)) this.repeated++;
    if (type === 0x24 && this.model.streams.get(id)?.isReset) this.repeated++;
    if (type === 0x25) { for (let at = 4; at < payload.length; at += 12) this.windows.push(payload[at]!); }
    this.#take(payload);
  }

  #take(payload: Uint8Array): void {
    const { ends } = this.model.take(payload);
    check(ends === "nothing", () => `${this.#broken}: ${hex(payload)}`);
  }
}

function cameBytes(model: StreamsModel, id: number): number {
  return (model.streams.get(id)?.runs ?? []).reduce((sum, [start, end]) => sum + end - start, 0);
}

/** One carrier: what was handed to it, and how much of that arrived. */
class Carried {
  readonly log: FrameLog;
  readonly reader: SessionFrameReader;
  readonly #hold = new WriteHold();
  /** The write under way: its memory is read when it settles. */
  #writing: Uint8Array | undefined;
  #wire: Uint8Array = new Uint8Array(0);

  constructor(readonly number: number, budget: LogBudget, receiver: Receiver) {
    this.log = new FrameLog(budget);
    this.reader = receiver.reader();
  }

  /** Hands the next frames to a write, now and then with something in front of them. */
  write(choices: Choices, mostBytes: number): void {
    if (this.#writing !== undefined) return;
    const { headroom, hasUnsent } = this.log;
    if (!hasUnsent) return;
    const view = this.log.nextWrite(this.#hold, mostBytes)!;
    if (headroom < 16 || choices.chance(0.5)) return void (this.#writing = view);
    const control = frames.probePayload(0, 0);
    const whole = new Uint8Array(view.buffer, view.byteOffset - 16, view.length + 16);
    whole.set([0, 0, 0, 12, ...control.fill(CONTROL, 1)]);
    this.#writing = whole;
  }

  /** The write under way is done. */
  settle(): void {
    if (this.#writing === undefined) return;
    this.#wire = concat([this.#wire, this.#writing]);
    this.#writing = undefined;
    this.#hold.release();
  }

  /** Up to `most` bytes arrive. */
  arrive(most: number): void {
    const bytes = this.#wire.slice(0, most);
    this.#wire = this.#wire.subarray(bytes.length);
    this.reader.push(bytes);
  }

  /** Of the write under way only a part was sent. */
  cut(choices: Choices): void {
    if (this.#writing === undefined || choices.chance(0.5)) return;
    const sent = this.#writing.slice(0, choices.between(0, this.#writing.length));
    this.#wire = concat([this.#wire, sent]);
  }
}

/** The sender. */
class Sender {
  readonly receiver = new Receiver();
  readonly pool = new PatternedPool({ plenty: 1000 });
  readonly streams: Sent[] = [];
  readonly windowsSent: number[] = [];
  readonly windowsLost: number[] = [];
  readonly #budget = new LogBudget({ limitBytes: 1 << 24 });
  readonly #resend = new ResendQueue({ budget: this.#budget, onWindowLost: (id) => void this.windowsLost.push(id) });
  readonly #settlement = new Settlement();
  #carried = new Carried(0, this.#budget, this.receiver);
  /** Carriers that are gone and whose last write has not settled. */
  readonly #late: Carried[] = [];
  #wastedBytes = 0;

  constructor(readonly choices: Choices, readonly trace: Trace) {
    this.#settlement.opened(0);
  }

  /** One more frame, of any kind that may come now. */
  put(): void {
    const { choices, streams } = this;
    if (streams.length === 0 || choices.chance(0.15)) return this.#open();
    if (choices.chance(0.1)) return this.#windows();
    const stream = choices.pick(streams);
    if (stream.isOver || stream.queued > 0) return;
    if (choices.chance(0.05)) return this.#reset(stream);
    const most = choices.pick([30, 30, 300, 6000, 20_000]);
    const length = Math.min(choices.between(0, most), CREDIT - stream.bytes);
    stream.isOver = choices.chance(0.1);
    const frame = frames.dataFrame(stream.id, stream.bytes, bytesAt(stream.id, stream.bytes, length), stream.isOver);
    stream.bytes += length;
    if (choices.chance(0.4)) this.#adopt(frame, stream);
    else this.#reserve(frame, stream);
  }

  #open(): void {
    const stream = new Sent(2 * this.streams.length + 1, this.choices.chance(0.5));
    this.streams.push(stream);
    this.#reserve(frames.openFrame(stream.id, { send: CREDIT, receive: 7 }), stream);
  }

  #reset(stream: Sent): void {
    stream.isOver = true;
    stream.resetAt = stream.bytes;
    const message = new Uint8Array(this.choices.between(0, 40));
    // Of nobody's, as the mux has it: its stream is over by then.
    this.#reserve(frames.resetFrame(stream.id, stream.bytes, 2, message));
  }

  #windows(): void {
    // Nobody has data to take before the peer has the open.
    const opened = this.streams.filter(({ id }) => this.receiver.model.wasOpened(id));
    if (opened.length === 0) return;
    const ids = Array.from({ length: this.choices.between(1, 3) }, () => this.choices.pick(opened).id);
    this.windowsSent.push(...ids);
    this.#reserve(frames.windowsFrame(ids.map((id) => [id, 9] as const)));
  }

  #reserve(frame: Uint8Array, owner?: Sent): void {
    const { log } = this.#carried;
    const at = log.reserve(frame.length, owner);
    log.arena.set(frame, at);
  }

  #adopt(frame: Uint8Array, owner: Sent): void {
    const segment = this.pool.take();
    segment.memory.set(frame, HEADROOM_BYTES);
    const end = HEADROOM_BYTES + frame.length;
    this.#carried.log.adopt(segment.memory, HEADROOM_BYTES, end, { segment, owner, headroom: HEADROOM_BYTES });
    segment.release();
  }

  write(): void {
    this.#carried.write(this.choices, this.choices.pick([1, 30, 1024, Infinity]));
  }

  settle(): void {
    this.#carried.settle();
    if (this.#late.length > 0 && this.choices.chance(0.3)) this.#late.shift()!.settle();
  }

  arrive(most: number): void {
    this.#carried.arrive(most);
  }

  acknowledge(isAll: boolean): void {
    const { log, reader } = this.#carried;
    log.acknowledge(isAll ? reader.countedBytes : this.choices.between(log.acknowledged, reader.countedBytes));
  }

  moveAgain(most: number): void {
    this.#resend.moveTo(this.#carried.log, most);
  }

  /** The carrier is gone; what is sent again is what the peer has not taken, or has not acknowledged. */
  cut(hasReceipt: boolean): void {
    const former = this.#carried;
    former.cut(this.choices);
    former.arrive(this.choices.pick([0, 1, 4, 5, 16, 17, 18, this.choices.upTo(30_000)]));
    const { number, log, reader } = former;
    const { acknowledged } = log;
    const taken = reader.countedBytes;
    this.trace(() => `carrier ${number} is cut at ${taken}, ${acknowledged} acknowledged, receipt: ${hasReceipt}`);
    // Some of its streams are quiet by now.
    for (const stream of this.streams) if (this.choices.chance(0.1)) stream.isQuiet = true;
    const left = log.handOver();
    this.#resend.expect(left);
    this.#settlement.gone(number, 0, true, left);
    const next = number + 1;
    this.#settlement.tells(next, this.#settlement.own());
    this.#settlement.opened(next);
    const [covered] = this.#settlement.accepted(next, hasReceipt ? [{ number, taken }] : []);
    const { news, remains } = covered!;
    this.#resend.addExpected(remains!, covered!.taken);
    check(news === (hasReceipt ? taken - acknowledged : 0), () => `${news} bytes are said to be news`);
    if (hasReceipt) this.#wastedBytes += reader.wastedBytes;
    this.#late.push(former);
    this.#carried = new Carried(number + 1, this.#budget, this.receiver);
  }

  /** Nothing is in the way any more. */
  finish(): void {
    for (let left = 1_000_000; this.#budget.heldBytes > 0; left--) {
      check(left > 0, () => `${this.#budget.heldBytes} bytes are never sent`);
      this.moveAgain(1 << 20);
      this.#carried.write(this.choices, Infinity);
      this.#carried.settle();
      this.arrive(1 << 24);
      this.acknowledge(true);
    }
    for (const late of this.#late) late.settle();
    const { streamFrames } = this.#budget;
    check(streamFrames === 0, () => `${streamFrames} frames of streams are counted when nothing is held`);
  }

  assertAll(isExact: boolean): void {
    const { receiver, streams } = this;
    for (const { id, bytes, isOver, resetAt, held, queued } of streams) {
      const came = receiver.model.streams.get(id);
      check(came !== undefined, () => `stream ${id} was never opened`);
      check(prefixOf(came!) === bytes, () => `${prefixOf(came!)} of ${bytes} bytes of stream ${id} came`);
      check(came!.final === (isOver ? bytes : undefined), () => `stream ${id} ended at ${came!.final}, not ${bytes}`);
      check(came!.isReset === (resetAt !== undefined), () => `stream ${id} was reset: ${came!.isReset}`);
      check(held === 0 && queued === 0, () => `${held} frames of stream ${id} are held, ${queued} wait`);
    }
    check(!isExact || receiver.repeated === 0, () => `${receiver.repeated} bytes or frames came twice`);
    const told = [...receiver.windows, ...this.windowsLost].sort();
    const isRight = isExact ? `${told}` === `${this.windowsSent.sort()}` : told.length >= this.windowsSent.length;
    check(isRight, () => `window values ${this.windowsSent} were sent, ${told} came or were told to be lost`);
    const { wastedBytes } = this.#resend;
    check(!isExact || wastedBytes === this.#wastedBytes, () => `${wastedBytes} wasted, due ${this.#wastedBytes}`);
    check(this.pool.out === 0, () => `${this.pool.out} segments are held when everything was taken`);
  }
}

/** {@linkcode FrameLog}, {@linkcode Settlement} and {@linkcode ResendQueue}. */
export const moved: Target = {
  name: "moved",
  about: "FrameLog, Settlement and ResendQueue: frames on carriers that are cut at any byte, with and without receipts",
  quickStreams: 2000,
  run(choices, trace) {
    const isExact = choices.chance(0.7);
    const sender = new Sender(choices, trace);
    for (let left = choices.between(1, 150); left > 0; left--) {
      switch (choices.between(0, 11)) {
        case 0:
        case 1:
        case 2:
        case 3:
          sender.put();
          break;
        case 4:
        case 5:
          sender.write();
          break;
        case 6:
          sender.settle();
          break;
        case 7:
          sender.arrive(choices.pick([1, 5, 17, 18, 1 << 20, choices.upTo(30_000)]));
          break;
        case 8:
          sender.acknowledge(choices.chance(0.5));
          break;
        case 9:
        case 10:
          sender.moveAgain(choices.pick([1, 100, 1024, 2000, 1 << 20]));
          break;
        default:
          sender.cut(isExact || choices.chance(0.5));
      }
    }
    sender.finish();
    sender.assertAll(isExact);
  },
};

/**
 * One carrier attached to a session: two loops that move frames, and a tick that watches over it.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Clock, Timer } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf, TeleError } from "../../net/error.ts";
import { Segment, type SegmentPool } from "../segment_pool.ts";
import {
  ACKNOWLEDGE_BYTES,
  ACKNOWLEDGE_DELAY_MS,
  FrameType,
  LEAST_ROOM_BYTES,
  MOST_ACKNOWLEDGE_DELAY_MS,
} from "../session_constants.ts";
import { decodeAcknowledge, decodeProbe, OutgoingControl, type Probe } from "./control.ts";
import { Farewell } from "./farewell.ts";
import { FrameLog, type Remains } from "./frame_log.ts";
import { type Allowance, SessionFrameReader } from "./frame_reader.ts";
import { type Doubt, Liveness } from "./liveness.ts";
import { type Caution, Pace, PIECE_MS, SMALL_BYTES } from "./pace.ts";
import { decodeEnding, encodeEnding, type Ending } from "../ending.ts";
import { framed } from "../../ping/codec.ts";
import type { LogBudget } from "../log_budget.ts";
import type { Flight } from "../path/flight.ts";
import { PathBound } from "../path/path_bound.ts";
import { SendBuffer } from "./send_buffer.ts";
import { WriteHold } from "./write_hold.ts";
import type { SessionLimits } from "../session_limits.ts";

/** Bytes of the buffer that an idle carrier reads into. */
const SMALL_READ_BYTES = 8 * 1024;

/** Consecutive small reads before going back to the small buffer. */
const SMALL_READS = 32;

/** A microtask. */
const SOON = Promise.resolve();

/** How long reading goes on after a failed write, unless it ends before, in milliseconds. */
const LAST_READS_MS = 50;

/** Least bytes of a write that says something about the system's buffer, and is worth looking at the clock. */
const TELLING_BYTES = 16 * 1024;

/** With more room than two turns of a bulk stream, and nothing to send, it is not for want of room. */
const READ_AHEAD_BYTES = 512 * 1024;

/** What a carrier needs of the session it is attached to. */
export interface CarrierHost {
  /** What all logs of the session hold. */
  readonly budget: LogBudget;
  /** What the frames of the present turn may still cost; shared by all carriers of the session. */
  readonly allowance: Allowance;
  /** What a counted frame costs. */
  costOf(type: number): number;
  /** Puts frames into the log: up to `bulkBytes` of data, of urgent data up to `urgentBytes`, which is more. */
  pull(log: FrameLog, bulkBytes: number, urgentBytes: number): void;
  /** Data of a stream, as it comes. It is a view of `segment`; whoever keeps it retains that. */
  receiveData(id: number, offset: number, bytes: Uint8Array, segment: Segment): void;
  /** A stream's data ends at `offset`. */
  receiveEnd(id: number, offset: number): void;
  /**
   * The payload of another counted frame. Valid during the call only.
   *
   * @returns Whether its type is known.
   */
  receiveFrame(payload: Uint8Array): boolean;
  /** What was read was handed over, or the allowance is used up; the promise, if there is one, settles when it goes on. */
  turnEnded(): Promise<void> | undefined;
  /** The peer has taken `bytes` more. */
  arrivedThere(bytes: number): void;
  /** The first bytes came on this carrier. */
  heard(carrier: Carrier): void;
  /**
   * Only a guess excuses that the carrier is silent, or that nothing is acknowledged on it; or the machine slept. Told
   * once, until it is trusted.
   */
  carrierDoubted(): void;
  /** A carrier that was doubted has shown that it is alive. */
  carrierTrusted(): void;
  /** The carrier came to its end; it is already stopped. */
  carrierLost(carrier: Carrier, reason: string): void;
  /** The peer said goodbye. */
  peerEnded(ending: Ending): void;
  /**
   * The session cannot go on: the peer broke a rule that no new carrier mends, or something threw that should not have.
   */
  sessionBroken(error: unknown): void;
}

/** Options of {@linkcode Carrier}. */
export interface CarrierOptions {
  /** The connection, which belongs to the carrier from now on. */
  duplex: Duplex;
  /** The session. */
  host: CarrierHost;
  /** Time. */
  clock: Clock;
  /** Segments to read into. */
  pool: SegmentPool;
  /** Limits of sessions. */
  limits: SessionLimits;
  /** Bytes of the session that were read with the handshake. */
  leftover: Uint8Array;
  /** Written before anything else: the server's accept frame. */
  opening?: Uint8Array;
  /** Its number in the session. */
  number: number;
  /** The round trip that the handshake took, in milliseconds. It counts until one was measured here. */
  roundTripMs?: number;
  /** How much longer than usual it may be silent, in milliseconds; see {@linkcode Patience}. */
  patienceMs: number;
  /** What those before it taught this end about its first pieces; see {@linkcode Pace}. */
  caution: Caution;
}

/**
 * Moves frames between one duplex and its session until one of them ends.
 *
 * Invariant 1: after {@linkcode Carrier.stop} nothing that the duplex delivers reaches the session, not even what was
 * already read. Invariant 3: what a read or a write has under way keeps its memory until it settles. Invariant 5:
 * reading never waits for a user's socket or for writing; limits are kept by credit.
 */
export class Carrier {
  /** What is under way on it, what that tells of the path, and the bound on it. */
  readonly flight: Flight;
  /** Whether what it sends is small. */
  readonly pace: Pace;
  /** What was sent on it and is not acknowledged. */
  readonly log: FrameLog;
  /** Its number in the session. */
  readonly number: number;
  /** Settles when the carrier is stopped. */
  readonly done: Promise<void>;
  #resolveDone!: () => void;
  readonly #duplex: Duplex;
  readonly #host: CarrierHost;
  readonly #clock: Clock;
  readonly #pool: SegmentPool;
  readonly #liveness: Liveness;
  readonly #reader: SessionFrameReader;
  readonly #control: OutgoingControl;
  readonly #sendBuffer = new SendBuffer();
  /** What the write under way has of the log's memory. */
  readonly #hold = new WriteHold();
  /** Where the bytes being read lie, while they are. */
  #segment: Segment | undefined;
  #smallReads = 0;
  #isHeard = false;
  #isDoubted = false;
  #stopped = false;
  /** Whether a write is under way or due. */
  #isWriting = true;
  /** Whether one is to begin when this step is over. */
  #isWriteDue = false;
  /** Bytes of the write under way, and how many were in flight when it began. */
  #writingBytes = 0;
  #inFlightBefore = 0;
  /** Whether the last pull may have left something behind for want of room. */
  #awaitsRoom = false;
  #tick: Timer | undefined;
  #acknowledgeTimer: Timer | undefined;
  #acknowledgeDelayMs = ACKNOWLEDGE_DELAY_MS;
  #lastReads: Timer | undefined;
  #nextPiece: Timer | undefined;
  #askedRoundTripMs = 0;
  #lastWriteMs: number;
  /** Said, or about to be: nothing that comes from now on is looked at. */
  #goodbye: Ending | undefined;
  #farewell: Farewell | undefined;
  #takenBefore: number | undefined;
  #leaveTimer: Timer | undefined;

  /** Starts both loops. */
  constructor(options: CarrierOptions) {
    const { duplex, host, clock, pool, limits: { pingIntervalMs }, leftover, opening } = options;
    this.done = new Promise((resolve) => this.#resolveDone = resolve);
    this.#duplex = duplex;
    this.#host = host;
    this.#clock = clock;
    this.#pool = pool;
    const nowMs = clock.now();
    this.#lastWriteMs = nowMs;
    this.#askedRoundTripMs = options.roundTripMs ?? 0;
    this.#liveness = new Liveness(nowMs, options.patienceMs, 0, this.#askedRoundTripMs);
    this.#control = new OutgoingControl({ nowMs, pingIntervalMs });
    this.number = options.number;
    this.log = new FrameLog(host.budget);
    this.flight = new PathBound().join();
    this.pace = new Pace(options.caution);
    this.#reader = new SessionFrameReader(
      {
        data: (id, offset, bytes) => this.#onData(id, offset, bytes),
        end: (id, offset) => this.#onEnd(id, offset),
        counted: (payload) => this.#onFrame(payload),
        control: (payload) => this.#onControl(payload),
      },
      host.allowance,
      (type) => host.costOf(type),
    );
    this.#scheduleTick();
    this.#readLoop(leftover).catch((error) => this.#lose(reasonOf(error)));
    if (opening === undefined) this.#writeSoon();
    else this.#write(opening);
  }

  /** What speaks against it while only a guess excuses that. */
  get doubt(): Doubt | undefined {
    return this.#liveness.doubt;
  }

  /** Counted bytes taken from it. Once it says goodbye what comes, and the rest of what came, is not. */
  get taken(): number {
    return this.#takenBefore ?? this.#reader.countedBytes;
  }

  /** How many of these say nothing, unless more comes: see {@linkcode SessionFrameReader.wastedBytes}. */
  get wastedBytes(): number {
    return this.#reader.wastedBytes;
  }

  /** It is gone: what is left of its log. */
  remains(): Remains {
    return this.log.gone();
  }

  /** For how long nothing has come, in milliseconds. */
  get silentMs(): number {
    return this.#liveness.silentMs;
  }

  /** Name of the other end, for logs. */
  get peer(): string {
    return this.#duplex.peer;
  }

  /** The local IP address it left from, if known. */
  get localAddress(): string | undefined {
    return this.#duplex.localAddress;
  }

  /** Round trip in milliseconds, measured by data or else by a probe, at first by the handshake; 0 if unknown. */
  get roundTripMs(): number {
    const measuredMs = this.flight.roundTripMs || this.#askedRoundTripMs;
    return Math.min(measuredMs, this.#liveness.mostRoundTripMs);
  }

  /** There may be something to send. It leaves when this step is over, together with what else comes in it. */
  wake(): void {
    if (!this.#isWriting) this.#writeSoon();
  }

  /**
   * There is enough for a write of its own, which begins at once if none is under way: the caller must be ready for it.
   */
  wakeNow(): void {
    this.wake();
    if (this.#isWriteDue) this.#writeDue();
  }

  /** The machine slept: the carrier is in doubt, asks for a sign of life, and gives up soon without one. */
  suspect(): void {
    if (this.#stopped) return;
    this.#liveness.suspect(this.#clock.now());
    this.#control.askDue = true;
    this.wake();
    this.#doubt();
  }

  /**
   * Ends the carrier with a goodbye as its last frame, behind what was handed to the system already. Then it reads
   * until the peer closes, or {@linkcode Farewell} says that it was enough: closing sooner would take the goodbye back.
   *
   * @param acknowledges Whether all that came is acknowledged in front of it: streams of the peer's may be complete by
   *   that.
   */
  sayGoodbye(ending: Ending, acknowledges: boolean): void {
    if (this.#stopped || this.#goodbye !== undefined) return;
    this.#goodbye = ending;
    this.#takenBefore = this.#reader.countedBytes;
    this.#control.acknowledgeDue = acknowledges;
    const nowMs = this.#clock.now();
    const { inFlight, rateBytesPerMs } = this.flight;
    this.#farewell = new Farewell({ nowMs, bytes: inFlight, rate: rateBytesPerMs, roundTripMs: this.roundTripMs });
    this.#tick?.cancel();
    this.#acknowledgeTimer?.cancel();
    this.#leaveLater(nowMs);
    this.wake();
  }

  #leaveLater(nowMs: number): void {
    const leftMs = this.#farewell!.leftMs(nowMs);
    if (leftMs === 0) return this.stop();
    this.#leaveTimer = this.#clock.setTimer(() => this.#leaveLater(this.#clock.now()), leftMs);
  }

  /** Stops both loops at once and closes the duplex. Nothing it delivers later is looked at. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#tick?.cancel();
    this.#acknowledgeTimer?.cancel();
    this.#lastReads?.cancel();
    this.#nextPiece?.cancel();
    this.#leaveTimer?.cancel();
    this.#duplex.close();
    this.#resolveDone();
  }

  /** Whether what comes counts no more. */
  get #isOver(): boolean {
    return this.#stopped || this.#goodbye !== undefined;
  }

  /**
   * The peer takes nothing any more; but what it sent before may wait to be read, and must count. Else a network that
   * resets each carrier right behind some data would never let a session get on (invariant 2).
   */
  readonly #onWriteFailed = (error: unknown): void => {
    this.#hold.release();
    if (this.#stopped) return;
    this.#lastReads = this.#clock.setTimer(() => this.#lose(reasonOf(error)), LAST_READS_MS);
  };

  #lose(reason: string): void {
    if (this.#stopped) return;
    this.stop();
    this.#host.carrierLost(this, reason);
  }

  // Reading.

  async #readLoop(leftover: Uint8Array): Promise<void> {
    // One step later, when the session has its carrier: what came with the handshake may end both.
    await Promise.resolve();
    // What came on the carrier before may still wait: else each that takes over would add a read to it (invariant 10).
    await this.#host.turnEnded();
    if (leftover.length > 0 && !this.#stopped) await this.#takeAll(new Segment(leftover), leftover);
    let segment = new Segment(new Uint8Array(SMALL_READ_BYTES));
    try {
      while (!this.#stopped) {
        const count = await this.#duplex.read(segment.memory);
        if (this.#stopped) return;
        if (count === null) return this.#lose("the other side closed the connection");
        const behind = this.#takeAll(segment, segment.memory.subarray(0, count));
        if (behind !== undefined) await behind;
        segment = this.#nextSegment(segment, count);
      }
    } finally {
      segment.release();
    }
  }

  /**
   * The same segment again unless someone keeps it; a large one while much comes, so that an idle carrier holds none.
   */
  #nextSegment(segment: Segment, count: number): Segment {
    this.#smallReads = count < SMALL_READ_BYTES ? this.#smallReads + 1 : 0;
    const isLarge = segment.isPooled ? this.#smallReads < SMALL_READS : this.#smallReads === 0;
    if (segment.isExclusive && segment.isPooled === isLarge) return segment;
    segment.release();
    return isLarge ? this.#pool.take() : new Segment(new Uint8Array(SMALL_READ_BYTES));
  }

  /** All that was read, in turns if it is too much for one; the promise, if there is one, settles behind the last. */
  #takeAll(segment: Segment, bytes: Uint8Array): Promise<void> | undefined {
    if (this.#farewell !== undefined) {
      this.#farewell.heard(this.#clock.now());
      return undefined;
    }
    this.#liveness.received(bytes.length);
    const taken = this.#take(segment, bytes);
    const behind = this.#host.turnEnded();
    if (taken === bytes.length || this.#isOver) return behind;
    return this.#takeLater(segment, bytes.subarray(taken), behind);
  }

  async #takeLater(segment: Segment, bytes: Uint8Array, behind: Promise<void> | undefined): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      await behind;
      if (this.#isOver) return;
      at += this.#take(segment, bytes.subarray(at));
      behind = this.#host.turnEnded();
    }
    await behind;
  }

  #take(segment: Segment, bytes: Uint8Array): number {
    let taken = bytes.length;
    this.#segment = segment;
    try {
      taken = this.#hear(bytes);
    } catch (error) {
      // A frame that is none ends the carrier: the next one mends it. Any other throw may have lost what was counted,
      // and a carrier that is only lost would hide that (invariant 11).
      if (error instanceof TeleError) throw error;
      this.#host.sessionBroken(error);
    } finally {
      this.#segment = undefined;
    }
    if (this.#isDoubted && this.#liveness.doubt === undefined) this.#trust();
    if (!this.#isOver) this.#planAcknowledge();
    return taken;
  }

  #hear(bytes: Uint8Array): number {
    if (!this.#isHeard) {
      this.#isHeard = true;
      this.#host.heard(this);
    }
    return this.#reader.push(bytes);
  }

  // What breaks the rules of counted frames ends the session, since it would only be sent again.

  #onData(id: number, offset: number, bytes: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#host.receiveData(id, offset, bytes, this.#segment!);
    } catch (error) {
      this.#host.sessionBroken(error);
    }
  }

  #onEnd(id: number, offset: number): void {
    if (this.#isOver) return;
    try {
      this.#host.receiveEnd(id, offset);
    } catch (error) {
      this.#host.sessionBroken(error);
    }
  }

  #onFrame(payload: Uint8Array): void {
    if (this.#isOver) return;
    let isKnown;
    try {
      isKnown = this.#host.receiveFrame(payload);
    } catch (error) {
      return this.#host.sessionBroken(error);
    }
    if (!isKnown) throw unknownFrame(payload);
  }

  #onControl(payload: Uint8Array): void {
    if (this.#isOver) return;
    switch (payload[0]) {
      case FrameType.acknowledge:
        return this.#onAcknowledge(decodeAcknowledge(payload));
      case FrameType.probe:
        return this.#onProbe(decodeProbe(payload));
      case FrameType.goodbye: {
        const ending = decodeEnding(payload);
        this.stop();
        return this.#host.peerEnded(ending);
      }
    }
    throw unknownFrame(payload);
  }

  #onAcknowledge(offset: number): void {
    const before = this.log.acknowledged;
    try {
      this.log.acknowledge(offset);
      if (offset > before) this.#host.arrivedThere(offset - before);
    } catch (error) {
      return this.#host.sessionBroken(error);
    }
    if (offset === before || this.#isOver) return;
    this.flight.onAck(this.#clock.now(), offset);
    this.pace.acknowledged(offset, offset - before);
    this.#liveness.progressed();
    // Most acknowledgements make room that nobody waits for.
    if (this.#awaitsRoom || this.log.hasUnsent) this.wake();
  }

  #onProbe(probe: Probe): void {
    this.#liveness.promised(probe.silenceMs);
    if (probe.isReply) {
      this.#liveness.replied();
      this.#askedRoundTripMs = this.#control.replied(probe.mark, this.#clock.now()) ?? this.#askedRoundTripMs;
    }
    if (probe.replyWanted) {
      this.#control.replyDue = this.#control.acknowledgeDue = true;
      this.#control.replyMark = probe.mark;
      this.wake();
    }
  }

  /** Counted bytes that the peer has not been told of. */
  get #unacknowledgedBytes(): number {
    return this.taken - this.#control.acknowledged;
  }

  #planAcknowledge(): void {
    const waiting = this.#unacknowledgedBytes;
    if (waiting === 0) return;
    this.#markBusy(this.#clock.now());
    if (waiting >= ACKNOWLEDGE_BYTES) this.#acknowledge();
    else if (this.#acknowledgeTimer === undefined) this.#startAcknowledgeTimer();
  }

  #acknowledge(): void {
    this.#control.acknowledgeDue = true;
    this.wake();
  }

  /**
   * While acknowledgements ride along with data, as in a dialogue, the timer has nothing to do, and comes less often:
   * each one set costs as much as some echoes.
   */
  #startAcknowledgeTimer(): void {
    const acknowledgedBefore = this.#control.acknowledged;
    this.#acknowledgeTimer = this.#clock.setTimer(() => {
      this.#acknowledgeTimer = undefined;
      const waiting = this.#unacknowledgedBytes;
      if (waiting > 0 && this.#control.acknowledged === acknowledgedBefore) {
        this.#acknowledgeDelayMs = ACKNOWLEDGE_DELAY_MS;
        return this.#acknowledge();
      }
      this.#acknowledgeDelayMs = Math.min(2 * this.#acknowledgeDelayMs, MOST_ACKNOWLEDGE_DELAY_MS);
      // What waits now came since the last one rode along.
      if (waiting > 0) this.#startAcknowledgeTimer();
    }, this.#acknowledgeDelayMs);
  }

  // Writing.

  #writeSoon(): void {
    this.#isWriting = this.#isWriteDue = true;
    SOON.then(this.#writeDue);
  }

  readonly #writeDue = (): void => {
    if (!this.#isWriteDue) return;
    this.#isWriteDue = false;
    this.#writeNext();
  };

  /** Without an async function: each small message would cost two promises. */
  readonly #writeNext = (): void => {
    if (this.#stopped) return;
    if (this.#goodbye !== undefined) return void this.#writeGoodbye(this.#goodbye).catch(this.#onWriteFailed);
    let bytes;
    try {
      bytes = this.#nextWrite();
    } catch (error) {
      // The network has no part in it, so another carrier would not mend it.
      this.#hold.release();
      this.#isWriting = false;
      return this.#host.sessionBroken(error);
    }
    if (bytes !== undefined) this.#write(bytes);
    else this.#isWriting = false;
  };

  #write(bytes: Uint8Array): void {
    this.#writingBytes = bytes.length;
    this.#inFlightBefore = this.flight.inFlight - bytes.length;
    this.#duplex.write(bytes).then(this.#onWritten, this.#onWriteFailed);
  }

  readonly #onWritten = (): void => {
    this.#hold.release();
    if (this.#writingBytes >= TELLING_BYTES) this.#learnSendBuffer();
    this.#writeNext();
  };

  #learnSendBuffer(): void {
    const nowMs = this.#clock.now();
    const inFlight = this.#inFlightBefore;
    const roundTripMs = this.flight.lowestRoundTripMs;
    this.#sendBuffer.written({ inFlight, tookMs: nowMs - this.#lastWriteMs, nowMs, roundTripMs });
  }

  async #writeGoodbye(ending: Ending): Promise<void> {
    const control = this.#control.take(this.#clock.now(), false, this.taken) ?? new Uint8Array(0);
    await this.#duplex.write(concat([control, framed(encodeEnding("goodbye", ending))]));
    await this.#duplex.closeWrite();
  }

  /** Control frames and counted ones, as one write. */
  #nextWrite(): Uint8Array | undefined {
    const nowMs = this.#clock.now();
    const { log } = this;
    if (!log.hasUnsent) this.#pull(nowMs);
    // What was pulled may go: it kept the bound, or is a quiet stream's.
    const most = this.pace.room(nowMs, this.flight.inFlight);
    // A frame is written whole, since other frames may follow each write.
    const withData = log.hasUnsent && most >= Math.min(log.nextFrameBytes, SMALL_BYTES);
    if (!this.pace.isFree) this.flight.markApplicationLimited();
    if (withData) this.#markBusy(nowMs);
    if (this.#control.askDue) this.#liveness.asked();
    const control = this.#control.take(nowMs, withData, this.taken);
    if (!withData && control === undefined) return undefined;
    this.#lastWriteMs = nowMs;
    if (control === undefined) return this.#nextFrames(nowMs, most);
    if (!withData || control.length > log.headroom) return control;
    const frames = this.#nextFrames(nowMs, most);
    const whole = new Uint8Array(frames.buffer, frames.byteOffset - control.length, control.length + frames.length);
    whole.set(control);
    return whole;
  }

  #pull(nowMs: number): void {
    const { log } = this;
    const room = this.#room(nowMs);
    const before = log.end;
    const urgentRoom = this.pace.isFree ? this.flight.quietRoom() : room;
    this.#host.pull(log, room, urgentRoom);
    this.#awaitsRoom = room - (log.end - before) < LEAST_ROOM_BYTES || this.#host.budget.room < LEAST_ROOM_BYTES;
    if (!log.hasUnsent && this.#hasMuchRoom) this.flight.markApplicationLimited();
  }

  #room(nowMs: number): number {
    const { flight } = this;
    return Math.min(
      flight.room(),
      Math.max(0, this.#sendBuffer.limit(nowMs, flight.lowestRoundTripMs) - flight.inFlight),
      this.pace.room(nowMs, flight.inFlight),
    );
  }

  /** A stream reads one chunk ahead, so in a bulk transfer too there is often nothing to send for a moment. */
  get #hasMuchRoom(): boolean {
    const { bound, inFlight } = this.flight;
    return inFlight < bound / 2 || bound - inFlight > Math.max(bound / 4, READ_AHEAD_BYTES);
  }

  #nextFrames(nowMs: number, most: number): Uint8Array {
    const from = this.log.handed;
    const frames = this.log.nextWrite(this.#hold, most)!;
    this.flight.onSend(nowMs, this.log.handed);
    this.pace.sent(nowMs, from, this.log.handed - from);
    if (!this.pace.isFree) this.#nextPiece ??= this.#clock.setTimer(() => this.#onNextPiece(), PIECE_MS);
    return frames;
  }

  #onNextPiece(): void {
    this.#nextPiece = undefined;
    this.wake();
  }

  // Watching.

  #markBusy(nowMs: number): void {
    if (!this.#control.markBusy(nowMs)) return;
    this.#tick?.cancel();
    this.#scheduleTick();
    this.wake();
  }

  /** How often to look, in milliseconds: often enough to keep the promise. */
  get #stepMs(): number {
    return Math.min(1000, this.#control.silenceMs / 4);
  }

  #scheduleTick(): void {
    this.#tick = this.#clock.setTimer(() => this.#onTick(), this.#stepMs);
  }

  #onTick(): void {
    const nowMs = this.#clock.now();
    const { log } = this;
    // A tick may come a little late; what is more than that was not the network's silence.
    const verdict = this.#liveness.tick(nowMs, this.#stepMs * 1.5, {
      bytes: log.handed - log.acknowledged,
      acknowledged: log.acknowledged,
      rate: this.flight.rateBytesPerMs,
      roundTripMs: this.roundTripMs,
    });
    if (verdict.kind === "dead") return this.#lose(verdict.reason);
    if (verdict.kind === "ask") this.#control.askDue = true;
    if (verdict.kind === "doubt") this.#doubt();
    if (this.#control.look(nowMs, nowMs - this.#lastWriteMs + this.#stepMs)) this.wake();
    this.#scheduleTick();
  }

  #doubt(): void {
    if (this.#isDoubted) return;
    this.#isDoubted = true;
    this.#host.carrierDoubted();
  }

  #trust(): void {
    this.#isDoubted = false;
    this.#host.carrierTrusted();
  }
}

function unknownFrame(payload: Uint8Array): TeleError {
  return new TeleError("protocol", `a frame of type ${payload[0]} is not known here`);
}

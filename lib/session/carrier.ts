/**
 * One carrier attached to a session: two loops that move frames, and a tick that watches over it.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { reasonOf, TeleError } from "../net/error.ts";
import { Segment, type SegmentPool } from "../net/segment_pool.ts";
import { FRAME_HEADER_BYTES, FrameDecoder, writeFrameHeader } from "../ping/codec.ts";
import {
  ACKNOWLEDGE_BYTES,
  ACKNOWLEDGE_DELAY_MS,
  BUSY_FOR_MS,
  BUSY_SILENCE_MS,
  FrameType,
  MAX_CONTROL_FRAME_BYTES,
  MAX_SESSION_FRAME_BYTES,
  ProbeFlag,
} from "./constants.ts";
import { Flight } from "./flight.ts";
import { Liveness } from "./liveness.ts";
import { decodeEnding, encodeEnding, type Ending, readU64, writeU64 } from "./messages.ts";
import { ReplayLog } from "./replay_log.ts";

/** Bytes of the buffer that an idle carrier reads into. */
const SMALL_READ_BYTES = 8 * 1024;

/** Bytes of an acknowledge frame and of a probe frame, with their headers. */
const ACKNOWLEDGE_FRAME_BYTES = FRAME_HEADER_BYTES + 9;
const PROBE_FRAME_BYTES = FRAME_HEADER_BYTES + 6;

/** Hints are gathered up to this size in one frame, in bytes. */
const HINT_BYTES = 4 * 1024;

/** Urgent data may go beyond the bound on bytes in flight by this much, so that a key stroke need not wait for bulk. */
const URGENT_BYTES = 64 * 1024;

/** What a carrier needs of the session it is attached to. */
export interface CarrierHost {
  /** What is sent and not acknowledged. */
  readonly log: ReplayLog;
  /** Counted bytes received so far. */
  readonly received: number;
  /** Puts data into the log: up to `bulkBytes`, of urgent data up to `urgentBytes`, which is more. */
  pull(bulkBytes: number, urgentBytes: number): void;
  /** Counted bytes, in order. They are a view of `segment`; whoever keeps them retains it. */
  receiveData(bytes: Uint8Array, segment: Segment): void;
  /** An uncounted message of the layer above. */
  receiveHint(bytes: Uint8Array): void;
  /** Writes uncounted messages of the layer above into `into`; returns their bytes, 0 if there are none. */
  takeHints(into: Uint8Array): number;
  /** The first bytes came on this carrier. */
  heard(): void;
  /** The carrier came to its end; it is already stopped. */
  carrierLost(carrier: Carrier, reason: string): void;
  /** The peer said goodbye. */
  peerEnded(ending: Ending): void;
  /** The session cannot go on: the peer broke a rule that no new carrier mends. */
  sessionBroken(error: TeleError): void;
}

/** What a {@linkcode Carrier} is made of. */
export interface CarrierOptions {
  duplex: Duplex;
  host: CarrierHost;
  clock: Clock;
  pool: SegmentPool;
  /** Longest silence on an idle carrier, in milliseconds. */
  pingIntervalMs: number;
  /** Bytes of the session that were read with the handshake. */
  leftover: Uint8Array;
  /** Written before anything else: the server's accept frame. */
  opening?: Uint8Array;
}

/**
 * Moves frames between one duplex and its session until one of them ends.
 *
 * Invariant 3: after {@linkcode Carrier.stop} nothing that the duplex delivers reaches the session, not even what was
 * already read. Invariant 5: reading never waits for a user's socket or for writing; limits are kept by credit.
 */
export class Carrier {
  /** Round trip, rate and the bound they set, measured on this carrier only. */
  readonly flight: Flight;
  /** Settles when the carrier is stopped. */
  readonly done: Promise<void>;
  #resolveDone!: () => void;
  readonly #duplex: Duplex;
  readonly #host: CarrierHost;
  readonly #clock: Clock;
  readonly #pool: SegmentPool;
  readonly #pingIntervalMs: number;
  readonly #liveness: Liveness;
  readonly #decoder: FrameDecoder;
  readonly #control = new Uint8Array(
    ACKNOWLEDGE_FRAME_BYTES + PROBE_FRAME_BYTES * 2 + FRAME_HEADER_BYTES + 1 + HINT_BYTES,
  );
  #stopped = false;
  #heard = false;
  #wake: (() => void) | undefined;
  #tick: Timer | undefined;

  #segment: Segment | undefined;
  #frameType = -1;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;

  #acknowledged: number;
  #acknowledgeDue = false;
  #acknowledgeTimer: Timer | undefined;
  #promisedMs = BUSY_SILENCE_MS;
  #busyUntil: number;
  #lastWriteMs: number;
  #probeDue = true;
  /** The first probe asks for a reply: it measures the round trip where no data does. */
  #askDue = true;
  #askedAt: number | undefined;
  #askedRoundTripMs = 0;
  #replyDue = false;
  #goodbye: Ending | undefined;

  /** Starts both loops. */
  constructor(options: CarrierOptions) {
    this.done = new Promise((resolve) => this.#resolveDone = resolve);
    this.#duplex = options.duplex;
    this.#host = options.host;
    this.#clock = options.clock;
    this.#pool = options.pool;
    this.#pingIntervalMs = options.pingIntervalMs;
    const now = this.#clock.now();
    this.#liveness = new Liveness(now);
    this.#lastWriteMs = now;
    this.#busyUntil = now + BUSY_FOR_MS;
    this.#acknowledged = this.#host.received;
    this.flight = new Flight({ startOffset: this.#host.log.sent });
    this.#decoder = new FrameDecoder(MAX_SESSION_FRAME_BYTES, {
      frameStart: () => void (this.#frameType = -1),
      frameData: (bytes) => this.#frameData(bytes),
      frameEnd: () => this.#frameEnd(),
    });
    this.#scheduleTick();
    this.#run(this.#readLoop(options.leftover));
    this.#run(this.#writeLoop(options.opening));
  }

  /** Who is at the other end. */
  get peer(): string {
    return this.#duplex.peer;
  }

  /** The local IP address it left from, if known. */
  get localAddress(): string | undefined {
    return this.#duplex.localAddress;
  }

  /** Round trip in milliseconds, measured by data or else by a probe; 0 if unknown. */
  get roundTripMs(): number {
    return this.flight.roundTripMs || this.#askedRoundTripMs;
  }

  /** There may be something to send. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** The machine slept: asks for a sign of life, and gives up soon without one. */
  suspect(): void {
    if (this.#stopped) return;
    this.#liveness.suspect();
    this.#askDue = true;
    this.wake();
  }

  /** Ends the carrier with a goodbye as its last frame. */
  sayGoodbye(ending: Ending): void {
    this.#goodbye = ending;
    this.wake();
  }

  /** Stops both loops at once and closes the duplex. Nothing it delivers later is looked at. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#tick?.cancel();
    this.#acknowledgeTimer?.cancel();
    this.#duplex.close();
    this.wake();
    this.#resolveDone();
  }

  #run(loop: Promise<void>): void {
    loop.catch((error) => {
      if (error instanceof TeleError && error.code === "protocol") return this.#lose(error.message);
      this.#lose(reasonOf(error));
    });
  }

  #lose(reason: string): void {
    if (this.#stopped) return;
    this.stop();
    this.#host.carrierLost(this, reason);
  }

  // Reading.

  async #readLoop(leftover: Uint8Array): Promise<void> {
    if (leftover.length > 0) this.#take(new Segment(leftover), leftover);
    let segment = new Segment(new Uint8Array(SMALL_READ_BYTES));
    try {
      while (!this.#stopped) {
        const count = await this.#duplex.read(segment.memory);
        if (this.#stopped) return;
        if (count === null) return this.#lose("the other side closed the connection");
        this.#take(segment, segment.memory.subarray(0, count));
        const filled = count === segment.memory.length;
        if (segment.isExclusive && !filled) continue;
        const large = filled || segment.memory.length > SMALL_READ_BYTES;
        segment.release();
        segment = large ? this.#pool.take() : new Segment(new Uint8Array(SMALL_READ_BYTES));
      }
    } finally {
      segment.release();
    }
  }

  #take(segment: Segment, bytes: Uint8Array): void {
    this.#liveness.received();
    if (!this.#heard) this.#host.heard();
    this.#heard = true;
    this.#segment = segment;
    this.#decoder.push(bytes);
    this.#segment = undefined;
    if (!this.#stopped) this.#planAcknowledge();
  }

  #frameData(bytes: Uint8Array): void {
    if (this.#stopped) return;
    if (this.#frameType === -1) {
      this.#frameType = bytes[0]!;
      if (bytes.length === 1) return;
      bytes = bytes.subarray(1);
    }
    if (this.#frameType === FrameType.data) {
      this.#guard(() => this.#host.receiveData(bytes, this.#segment!));
      return;
    }
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes > MAX_CONTROL_FRAME_BYTES) throw new TeleError("protocol", "a control frame is too large");
    this.#gathered.push(bytes.slice());
  }

  #frameEnd(): void {
    if (this.#frameType === FrameType.data || this.#stopped) return;
    const payload = this.#gathered.length === 1 ? this.#gathered[0]! : joined(this.#gathered, this.#gatheredBytes);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    switch (this.#frameType) {
      case FrameType.acknowledge:
        return this.#onAcknowledge(payload);
      case FrameType.probe:
        return this.#onProbe(payload);
      case FrameType.hint:
        return this.#guard(() => this.#host.receiveHint(payload));
      case FrameType.goodbye: {
        const ending = decodeEnding(joined([new Uint8Array(1), payload], payload.length + 1));
        this.stop();
        return this.#host.peerEnded(ending);
      }
    }
    throw new TeleError("protocol", `a frame of type ${this.#frameType} is not known here`);
  }

  /** What breaks the rules of counted data ends the session, since no other carrier would mend it. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof TeleError)) throw error;
      this.#host.sessionBroken(error);
    }
  }

  #onAcknowledge(payload: Uint8Array): void {
    if (payload.length !== 8) throw new TeleError("protocol", "an acknowledgement has 8 bytes");
    const offset = readU64(payload, 0);
    const before = this.#host.log.acknowledged;
    this.#guard(() => this.#host.log.acknowledge(offset));
    if (this.#stopped || offset === before) return;
    this.flight.onAck(this.#clock.now(), offset);
    this.#liveness.progressed();
    this.wake();
  }

  #onProbe(payload: Uint8Array): void {
    if (payload.length !== 5) throw new TeleError("protocol", "a probe has 5 bytes");
    const flags = payload[0]!;
    const promisedMs = new DataView(payload.buffer, payload.byteOffset).getUint32(1);
    this.#liveness.promised(promisedMs);
    if (flags & ProbeFlag.reply) this.#onReply();
    if (flags & ProbeFlag.replyWanted) {
      this.#replyDue = true;
      this.#acknowledgeDue = true;
      this.wake();
    }
  }

  #onReply(): void {
    this.#liveness.progressed();
    if (this.#askedAt === undefined) return;
    this.#askedRoundTripMs = this.#clock.now() - this.#askedAt;
    this.#askedAt = undefined;
  }

  #planAcknowledge(): void {
    const waiting = this.#host.received - this.#acknowledged;
    if (waiting === 0) return;
    this.#markBusy();
    if (waiting >= ACKNOWLEDGE_BYTES) {
      this.#acknowledgeDue = true;
      this.wake();
    } else if (this.#acknowledgeTimer === undefined) {
      this.#acknowledgeTimer = this.#clock.setTimer(() => {
        this.#acknowledgeTimer = undefined;
        if (this.#host.received === this.#acknowledged) return;
        this.#acknowledgeDue = true;
        this.wake();
      }, ACKNOWLEDGE_DELAY_MS);
    }
  }

  // Writing.

  async #writeLoop(opening: Uint8Array | undefined): Promise<void> {
    if (opening !== undefined) await this.#duplex.write(opening);
    while (!this.#stopped) {
      const bytes = this.#nextWrite();
      if (bytes !== undefined) {
        this.#lastWriteMs = this.#clock.now();
        await this.#duplex.write(bytes);
      } else if (this.#goodbye !== undefined) {
        return await this.#writeGoodbye(this.#goodbye);
      } else {
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    }
  }

  async #writeGoodbye(ending: Ending): Promise<void> {
    const payload = encodeEnding("goodbye", ending);
    const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
    writeFrameHeader(frame, 0, payload.length);
    frame.set(payload, FRAME_HEADER_BYTES);
    await this.#duplex.write(frame);
    await this.#duplex.closeWrite();
    this.stop();
  }

  /** Control frames and at most one data frame, as one write. */
  #nextWrite(): Uint8Array | undefined {
    const { log } = this.#host;
    const room = this.flight.room();
    const pulls = !log.hasUnsent && this.#goodbye === undefined;
    if (pulls) {
      this.#host.pull(room, this.flight.bound + URGENT_BYTES - this.flight.inFlight);
      if (!log.hasUnsent && room > 0) this.flight.markApplicationLimited();
    }
    // What was pulled just now may go: it kept the bound, or is a quiet stream's. What a resume sends again must wait.
    const data = log.hasUnsent && (pulls || room > 0);
    const limit = pulls ? Infinity : room;
    if (data) this.#markBusy();
    const control = this.#takeControl(data);
    if (control === undefined) return data ? this.#nextData(limit) : undefined;
    if (!data || control.length > ReplayLog.SPARE_HEADROOM) return control;
    const frame = this.#nextData(limit);
    const whole = new Uint8Array(frame.buffer, frame.byteOffset - control.length, control.length + frame.length);
    whole.set(control);
    return whole;
  }

  #nextData(limit: number): Uint8Array {
    const { log } = this.#host;
    const frame = log.nextWrite(limit)!;
    this.flight.onSend(this.#clock.now(), log.sent);
    return frame;
  }

  /** Acknowledgement, probe and hints that are due; an acknowledgement also rides along with data. */
  #takeControl(withData: boolean): Uint8Array | undefined {
    const control = this.#control;
    let at = 0;
    const received = this.#host.received;
    if (this.#acknowledgeDue || (withData && received !== this.#acknowledged)) {
      writeFrameHeader(control, at, 9);
      control[at + 4] = FrameType.acknowledge;
      writeU64(control, at + 5, received);
      at += ACKNOWLEDGE_FRAME_BYTES;
      this.#acknowledged = received;
      this.#acknowledgeDue = false;
    }
    if (this.#probeDue || this.#askDue || this.#replyDue) {
      at += this.#writeProbe(at);
    }
    const hintBytes = this.#host.takeHints(control.subarray(at + FRAME_HEADER_BYTES + 1));
    if (hintBytes > 0) {
      writeFrameHeader(control, at, hintBytes + 1);
      control[at + FRAME_HEADER_BYTES] = FrameType.hint;
      at += FRAME_HEADER_BYTES + 1 + hintBytes;
    }
    return at > 0 ? control.subarray(0, at) : undefined;
  }

  #writeProbe(at: number): number {
    const control = this.#control;
    writeFrameHeader(control, at, 6);
    control[at + 4] = FrameType.probe;
    control[at + 5] = (this.#askDue ? ProbeFlag.replyWanted : 0) | (this.#replyDue ? ProbeFlag.reply : 0);
    new DataView(control.buffer).setUint32(at + 6, this.#promisedMs);
    if (this.#askDue) this.#askedAt = this.#clock.now();
    this.#probeDue = this.#askDue = this.#replyDue = false;
    return PROBE_FRAME_BYTES;
  }

  // Watching.

  #markBusy(): void {
    this.#busyUntil = this.#clock.now() + BUSY_FOR_MS;
    if (this.#promisedMs > BUSY_SILENCE_MS) this.#promise(BUSY_SILENCE_MS);
  }

  #promise(silenceMs: number): void {
    this.#promisedMs = silenceMs;
    this.#probeDue = true;
    this.wake();
    this.#tick?.cancel();
    this.#scheduleTick();
  }

  /** How often to look, in milliseconds: often enough to keep the promise. */
  get #stepMs(): number {
    return Math.min(1000, this.#promisedMs / 4);
  }

  #scheduleTick(): void {
    this.#tick = this.#clock.setTimer(() => this.#onTick(), this.#stepMs);
  }

  #onTick(): void {
    const now = this.#clock.now();
    const { log } = this.#host;
    const verdict = this.#liveness.tick(now, this.#stepMs * 1.5, {
      bytes: log.sent - log.acknowledged,
      rate: this.flight.rateBytesPerMs,
      roundTripMs: this.roundTripMs,
    });
    if (verdict.kind === "dead") return this.#lose(verdict.reason);
    if (verdict.kind === "ask") this.#askDue = true;
    const promiseMs = now < this.#busyUntil ? Math.min(BUSY_SILENCE_MS, this.#pingIntervalMs) : this.#pingIntervalMs;
    if (promiseMs !== this.#promisedMs) return this.#promise(promiseMs);
    if (now - this.#lastWriteMs + this.#stepMs >= this.#promisedMs) this.#probeDue = true;
    if (this.#probeDue || this.#askDue) this.wake();
    this.#scheduleTick();
  }
}

function joined(parts: Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

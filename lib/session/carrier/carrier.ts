/**
 * One carrier attached to a session.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf } from "../../net/error.ts";
import type { Ending } from "../ending.ts";
import type { Receipt } from "../handshake/fields.ts";
import type { Segment } from "../segment_pool.ts";
import { SPREAD_FRAME_BYTES } from "../share.ts";
import { FrameType, LEAST_ROOM_BYTES, MOST_ACKNOWLEDGE_DELAY_MS } from "../session_constants.ts";
import { Acknowledger, sharedDelayMs } from "./acknowledger.ts";
import type { CarrierHost } from "./carrier_host.ts";
import type { CarrierOptions } from "./carrier_options.ts";
import { OutgoingControl } from "./control.ts";
import { Departure } from "./departure.ts";
import { FrameLog, type Remains } from "./frame_log.ts";
import { type ControlTaker, FrameReceiver } from "./frame_receiver.ts";
import { FrameSender } from "./frame_sender.ts";
import type { Doubt } from "./liveness.ts";
import { type BytesTaker, ReadLoop } from "./read_loop.ts";
import { SendRoom } from "./send_room.ts";
import { Watch, type WatchListener } from "./watch.ts";
import { WriteLoop } from "./write_loop.ts";

/**
 * Moves frames between one duplex and its session until one of them ends.
 *
 * It puts its parts together: what comes goes from the {@linkcode ReadLoop} to the {@linkcode FrameReceiver}, what
 * leaves from the {@linkcode FrameSender} to the {@linkcode WriteLoop}; the {@linkcode Acknowledger} and the
 * {@linkcode Watch} say which control frames go in front.
 *
 * Invariant 1: after {@linkcode Carrier.stop} nothing that the duplex delivers reaches the session, not even what was
 * already read. Invariant 3: what a read or a write has under way keeps its memory until it settles. Invariant 5:
 * reading never waits for a user's socket or for writing; limits are kept by credit.
 */
export class Carrier {
  /** What was sent on it and is not acknowledged. */
  readonly log: FrameLog;
  /** Its number in the session. */
  readonly number: number;
  /** From where to where it goes: the same for all carriers of one path. */
  readonly path: string;
  /** What it may send now, and what was measured of what it has under way. */
  readonly room: SendRoom;
  readonly #done = Promise.withResolvers<void>();
  readonly #duplex: Duplex;
  readonly #host: CarrierHost<Carrier>;
  readonly #clock: Clock;
  readonly #receiver: FrameReceiver<Carrier>;
  readonly #reads: ReadLoop;
  readonly #sender: FrameSender;
  readonly #writes: WriteLoop;
  readonly #acknowledger: Acknowledger;
  readonly #watch: Watch;
  readonly #departure: Departure;

  /** Starts reading, writing and watching. */
  constructor(options: CarrierOptions<Carrier>) {
    const { duplex, host, clock, pool, use, limits: { pingIntervalMs } } = options;
    this.#duplex = duplex;
    this.#host = host;
    this.#clock = clock;
    this.number = options.number;
    this.path = options.path;
    const log = this.log = new FrameLog(host.budget);
    const room = this.room = new SendRoom(options.caution, options.flight, clock.now());
    const control = new OutgoingControl({ nowMs: clock.now(), pingIntervalMs, use });
    const wake = () => this.wake(), listener = this.#watchListener();
    const watch = this.#watch = new Watch({ ...options, control, log, listener });
    const receiver = this.#receiver = new FrameReceiver(host, this.#controlTaker(), this);
    const mostDelayMs = () => host.hasSeveral ? sharedDelayMs(this.roundTripMs) : MOST_ACKNOWLEDGE_DELAY_MS;
    this.#acknowledger = new Acknowledger({ clock, control, receiver, mostDelayMs, onDue: wake });
    this.#departure = new Departure({ clock, onLost: (reason) => this.#lose(reason) });
    const pull = (bulk: number, urgent: number, nowMs: number) => host.pull(this, bulk, urgent, nowMs);
    this.#sender = new FrameSender({ budget: host.budget, pull, clock, log, room, control, watch, receiver, wake });
    this.#writes = new WriteLoop({
      duplex,
      source: this.#sender,
      onFailed: (error) => this.#departure.writeFailed(error),
      onBroken: (error) => host.sessionBroken(error),
    });
    this.#reads = new ReadLoop({ duplex, pool, taker: this.#bytesTaker() });
    this.#reads.run(options.leftover).catch((error) => this.#lose(reasonOf(error)));
    this.#writes.start(options.opening);
  }

  /** Settles when the carrier is stopped. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** What speaks against it while only a guess excuses that. */
  get doubt(): Doubt | undefined {
    return this.#watch.doubt;
  }

  /** Counted bytes taken from it. Once it says goodbye what comes, and the rest of what came, is not. */
  get taken(): number {
    return this.#receiver.takenBytes;
  }

  /** How many of these say nothing, unless more comes: see {@linkcode FrameReceiver.wastedBytes}. */
  get wastedBytes(): number {
    return this.#receiver.wastedBytes;
  }

  /** Counted bytes that it has moved, in both directions. */
  get movedBytes(): number {
    return this.taken + this.log.acknowledged;
  }

  /** It is gone: what is left of its log. */
  remains(): Remains {
    return this.log.handOver();
  }

  /** For how long nothing has come, in milliseconds. */
  get silentMs(): number {
    return this.#watch.silentMs;
  }

  /** Whether it can take a frame of bulk now. */
  get hasRoom(): boolean {
    return this.room.bulkBytes(this.#clock.now()) >= SPREAD_FRAME_BYTES;
  }

  /** Whether it can take nothing of bulk now. */
  get isFull(): boolean {
    return this.room.bulkBytes(this.#clock.now()) < LEAST_ROOM_BYTES;
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
    return this.#watch.roundTripMs;
  }

  /** There may be something to send. It leaves when this step is over, together with what else comes in it. */
  wake(): void {
    this.#writes.wake();
  }

  /** There is enough for a write of its own, which begins at once if none is under way: the caller must be ready. */
  wakeNow(): void {
    this.#writes.wakeNow();
  }

  /** Sends a probe that wants a reply, which its flight is told of. */
  ask(): void {
    if (!this.#receiver.isClosed) this.#watch.ask();
  }

  /** The machine slept: the carrier is in doubt, asks for a sign of life, and gives up soon without one. */
  suspect(): void {
    if (!this.#reads.isStopped) this.#watch.suspect();
  }

  /**
   * Ends the carrier with a goodbye as its last frame; see {@linkcode Departure}.
   *
   * @param acknowledges Whether all that came is acknowledged in front: streams of the peer may be complete by that.
   * @param receipts In front as well: what this end took of other carriers.
   */
  sayGoodbye(ending: Ending, acknowledges: boolean, receipts: readonly Receipt[] = []): void {
    if (this.#receiver.isClosed) return;
    this.#receiver.lookFor(FrameType.acknowledge);
    this.#watch.stop();
    this.#depart();
    this.#writes.finish(() => this.#sender.lastWords(ending, acknowledges, receipts));
  }

  /** The time that it has behind a goodbye. */
  get departure(): Departure {
    return this.#departure;
  }

  /** Sends a leave as its last frame, reads on until the peer has left, and watches what is in front of the leave. */
  leave(): void {
    if (this.#reads.isStopped || this.#departure.hasBegun) return;
    this.#depart();
    this.#writes.finish(() => this.#sender.leave(), () => this.#departure.halfEnded());
  }

  /** Nothing more is taken from it nor sent on it; but the peer may say goodbye on it, and on no other. */
  lookForGoodbye(): void {
    if (this.#receiver.isClosed) return this.stop();
    this.#receiver.lookFor(FrameType.goodbye);
    this.#writes.stop();
    this.#sender.stop();
    this.#watch.stop();
    this.#depart();
  }

  #depart(): void {
    this.#acknowledger.stop();
    const { inFlight, rateBytesPerMs } = this.room.flight;
    this.#departure.begin({ bytes: inFlight, rate: rateBytesPerMs, roundTripMs: this.roundTripMs });
  }

  /** Stops at once and closes the duplex. Nothing it delivers later is looked at. */
  stop(): void {
    if (this.#reads.isStopped) return;
    this.#reads.stop();
    this.#receiver.close();
    this.#writes.stop();
    this.#sender.stop();
    this.#watch.stop();
    this.#acknowledger.stop();
    this.#departure.cancel();
    this.room.flight.end(this.#clock.now());
    this.#duplex.close();
    this.#done.resolve();
  }

  #lose(reason: string): void {
    if (this.#reads.isStopped) return;
    this.stop();
    this.#host.carrierLost(this, reason);
  }

  /** What comes. */
  #bytesTaker(): BytesTaker {
    return {
      came: (bytes) => {
        this.#watch.came(bytes);
        this.#departure.heard();
      },
      isOver: () => this.#receiver.isDeaf,
      take: (segment, bytes) => this.#take(segment, bytes, this.#clock.now()),
      turnEnded: () => this.#host.turnEnded(),
      ended: () => this.#departure.peerEnded(),
    };
  }

  #take(segment: Segment, bytes: Uint8Array, nowMs: number): number {
    const taken = this.#receiver.take(segment, bytes, nowMs);
    this.#watch.reconsider();
    if (!this.#receiver.isClosed && !this.#departure.hasBegun && this.#acknowledger.waitingBytes > 0) {
      this.#watch.markBusy(nowMs);
      this.#acknowledger.plan();
    }
    return taken;
  }

  /** The control frames that come. Behind a leave nothing is acknowledged any more. */
  #controlTaker(): ControlTaker {
    return {
      heard: () => this.#host.heard(this),
      acknowledged: (offset, nowMs) => this.#acknowledged(offset, nowMs),
      probed: (probe) => this.#watch.probed(probe),
      left: () => {
        this.#watch.stop();
        this.#departure.peerLeft(() => this.#host.carrierLeaves(this));
      },
      saidGoodbye: (ending) => {
        this.stop();
        this.#host.peerEnded(ending);
      },
    };
  }

  #acknowledged(offset: number, nowMs: number): void {
    const before = this.log.acknowledged;
    try {
      this.log.acknowledge(offset);
      if (offset > before) this.#host.arrivedThere(offset - before);
    } catch (error) {
      return this.#host.sessionBroken(error);
    }
    if (offset === before) return;
    this.#departure.progressed();
    if (this.#receiver.isClosed) return;
    this.room.acknowledged(nowMs, before, offset);
    this.#watch.progressed();
    if (this.#sender.awaitsRoom) this.wake();
  }

  /** What the watch finds. */
  #watchListener(): WatchListener {
    return {
      wake: () => this.wake(),
      doubted: () => this.#host.carrierDoubted(this),
      trusted: () => this.#host.carrierTrusted(this),
      lost: (reason) => this.#lose(reason),
    };
  }
}

/**
 * Many streams inside one session.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { faultOf, reasonOf, TeleError } from "../net/error.ts";
import { MemoryBudget } from "../session/memory_budget.ts";
import { MemoryPool } from "../session/memory_pool.ts";
import type { Segment, SegmentPool } from "../session/segment_pool.ts";
import { RefusalError } from "../session/ending.ts";
import type { FrameLog } from "../session/carrier/frame_log.ts";
import type { FrameOwner } from "../session/carrier/piece_queue.ts";
import {
  type Open,
  type Reset,
  type StartCredits,
  writeReset,
  writeWindow,
  writeWindowsHeader,
} from "../session/frames.ts";
import type { LogBudget } from "../session/log_budget.ts";
import {
  COUNTED_HEADER_BYTES,
  EndCode,
  FrameType,
  MAX_EXTRA_BYTES,
  RESET_FRAME_BYTES,
  WINDOW_BYTES,
} from "../session/session_constants.ts";
import type { UpperLayer } from "../session/upper_layer.ts";
import {
  EARLY_STREAMS,
  GROWTH_POOL_BYTES,
  LAST_STREAM,
  LEAST_START_CREDIT,
  LEAST_START_POOL_BYTES,
  LEAST_TURN_BYTES,
  MOST_EXCESS_BYTES,
  MOST_PULL_BYTES,
  MOST_START_CREDIT,
  OPEN_COST,
  QUIET_BYTES,
  ResetCode,
  START_POOL_BYTES,
  TURN_MS,
  WINDOWS_A_FRAME,
} from "./mux_constants.ts";
import { CreditPool, ReceiveWindow } from "./credit.ts";
import { CutQueue } from "./cut_queue.ts";
import { DialQueue } from "./dial_queue.ts";
import { GapBudget } from "./gap_budget.ts";
import { Scheduler } from "./scheduler.ts";
import type { StreamFrames } from "./stream_frames.ts";
import { StreamNumbers } from "./stream_numbers.ts";
import { MuxStream, type MuxStreamOptions, type StreamEnd, type StreamHost } from "./stream.ts";

/** The part of a session that a mux needs. */
export interface MuxSession {
  /** There is something to send. */
  wake(): void;
  /** There is enough for a write of its own, to begin at once. */
  wakeNow(): void;
  /** Round trip in milliseconds; 0 if unknown. */
  readonly roundTripMs: number;
  /** How much its path carries, in bytes a millisecond; 0 if unknown. */
  readonly rateBytesPerMs: number;
  /** How long a frame of data may be, so that it does not hold up others for long, in bytes. */
  readonly frameBytes: number;
  /** What is held of what was sent. */
  readonly budget: LogBudget;
}

/** What a {@linkcode Mux} is made of. */
export interface MuxOptions {
  /** Time. */
  clock: Clock;
  /** Segments that users' connections are read into. */
  pool: SegmentPool;
  /** Streams at once; the peer's further ones are reset. */
  maxStreams: number;
  /** Counts the open streams of all muxes that share the limit. */
  open: { count: number };
  /**
   * Connects a stream that the peer opened to its user. It rejects if that cannot be reached; `signal` aborts when the
   * stream has ended meanwhile. Without it, the peer may not open streams.
   */
  dial?: (signal: AbortSignal) => Promise<Duplex>;
  /**
   * What the sessions of the process may hold together.
   *
   * @default {no limit}
   */
  memory?: MemoryBudget;
  /**
   * Cuts the streams of sessions that are lost; shared by all muxes of a process.
   *
   * @default {one of its own}
   */
  cuts?: CutQueue;
  /** Told when a stream is over. */
  onStreamEnd?: (stream: MuxStream, end: StreamEnd) => void;
  /**
   * Highest number that streams are given here.
   *
   * @default LAST_STREAM
   */
  lastStream?: number;
}

/** Whose the reset is of a stream that never was: nobody asks what becomes of it. */
const REFUSED: FrameOwner = { isQuiet: true, frameHeld() {}, frameTaken() {}, frameQueued() {}, frameUnqueued() {} };

/** A reset that waits to be sent. */
interface DueReset extends Reset {
  /** What its stream has sent; nothing of one that never was. */
  frames?: StreamFrames;
}

/**
 * Opens streams, hands arriving frames to them, and lets them take turns at the session's log.
 *
 * Invariant 5: what waits for the users of all streams stays within the credit granted, and a peer that exceeds it ends
 * the session. Invariant 6: reading the session never waits for a user.
 *
 * Source: `PROTOCOL.md`, "Streams" and "Flow control".
 */
export class Mux implements UpperLayer, StreamHost {
  /** The clock. */
  readonly clock: Clock;
  /** Segments that users' connections are read into. */
  readonly pool: SegmentPool;
  readonly #options: MuxOptions;
  readonly #memory: MemoryBudget;
  /** By number; those of which the peer has never heard have none. */
  readonly #streams: Map<number, MuxStream> = new Map();
  readonly #unopened: Set<MuxStream> = new Set();
  readonly #scheduler: Scheduler<MuxStream> = new Scheduler();
  /** Gaps that early data leaves in all streams. */
  readonly gaps: GapBudget;
  /** Which streams the peer has opened. */
  readonly #seen = new StreamNumbers({ first: 1, step: 2 });
  readonly #dials: Map<MuxStream, AbortController> = new Map();
  readonly #dialQueue: DialQueue<MuxStream>;
  readonly #cuts: CutQueue;
  readonly #growth: CreditPool;
  /** Start credit that this side grants to streams, and that the peer grants to those opened here. */
  readonly #startGranted: CreditPool;
  readonly #startTaken = new CreditPool(LEAST_START_POOL_BYTES);
  #startPoolBytes = LEAST_START_POOL_BYTES;
  readonly #starts: Map<MuxStream, StartCredits> = new Map();
  /** Start credit that the peer has taken for streams it opened. */
  readonly #takenByPeer: Map<number, number> = new Map();
  readonly #takenPool: MemoryPool;
  readonly #windowsDue: Set<MuxStream> = new Set();
  #resetsDue: DueReset[] = [];
  #resetsDueBytes = 0;
  #session: MuxSession | undefined;
  #step = 0;
  /** The number of the next stream that is opened here, and of the last one. */
  #nextId = 1;
  readonly #lastId: number;
  #ended: TeleError | undefined;

  /** A mux that waits for its session. */
  constructor(options: MuxOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.pool = options.pool;
    const memory = this.#memory = options.memory ?? new MemoryBudget(Infinity);
    this.#growth = new CreditPool(GROWTH_POOL_BYTES, memory.growth);
    this.#startGranted = new CreditPool(START_POOL_BYTES, memory.starts);
    this.#takenPool = new MemoryPool(Infinity, memory.starts);
    this.gaps = new GapBudget(memory.starts);
    this.#lastId = options.lastStream ?? LAST_STREAM;
    if (options.dial !== undefined) this.#startPoolBytes = startPoolOf(memory);
    this.#cuts = options.cuts ?? new CutQueue(options.clock);
    this.#dialQueue = new DialQueue(options.clock, (stream) => this.#dial(stream));
  }

  /** Ties the mux to its session, once. */
  bind(session: MuxSession): void {
    this.#session = session;
  }

  /** Start credit that the opener may take for all streams, in bytes. */
  get startPoolBytes(): number {
    return this.#startPoolBytes;
  }

  set startPoolBytes(bytes: number) {
    this.#startPoolBytes = bytes;
    this.#startTaken.resize(bytes);
  }

  /** Streams that are open. */
  get streamCount(): number {
    return this.#streams.size + this.#unopened.size;
  }

  /** Whether resets wait to be told, of streams that are over here. */
  get hasUnsent(): boolean {
    return this.#resetsDue.length > 0;
  }

  /** Whether half of the numbers of its streams are used up: another session, when that costs nothing, has all. */
  get isHalfUsedUp(): boolean {
    return this.#nextId > this.#lastId / 2;
  }

  /** Round trip of the session in milliseconds; 0 if unknown. */
  get roundTripMs(): number {
    return this.#session?.roundTripMs ?? 0;
  }

  /**
   * Carries `user` as a new stream. Its open and first data leave together, without waiting for an answer.
   *
   * @throws {TeleError} `closed` if the session is over, `refused` if there are too many streams.
   */
  open(user: Duplex): MuxStream {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#options.open.count >= this.#options.maxStreams) {
      throw new TeleError("refused", `there are ${this.#options.open.count} streams already, which is the limit`);
    }
    if (this.#nextId + 2 * this.#unopened.size > this.#lastId) {
      throw new TeleError(
        "refused",
        "the numbers of the session's streams are used up; another begins when all have ended",
      );
    }
    const options = this.#openingOptions();
    const stream = new MuxStream(options);
    this.#addUnopened(stream, options.opening);
    stream.attachUser(user);
    return stream;
  }

  /** Takes over a stream that the peer of its former session has never heard of. */
  adopt(stream: MuxStream): void {
    const options = this.#openingOptions();
    stream.moveTo(options);
    this.#addUnopened(stream, options.opening);
  }

  /** Gives away the streams that the peer has never heard of, for another mux to adopt. */
  takeUnopened(): MuxStream[] {
    const unopened = [...this.#unopened];
    for (const stream of unopened) this.#forget(stream);
    return unopened;
  }

  #openingOptions(): MuxStreamOptions & { opening: StartCredits } {
    const opening = { send: this.#startTaken.takeStart(), receive: this.#startGranted.takeStart() };
    const window = new ReceiveWindow(opening.receive, this.#growth);
    return { host: this, window, sendCredit: opening.send, opening };
  }

  #addUnopened(stream: MuxStream, credits: StartCredits): void {
    this.#unopened.add(stream);
    this.#starts.set(stream, credits);
    this.#options.open.count++;
  }

  // What the session asks of its user.

  /** @ignore */
  pull(log: FrameLog, bulkBytes: number, urgentBytes: number): void {
    this.#writeResets(log);
    this.#writeWindows(log);
    const nowMs = this.clock.now();
    const { budget } = this.#session!;
    const { leastRoom } = budget;
    const urgent = this.#pullQuiet(log, Math.min(urgentBytes, budget.room), leastRoom, nowMs);
    let left = Math.min(bulkBytes - urgent, budget.bulkRoom, MOST_PULL_BYTES);
    while (left >= leastRoom) {
      const stream = this.#scheduler.nextBulk();
      if (stream === undefined) return;
      left -= stream.takeTurn(log, Math.min(left, this.turnBytes), leastRoom, nowMs);
      if (stream.wantsTurn) this.#scheduler.addAgain(stream, this.clock, nowMs);
    }
  }

  /** Opens, ends and up to `most` bytes of data of quiet streams. Returns how many; frames without data always go. */
  #pullQuiet(log: FrameLog, most: number, leastRoom: number, nowMs: number): number {
    let left = most;
    for (let stream = this.#scheduler.nextQuiet(); stream !== undefined; stream = this.#scheduler.nextQuiet()) {
      left -= stream.takeTurn(log, Math.min(QUIET_BYTES, left), leastRoom, nowMs);
      if (!stream.wantsTurn) continue;
      this.#scheduler.addAgain(stream, this.clock, nowMs);
      // It may be in front again: without room, that would go on for ever.
      if (left < leastRoom) break;
    }
    return most - left;
  }

  #writeResets(log: FrameLog): void {
    if (this.#resetsDue.length === 0) return;
    const held: DueReset[] = [];
    for (const reset of this.#resetsDue) {
      // What it sent before, its open even, waits to be sent again: the peer may never have heard of it.
      if (reset.frames?.areQueued) {
        held.push(reset);
        continue;
      }
      const { id, offset, code, message } = reset;
      const text = new TextEncoder().encode(message).subarray(0, MAX_EXTRA_BYTES);
      const at = log.reserve(RESET_FRAME_BYTES + text.length, reset.frames ?? REFUSED);
      writeReset(log.arena, at, { id, offset, code, message: text });
      this.#resetsDueBytes -= RESET_FRAME_BYTES + message.length;
    }
    this.#resetsDue = held;
  }

  #writeWindows(log: FrameLog): void {
    // Each is told in a frame of its own, if the peer likes: for a byte of data.
    if (this.#windowsDue.size > 0 && this.#leavesTooMuch) {
      throw new TeleError("protocol", "the peer sends data, and does not acknowledge what it is told about more");
    }
    while (this.#windowsDue.size > 0) {
      let left = Math.min(this.#windowsDue.size, WINDOWS_A_FRAME);
      let at = log.reserve(COUNTED_HEADER_BYTES + left * WINDOW_BYTES);
      writeWindowsHeader(log.arena, at, left);
      at += COUNTED_HEADER_BYTES;
      for (const stream of this.#windowsDue) {
        if (left-- === 0) break;
        writeWindow(log.arena, at, stream.id, stream.window.granted);
        this.#windowsDue.delete(stream);
        at += WINDOW_BYTES;
      }
    }
  }

  /** @ignore */
  costOf(type: number): number {
    return type === FrameType.open ? OPEN_COST : 1;
  }

  /** @ignore */
  turnEnded(): void {
    this.#step++;
    this.#dialQueue.dialDue();
  }

  /** @ignore */
  receiveOpen({ id, credits, service }: Open): void {
    if (this.#options.dial === undefined) {
      throw new TeleError("protocol", "the peer opened a stream, which only clients do");
    }
    if (this.#seen.see(id) === "known") return;
    if (service !== 0) {
      return this.#dueReset({
        id,
        offset: 0,
        code: ResetCode.refused,
        message: `the tele server has no service ${service}`,
      });
    }
    this.#onOpen(id, credits);
  }

  #onOpen(id: number, credits: StartCredits): void {
    const { maxStreams } = this.#options;
    if (credits.send > MOST_START_CREDIT) {
      throw new TeleError(
        "protocol",
        `the peer took ${credits.send} bytes of credit for a new stream, more than it may`,
      );
    }
    // Each stream that is refused or ends leaves an answer in the log, so to limit those at once is not enough.
    if (this.#leavesTooMuch) {
      throw new TeleError("protocol", "the peer opens streams, and does not acknowledge what became of former ones");
    }
    if (this.#options.open.count >= maxStreams) {
      return this.#refuse(
        id,
        `the tele server carries ${maxStreams} connections already; --max on its side allows more`,
      );
    }
    if (!this.#hasRoomFor(credits.send)) {
      return this.#refuse(id, "the user's server does not read what waits for it on other connections");
    }
    if (!this.#hasMemoryFor(credits.send)) {
      return this.#refuse(id, "the tele server has no memory left for it; --memory on its side allows more");
    }
    this.#takenByPeer.set(id, credits.send);
    this.#takenPool.claim(credits.send);
    const window = new ReceiveWindow(credits.send, this.#growth);
    const stream = new MuxStream({ id, host: this, window, sendCredit: credits.receive });
    this.#add(stream);
    this.#dialQueue.add(stream);
  }

  /** Whether more than an honest peer leaves waits to be acknowledged, beside data. */
  get #leavesTooMuch(): boolean {
    return (this.#session?.budget.excessBytes ?? 0) + this.#resetsDueBytes > MOST_EXCESS_BYTES;
  }

  /**
   * Twice the pool: what came on a stream that has ended at the peer waits here until its user has read it. Beyond that
   * the stream is refused, but the session goes on: the peer did nothing wrong, it cannot know.
   */
  #hasRoomFor(bytes: number): boolean {
    const most = 2 * this.#startPoolBytes + LEAST_START_CREDIT * (this.#streams.size + 1);
    return this.#takenPool.used + bytes <= most;
  }

  /**
   * Of the memory of all sessions each has its share, and every one may open streams with the least while there is any.
   */
  #hasMemoryFor(bytes: number): boolean {
    return bytes <= this.#takenPool.free || (bytes <= LEAST_START_CREDIT && bytes <= this.#memory.starts.free);
  }

  /** Once all of it has come, only what waits for the user is still needed of the credit that the peer took. */
  #takesNoMore(stream: MuxStream): void {
    if (!stream.hasArrived) return;
    const taken = this.#takenByPeer.get(stream.id);
    if (taken === undefined || taken <= stream.waitingBytes) return;
    this.#takenByPeer.set(stream.id, stream.waitingBytes);
    this.#takenPool.give(taken - stream.waitingBytes);
  }

  #refuse(id: number, message: string): void {
    this.#dueReset({ id, offset: 0, code: ResetCode.limit, message });
  }

  #dueReset(reset: DueReset): void {
    this.#resetsDue.push(reset);
    this.#resetsDueBytes += RESET_FRAME_BYTES + reset.message.length;
    this.#session?.wake();
  }

  async #dial(stream: MuxStream): Promise<void> {
    const controller = new AbortController();
    this.#dials.set(stream, controller);
    try {
      stream.attachUser(await this.#options.dial!(controller.signal));
    } catch (error) {
      stream.reset(ResetCode.refused, reasonOf(error));
    } finally {
      this.#dials.delete(stream);
    }
  }

  /**
   * The stream that a frame of the peer's is for; `undefined` if it is over, as what crosses a reset finds it.
   *
   * @throws {TeleError} `protocol` if its open never came.
   */
  #streamOf(id: number): MuxStream | undefined {
    const stream = this.#streams.get(id);
    if (stream !== undefined) return stream;
    const isOver = this.#options.dial === undefined ? id % 2 === 1 && id < this.#nextId : this.#seen.has(id);
    if (!isOver) throw new TeleError("protocol", `the peer sent something of stream ${id}, which was never opened`);
    return undefined;
  }

  /** @ignore */
  receiveData(id: number, offset: number, bytes: Uint8Array, segment: Segment): void {
    const stream = this.#streamOf(id);
    if (stream === undefined || bytes.length === 0) return;
    try {
      stream.receive(offset, bytes, segment);
      this.#takesNoMore(stream);
    } catch (error) {
      this.#failed(stream, error);
    }
  }

  /** @ignore */
  receiveEnd(id: number, offset: number): void {
    this.#receiveLast(id, (stream) => stream.receiveEnd(offset));
  }

  /** @ignore */
  receiveReset(reset: Reset): void {
    this.#receiveLast(reset.id, (stream) => stream.receiveReset(reset));
  }

  /** The peer's last frame of a stream. */
  #receiveLast(id: number, take: (stream: MuxStream) => void): void {
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    try {
      take(stream);
      this.#takesNoMore(stream);
    } catch (error) {
      this.#failed(stream, error);
    }
  }

  /** What the peer did wrong ends the session, or the carrier; any other throw is a fault here, and ends the stream. */
  #failed(stream: MuxStream, error: unknown): void {
    if (error instanceof TeleError) throw error;
    stream.reset(ResetCode.reset, faultOf(error).message);
  }

  /** @ignore */
  receiveWindow(id: number, limit: number): void {
    this.#streamOf(id)?.grant(limit);
  }

  /** @ignore */
  windowLost(id: number): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#windowsDue.add(stream);
  }

  /** @ignore */
  ended(error: TeleError): void {
    this.#ended = error;
    this.#dialQueue.drop();
    // A stream that is complete has nothing to lose with the session, and its user still takes what has come: cut it,
    // and the last bytes of a client that ended as soon as all was acknowledged would be gone (invariant 8). But a
    // process that ends itself cannot wait for its users.
    const isOwnEnd = error.code === "closed";
    const cut = [...this.#streams.values(), ...this.#unopened].filter((stream) => isOwnEnd || !stream.isComplete);
    const isWished = error instanceof RefusalError && error.endCode === EndCode.shutdown;
    const cuts = cut.map((stream) => () => stream.cut(error.message, isWished));
    if (isOwnEnd) this.#cuts.addLast(cuts);
    else this.#cuts.add(cuts);
  }

  // What a stream asks of its host.

  /** @ignore */
  get step(): number {
    return this.#step;
  }

  /** @ignore */
  get turnBytes(): number {
    const { frameBytes, rateBytesPerMs } = this.#session ?? { frameBytes: Infinity, rateBytesPerMs: 0 };
    const most = Math.min(MOST_PULL_BYTES, frameBytes);
    if (!this.#scheduler.hasBulk) return most;
    return Math.min(Math.max(LEAST_TURN_BYTES, Math.round(TURN_MS * rateBytesPerMs)), most);
  }

  /** @ignore */
  ready(stream: MuxStream): void {
    this.#scheduler.add(stream, this.clock);
    this.#session?.wake();
  }

  /** @ignore */
  arrived(stream: MuxStream): void {
    this.#scheduler.add(stream, this.clock);
    if (this.#scheduler.count >= EARLY_STREAMS) this.#session?.wakeNow();
    else this.#session?.wake();
  }

  /** @ignore */
  tellWindow(stream: MuxStream): void {
    this.#windowsDue.add(stream);
    this.#session?.wake();
  }

  /** @ignore */
  endTaken(stream: MuxStream): void {
    const start = this.#starts.get(stream);
    if (start === undefined) return;
    this.#startTaken.give(start.send);
    start.send = 0;
  }

  /** @ignore */
  tellReset(reset: Reset, frames: StreamFrames): void {
    this.#dueReset({ ...reset, frames });
  }

  /** @ignore */
  streamEnded(stream: MuxStream, end: StreamEnd): void {
    this.#forget(stream);
    this.#dials.get(stream)?.abort();
    if (end.kind === "finished") this.#dialQueue.wasOfUse();
    this.#options.onStreamEnd?.(stream, end);
  }

  /** @ignore */
  numberOf(stream: MuxStream): number {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#unopened.delete(stream);
    this.#streams.set(id, stream);
    return id;
  }

  #add(stream: MuxStream): void {
    this.#streams.set(stream.id, stream);
    this.#options.open.count++;
  }

  #forget(stream: MuxStream): void {
    if (!this.#streams.delete(stream.id) && !this.#unopened.delete(stream)) return;
    this.#options.open.count--;
    this.#windowsDue.delete(stream);
    this.#takenPool.give(this.#takenByPeer.get(stream.id) ?? 0);
    this.#takenByPeer.delete(stream.id);
    const start = this.#starts.get(stream);
    if (start === undefined) return;
    this.#starts.delete(stream);
    this.#startTaken.give(start.send);
    this.#startGranted.give(start.receive);
  }
}

/**
 * A share of what is left, so that later sessions have some. It is only told here: what a client takes counts when it
 * does.
 */
function startPoolOf({ starts }: MemoryBudget): number {
  return Math.max(LEAST_START_POOL_BYTES, Math.min(START_POOL_BYTES, Math.floor(starts.free / 16)));
}

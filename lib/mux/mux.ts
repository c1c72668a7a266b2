/**
 * Many streams inside one session.
 *
 * @module
 */
import { readU32, readU64, writeU32, writeU64 } from "../net/bytes.ts";
import type { Clock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { faultOf, reasonOf, TeleError } from "../net/error.ts";
import { MemoryBudget } from "../session/memory_budget.ts";
import { MemoryPool } from "../session/memory_pool.ts";
import type { Segment, SegmentPool } from "../session/segment_pool.ts";
import { EndCode } from "../session/session_constants.ts";
import { RefusalError } from "../session/ending.ts";
import type { ReplayLog } from "../session/carrier/replay_log.ts";
import type { UpperLayer } from "../session/upper_layer.ts";
import { Backlog } from "./backlog.ts";
import {
  EARLY_STREAMS,
  GROWTH_POOL_BYTES,
  LEAST_START_CREDIT,
  LEAST_START_POOL_BYTES,
  LEAST_TURN_BYTES,
  MAX_RECORD_EXTRA_BYTES,
  MOST_EXCESS_BYTES,
  MOST_PULL_BYTES,
  MOST_START_CREDIT,
  MOST_TURN_COST,
  QUIET_BYTES,
  RESET_RECORD_BYTES,
  ResetCode,
  START_POOL_BYTES,
  TURN_MS,
  WINDOW_BYTES,
} from "./mux_constants.ts";
import { CreditPool, ReceiveWindow } from "./credit.ts";
import { CutQueue } from "./cut_queue.ts";
import { DialQueue } from "./dial_queue.ts";
import { RecordDecoder, type StartCredits, writeReset } from "./records.ts";
import { Scheduler } from "./scheduler.ts";
import { SentEnds } from "./sent_ends.ts";
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
  /** What was sent and not acknowledged. */
  readonly replayLog: { readonly excessBytes: number };
  /** The peer broke a rule, or something threw that should not have. */
  sessionBroken(error: unknown): void;
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
}

/**
 * Opens streams, hands arriving records to them, and lets them take turns at the session's log.
 *
 * Invariant 5: what waits for the users of all streams stays within the credit granted, and a peer that exceeds it ends
 * the session. Invariant 6: reading the session never waits for a user.
 *
 * Source: `PROTOCOL.md`, "Records" and "Flow control".
 */
export class Mux implements UpperLayer, StreamHost {
  /** The clock. */
  readonly clock: Clock;
  /** Segments that users' connections are read into. */
  readonly pool: SegmentPool;
  readonly #options: MuxOptions;
  readonly #memory: MemoryBudget;
  readonly #streams: Map<number, MuxStream> = new Map();
  readonly #scheduler: Scheduler<MuxStream> = new Scheduler();
  readonly #decoder: RecordDecoder;
  readonly #dials: Map<MuxStream, AbortController> = new Map();
  readonly #dialQueue: DialQueue<MuxStream>;
  readonly #cuts: CutQueue;
  readonly #growth: CreditPool;
  /** Start credit that this side grants to streams, and that the peer grants to those opened here. */
  readonly #startGranted: CreditPool;
  readonly #startTaken = new CreditPool(LEAST_START_POOL_BYTES);
  #startPoolBytes = LEAST_START_POOL_BYTES;
  readonly #starts: Map<number, StartCredits> = new Map();
  /** Start credit that the peer has taken for streams it opened. */
  readonly #takenByPeer: Map<number, number> = new Map();
  readonly #takenPool: MemoryPool;
  readonly #windowsDue: Set<MuxStream> = new Set();
  readonly #sentEnds = new SentEnds();
  #resetsDue: { id: number; code: number; message: string }[] = [];
  #resetsDueBytes = 0;
  #session: MuxSession | undefined;
  /** Where the bytes being received lie, while they are. */
  #segment: Segment | undefined;
  #step = 0;
  /** Records that were too many for the turn in which they came, and what is left of the present one. */
  readonly #backlog = new Backlog();
  readonly #allowance = { left: MOST_TURN_COST };
  /** Settles when the backlog is empty. */
  #caughtUp: Promise<void> | undefined;
  #lastId = 0;
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
    if (options.dial !== undefined) this.#startPoolBytes = startPoolOf(memory);
    this.#cuts = options.cuts ?? new CutQueue(options.clock);
    this.#dialQueue = new DialQueue(options.clock, (stream) => this.#dial(stream));
    this.#decoder = new RecordDecoder({
      open: (id, credits) => this.#onOpen(id, credits),
      data: (id, bytes) => this.#onData(id, bytes),
      fin: (id) => this.#onFin(id),
      reset: (id, code, message) => this.#onReset(id, code, message),
    });
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
    return this.#streams.size;
  }

  /** Whether resets wait to be told, of streams that are over here. */
  get hasUnsent(): boolean {
    return this.#resetsDue.length > 0;
  }

  /** Round trip of the session in milliseconds; 0 if unknown. */
  get roundTripMs(): number {
    return this.#session?.roundTripMs ?? 0;
  }

  /**
   * Carries `user` as a new stream. Its open record and first data leave together, without waiting for an answer.
   *
   * @throws {TeleError} `closed` if the session is over, `refused` if there are too many streams.
   */
  open(user: Duplex): MuxStream {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#options.open.count >= this.#options.maxStreams) {
      throw new TeleError("refused", `there are ${this.#options.open.count} streams already, which is the limit`);
    }
    const stream = new MuxStream(this.#openingOptions());
    this.#add(stream);
    stream.attachUser(user);
    return stream;
  }

  /** Takes over a stream that the peer of its former session has never heard of. */
  adopt(stream: MuxStream): void {
    stream.moveTo(this.#openingOptions());
    this.#add(stream);
  }

  /** Gives away the streams that the peer has never heard of, for another mux to adopt. */
  takeUnopened(): MuxStream[] {
    const unopened = [...this.#streams.values()].filter((stream) => !stream.isOpened);
    for (const stream of unopened) this.#forget(stream);
    return unopened;
  }

  #openingOptions(): MuxStreamOptions {
    const credits = { send: this.#startTaken.takeStart(), receive: this.#startGranted.takeStart() };
    const id = this.#nextId();
    this.#starts.set(id, credits);
    const window = new ReceiveWindow(credits.receive, this.#growth);
    return { id, host: this, window, sendCredit: credits.send, opening: credits };
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0; while (this.#streams.has(this.#lastId));
    return this.#lastId;
  }

  // What the session asks of its user.

  /** @ignore */
  pull(log: ReplayLog, bulkBytes: number, urgentBytes: number): void {
    this.#writeResets(log);
    const nowMs = this.clock.now();
    const urgent = this.#pullQuiet(log, Math.min(urgentBytes, log.room), nowMs);
    let left = Math.min(bulkBytes - urgent, log.room, MOST_PULL_BYTES);
    while (left >= log.leastRoom) {
      const stream = this.#scheduler.nextBulk();
      if (stream === undefined) return;
      left -= stream.takeTurn(log, Math.min(left, this.turnBytes), nowMs);
      if (stream.wantsTurn) this.#scheduler.add(stream, this.clock);
    }
  }

  /** Opens, ends and up to `most` bytes of data of quiet streams. Returns how many; records without data always go. */
  #pullQuiet(log: ReplayLog, most: number, nowMs: number): number {
    let left = most;
    for (let stream = this.#scheduler.nextQuiet(); stream !== undefined; stream = this.#scheduler.nextQuiet()) {
      left -= stream.takeTurn(log, Math.min(QUIET_BYTES, left), nowMs);
      if (!stream.wantsTurn) continue;
      this.#scheduler.add(stream, this.clock);
      // It may be in front again: without room, that would go on for ever.
      if (left < log.leastRoom) break;
    }
    return most - left;
  }

  #writeResets(log: ReplayLog): void {
    if (this.#resetsDue.length === 0) return;
    for (const { id, code, message } of this.#resetsDue) {
      const text = new TextEncoder().encode(message).subarray(0, MAX_RECORD_EXTRA_BYTES);
      const at = log.reserve(RESET_RECORD_BYTES + text.length);
      writeReset(log.arena, at, id, code, text);
    }
    this.#resetsDue = [];
    this.#resetsDueBytes = 0;
  }

  /** @ignore */
  receive(bytes: Uint8Array, segment: Segment): void {
    this.#step++;
    const taken = this.#backlog.isEmpty ? this.#takeRecords(bytes, segment) : 0;
    // The reset of a stream just opened may be what is left.
    if (taken < bytes.length) this.#backlog.add(bytes.subarray(taken), segment);
    else this.#dialQueue.dialDue();
  }

  readonly #takeRecords = (bytes: Uint8Array, segment: Segment): number => {
    this.#segment = segment;
    const taken = this.#decoder.push(bytes, this.#allowance);
    this.#segment = undefined;
    return taken;
  };

  /** @ignore */
  turnEnded(): Promise<void> | undefined {
    this.#allowance.left = MOST_TURN_COST;
    if (this.#backlog.isEmpty) return undefined;
    return this.#caughtUp ??= new Promise((resolve) => this.#takeLater(resolve));
  }

  #takeLater(done: () => void): void {
    this.clock.setTimer(() => {
      this.#allowance.left = MOST_TURN_COST;
      this.#takeBacklog();
      if (!this.#backlog.isEmpty) return this.#takeLater(done);
      this.#caughtUp = undefined;
      this.#allowance.left = MOST_TURN_COST;
      done();
    }, 1);
  }

  /** What breaks the rules ends the session, as it would have in the step in which it came. */
  #takeBacklog(): void {
    this.#step++;
    try {
      this.#backlog.takeWith(this.#takeRecords);
      if (this.#backlog.isEmpty) this.#dialQueue.dialDue();
    } catch (error) {
      this.#backlog.drop();
      this.#session?.sessionBroken(error);
    }
  }

  #onOpen(id: number, credits: StartCredits): void {
    // In front of the peer's goodbye: it would be cut at once, and thousands of them in this one step.
    if (this.#ended !== undefined) return;
    const { maxStreams } = this.#options;
    if (this.#options.dial === undefined) {
      throw new TeleError("protocol", "the peer opened a stream, which only clients do");
    }
    if (this.#streams.has(id)) throw new TeleError("protocol", `the peer opened stream ${id} twice`);
    if (credits.send > MOST_START_CREDIT) {
      throw new TeleError(
        "protocol",
        `the peer took ${credits.send} bytes of credit for a new stream, more than it may`,
      );
    }
    // Each stream that is refused or ends leaves an answer in the log, so to limit those at once is not enough.
    if ((this.#session?.replayLog.excessBytes ?? 0) + this.#resetsDueBytes > MOST_EXCESS_BYTES) {
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

  /** The peer sends nothing more on it: of the credit that it took only what waits for the user is still needed. */
  #takesNoMore(stream: MuxStream): void {
    const taken = this.#takenByPeer.get(stream.id);
    if (taken === undefined || taken <= stream.waitingBytes) return;
    this.#takenByPeer.set(stream.id, stream.waitingBytes);
    this.#takenPool.give(taken - stream.waitingBytes);
  }

  #refuse(id: number, message: string): void {
    this.#dueReset(id, ResetCode.limit, message);
  }

  #dueReset(id: number, code: number, message: string): void {
    this.#resetsDue.push({ id, code, message });
    this.#resetsDueBytes += RESET_RECORD_BYTES + message.length;
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

  // Data, ends and resets of a stream that was reset here may still be on their way.

  #onData(id: number, bytes: Uint8Array): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    try {
      stream.receive(bytes, this.#segment!);
    } catch (error) {
      this.#failed(stream, error);
    }
  }

  #onFin(id: number): void {
    this.#onLast(id, (stream) => stream.receiveFin());
  }

  #onReset(id: number, code: number, message: string): void {
    this.#onLast(id, (stream) => stream.receiveReset(code, message));
  }

  /** The peer's last record of a stream. */
  #onLast(id: number, take: (stream: MuxStream) => void): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    try {
      take(stream);
      this.#takesNoMore(stream);
    } catch (error) {
      this.#failed(stream, error);
    }
  }

  /** What the peer did wrong ends the session; any other throw is a fault here, and ends the stream that it hit. */
  #failed(stream: MuxStream, error: unknown): void {
    if (error instanceof TeleError) throw error;
    stream.reset(ResetCode.reset, faultOf(error).message);
  }

  /** @ignore */
  receiveHint(bytes: Uint8Array): void {
    if (bytes.length === 0 || bytes.length % WINDOW_BYTES !== 0) {
      throw new TeleError("protocol", "a hint is not made of window values");
    }
    for (let at = 0; at < bytes.length; at += WINDOW_BYTES) {
      this.#streams.get(readU32(bytes, at))?.grant(readU64(bytes, at + 4));
    }
  }

  /** @ignore */
  get hasHints(): boolean {
    return this.#windowsDue.size > 0;
  }

  /** @ignore */
  takeHints(into: Uint8Array): number {
    let at = 0;
    for (const stream of this.#windowsDue) {
      if (at + WINDOW_BYTES > into.length) break;
      writeU32(into, at, stream.id);
      writeU64(into, at + 4, stream.window.granted);
      at += WINDOW_BYTES;
      this.#windowsDue.delete(stream);
    }
    return at;
  }

  /** @ignore */
  attached(): void {
    for (const stream of this.#streams.values()) if (stream.isOpened) this.#windowsDue.add(stream);
  }

  /** @ignore */
  acknowledged(offset: number): void {
    this.#sentEnds.acknowledged(offset);
  }

  /** @ignore */
  ended(error: TeleError): void {
    this.#ended = error;
    // What came in front of the peer's goodbye counts.
    this.#allowance.left = Infinity;
    if (error.code === "refused") this.#takeBacklog();
    this.#backlog.drop();
    this.#dialQueue.drop();
    // A stream that is complete has nothing to lose with the session, and its user still takes what has come: cut it,
    // and the last bytes of a client that ended as soon as all was acknowledged would be gone (invariant 8). But a
    // process that ends itself cannot wait for its users.
    const isOwnEnd = error.code === "closed";
    const cut = [...this.#streams.values()].filter((stream) => isOwnEnd || !stream.isComplete);
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
    if (!this.#scheduler.hasBulk) return MOST_PULL_BYTES;
    const bytes = TURN_MS * (this.#session?.rateBytesPerMs ?? 0);
    return Math.min(Math.max(LEAST_TURN_BYTES, Math.round(bytes)), MOST_PULL_BYTES);
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
  endSent(stream: MuxStream, offset: number): void {
    this.#sentEnds.add(stream, offset);
  }

  /** @ignore */
  tellReset(stream: MuxStream, code: number, message: string): void {
    this.#dueReset(stream.id, code, message);
  }

  /** @ignore */
  streamEnded(stream: MuxStream, end: StreamEnd): void {
    this.#forget(stream);
    this.#dials.get(stream)?.abort();
    if (end.kind === "finished") this.#dialQueue.wasOfUse();
    this.#options.onStreamEnd?.(stream, end);
  }

  #add(stream: MuxStream): void {
    this.#streams.set(stream.id, stream);
    this.#options.open.count++;
  }

  #forget(stream: MuxStream): void {
    if (!this.#streams.delete(stream.id)) return;
    this.#options.open.count--;
    this.#windowsDue.delete(stream);
    this.#sentEnds.forget(stream);
    this.#takenPool.give(this.#takenByPeer.get(stream.id) ?? 0);
    this.#takenByPeer.delete(stream.id);
    const start = this.#starts.get(stream.id);
    if (start === undefined) return;
    this.#starts.delete(stream.id);
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

/**
 * Many streams inside one session.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { faultOf, TeleError } from "../net/error.ts";
import type { FrameLog } from "../session/carrier/frame_log.ts";
import type { Open, Reset, StartCredits } from "../session/frames.ts";
import { MemoryBudget } from "../session/memory_budget.ts";
import type { Segment, SegmentPool } from "../session/segment_pool.ts";
import { FrameType } from "../session/session_constants.ts";
import type { Share } from "../session/share.ts";
import type { UpperLayer } from "../session/upper_layer.ts";
import { CreditPool, ReceiveWindow } from "./credit.ts";
import { CutQueue } from "./cut_queue.ts";
import { Draining } from "./draining.ts";
import { GapBudget } from "./gap_budget.ts";
import { GROWTH_POOL_BYTES, OPEN_COST, ResetCode } from "./mux_constants.ts";
import type { MuxOptions } from "./mux_options.ts";
import type { MuxSession } from "./mux_session.ts";
import { OwnOpens } from "./own_opens.ts";
import { PeerOpens } from "./peer_opens.ts";
import { MuxStream } from "./stream.ts";
import type { StreamEnd, StreamHost } from "./stream_host.ts";
import { StreamTable } from "./stream_table.ts";
import { Turns } from "./turns.ts";

/**
 * Opens streams, hands arriving frames to them, and lets them take turns at the session's log.
 *
 * Invariant 5: what waits for the users of all streams stays within the credit granted, and a peer that exceeds it ends
 * the session. Invariant 6: reading the session never waits for a user.
 *
 * Source: `PROTOCOL.md`, "Streams" and "Flow control".
 */
export class Mux implements UpperLayer, StreamHost<MuxStream> {
  /** Time. */
  readonly clock: Clock;
  /** Segments that users' connections are read into. */
  readonly pool: SegmentPool;
  /** Gaps that early data leaves in all streams. */
  readonly gaps: GapBudget;
  /** Which stream sends next. */
  readonly turns: Turns;
  /** Those that are open. */
  readonly streams: StreamTable<MuxStream>;
  /** Whether streams are still opened, at either end. */
  readonly draining: Draining;
  /** Whether opens tell the addresses of users. */
  tellsUsers = false;
  /** Its session, once there is one. */
  session: MuxSession | undefined;
  /** @ignore */
  step = 0;
  readonly #options: MuxOptions;
  /** If the peer may open streams. */
  readonly #peerOpens: PeerOpens<MuxStream> | undefined;
  readonly #ownOpens: OwnOpens<MuxStream>;
  readonly #cuts: CutQueue;
  #ended: TeleError | undefined;

  /** A mux that waits for its session. */
  constructor(options: MuxOptions) {
    this.#options = options;
    ({ clock: this.clock, pool: this.pool } = options);
    const { clock, end, dial, open, lastStream: lastId, memory = new MemoryBudget(Infinity) } = options;
    this.gaps = new GapBudget(memory.starts);
    const streams = this.streams = new StreamTable<MuxStream>({ end, open, lastId });
    const turns = this.turns = new Turns(clock);
    const allOver = () => streams.all.forEach((stream) => stream.framesTaken());
    const told = { peerDrains: () => options.onPeerDrains?.(), allOver };
    const draining = this.draining = new Draining(streams, { end, clock, session: () => this.session, ...told });
    const growth = new CreditPool(GROWTH_POOL_BYTES, memory.growth);
    this.#ownOpens = new OwnOpens({ ...options, streams, growth, memory, draining });
    this.#cuts = options.cuts ?? new CutQueue(clock);
    if (dial === undefined) return;
    const opener = () => this.session ?? {};
    const make = (id: number, { send, receive }: StartCredits, service: string | undefined) =>
      new MuxStream(this, { id, window: new ReceiveWindow(send, growth), sendCredit: receive, service });
    this.#peerOpens = new PeerOpens({ ...options, dial, streams, turns, memory, opener, make });
  }

  /** Ties the mux to its session, once. */
  bind(session: MuxSession): void {
    this.session = session;
    this.turns.bind(session);
  }

  /** Start credit that an opener may take for all streams, in bytes: told to the peer; set, what the peer told. */
  get startPoolBytes(): number {
    return this.#peerOpens?.poolBytes ?? this.#ownOpens.poolBytes;
  }

  set startPoolBytes(bytes: number) {
    this.#ownOpens.poolBytes = bytes;
  }

  /** Streams that are open. */
  get streamCount(): number {
    return this.streams.count;
  }

  /** Streams of which the peer may have heard. */
  get openedCount(): number {
    return this.streams.count - this.streams.unopened.length;
  }

  /** Whether resets wait to be told, of streams that are over here. */
  get hasUnsent(): boolean {
    return this.turns.hasResets;
  }

  /**
   * Carries `user` as a new stream. Its open and first data leave together, without waiting for an answer.
   *
   * @param service Name of the service that it is for; without it, the one without a name.
   * @throws {TeleError} `closed` if the session is over, `refused` as {@linkcode OwnOpens.checkOpen} says.
   */
  open(user: Duplex, service?: string): MuxStream {
    if (this.#ended !== undefined) throw this.#ended;
    this.#ownOpens.checkOpen();
    const start = this.#ownOpens.start();
    const stream = new MuxStream(this, { ...start, service });
    this.#ownOpens.add(stream, start.opening);
    stream.attachUser(user);
    return stream;
  }

  /** Takes over a stream that the peer of its former session has never heard of. */
  adopt(stream: MuxStream): void {
    const start = this.#ownOpens.start();
    stream.moveTo(this, start);
    this.#ownOpens.add(stream, start.opening);
  }

  /** Gives each stream that the peer has never heard of to the mux for its service, if there is one. */
  bequeathUnopened(heirOf: (service: string | undefined) => Mux | undefined): void {
    for (const stream of this.streams.unopened) {
      const heir = heirOf(stream.origin.service);
      if (heir === undefined) continue;
      this.#forget(stream);
      heir.adopt(stream);
    }
  }

  /** @ignore */
  pull(log: FrameLog, bulkBytes: number, urgentBytes: number, nowMs: number): void {
    this.turns.pull(log, bulkBytes, urgentBytes, nowMs);
    this.draining.writeInto(log);
  }

  /** @ignore */
  pullShare(log: FrameLog, bulkBytes: number, urgentBytes: number, share: Share, frameBytes: number): void {
    this.turns.pullShare(log, bulkBytes, urgentBytes, share, frameBytes);
    this.draining.writeInto(log, share);
  }

  /** @ignore */
  get bulkCreditBytes(): number | undefined {
    return this.turns.bulkCreditBytes;
  }

  /** @ignore */
  get hasBacklog(): boolean {
    return this.turns.hasBacklog;
  }

  /** @ignore */
  backlog(nowMs: number): { backlogMs: number; isBulk: boolean } {
    return { backlogMs: this.turns.backlog.ageMs(nowMs), isBulk: this.turns.backlog.isBulk(nowMs) };
  }

  /** @ignore */
  costOf(type: number): number {
    return type === FrameType.open ? OPEN_COST : 1;
  }

  /** @ignore */
  turnEnded(): void {
    this.step++;
    this.#peerOpens?.dialDue();
    this.draining.look();
  }

  /** @ignore */
  receiveOpen(open: Open): void {
    if (this.#peerOpens === undefined) throw new TeleError("protocol", "the peer opened a stream, where none may be");
    this.draining.checkOpen(open.id);
    this.#peerOpens.receive(open);
  }

  /** @ignore */
  receiveDrain(last: number): void {
    this.draining.received(last);
  }

  /** @ignore */
  drain(): void {
    this.draining.begin();
  }

  /** @ignore */
  receiveData(id: number, offset: number, bytes: Uint8Array, segment: Segment): void {
    const stream = this.streams.find(id);
    if (stream === undefined || bytes.length === 0) return;
    try {
      stream.receive(offset, bytes, segment);
      this.#peerOpens?.received(stream);
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
    const stream = this.streams.find(id);
    if (stream === undefined) return;
    try {
      take(stream);
      this.#peerOpens?.received(stream);
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
    this.streams.find(id)?.grant(limit);
  }

  /** @ignore */
  windowLost(id: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.turns.windowLost(stream);
  }

  /** @ignore */
  ended(error: TeleError): void {
    this.#ended = error;
    this.#peerOpens?.stop();
    this.#cuts.lose(this.streams.all, error);
  }

  /** @ignore */
  get turnBytes(): number {
    return this.turns.turnBytes;
  }

  /** @ignore */
  endTaken(stream: MuxStream): void {
    this.#ownOpens.endTaken(stream);
  }

  /** @ignore */
  numberOf(stream: MuxStream): number {
    const id = this.streams.number(stream);
    this.streamStarted(stream, id);
    return id;
  }

  /** @ignore */
  streamStarted(stream: MuxStream, id: number): void {
    this.#options.onStreamStart?.(stream, id);
  }

  /** @ignore */
  streamEnded(stream: MuxStream, end: StreamEnd): void {
    this.#forget(stream);
    this.#peerOpens?.ended(stream, end.kind === "finished");
    this.#options.onStreamEnd?.(stream, end, this.session?.client);
    this.draining.look();
  }

  #forget(stream: MuxStream): void {
    if (!this.streams.delete(stream)) return;
    this.turns.forget(stream);
    this.#ownOpens.delete(stream);
  }
}

/**
 * A link: a session and its mux as one thing, at either end, over any duplexes. The tunnel is built on it, and so is
 * the library for Web Streams.
 *
 * @module
 */
import { systemClock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { TeleError } from "../net/error.ts";
import { silentLog } from "../net/log.ts";
import { MemoryBudget } from "../session/memory_budget.ts";
import { SEGMENT_BYTES, SegmentPool } from "../session/segment_pool.ts";
import { SessionClient } from "../session/session_client.ts";
import { checkOffers } from "../session/handshake/offers.ts";
import type { ServerTokens } from "../session/handshake/token_table.ts";
import { limitsOf } from "../session/session_limits.ts";
import { EndCode } from "../session/session_constants.ts";
import { guardedObserver, type Observed } from "../session/session_observer.ts";
import { SessionServer } from "../session/session_server.ts";
import { CutQueue } from "./cut_queue.ts";
import { guardedLog, guardedStreamCallbacks, type OnStreamEnd } from "./callbacks.ts";
import type { LinkOptions, MuxClientOptions, MuxServerOptions } from "./link_options.ts";
import { Mux } from "./mux.ts";
import type { MuxOptions } from "./mux_options.ts";
import type { MuxSession } from "./mux_session.ts";
import { dialOnly } from "./offers.ts";
import { NoServiceError } from "./no_service_error.ts";
import type { MuxStream } from "./stream.ts";
import type { DialUser } from "./stream_dials.ts";

/**
 * Segments of 256 KiB out at once before what arrives is copied out of them: 64 MiB, most of what users of one session
 * may leave unread. With fewer a single download that pauses would make all others slower.
 */
const INBOUND_SEGMENTS = 256;
/** The same for what is read from users, beyond the limit of a session's logs: 32 MiB. */
const OUTBOUND_SEGMENTS = 128;

const NO_LIMIT = new MemoryBudget(Infinity);

function cutQueue({ clock = systemClock, memory = NO_LIMIT }: LinkOptions): CutQueue {
  // Only when its streams were cut is released what a session held.
  return new CutQueue(clock, () => memory.sessionEnded());
}

function muxMaker(
  options: LinkOptions,
  cuts: CutQueue,
  ofEnd: Pick<MuxOptions, "end" | "dial" | "hasServices" | "lastStream">,
): () => Mux {
  const { clock = systemClock, memory = NO_LIMIT } = options;
  const { maxStreams, replayBufferBytes } = limitsOf(options);
  const callbacks = guardedStreamCallbacks(options, guardedLog(options.log ?? silentLog));
  const plenty = OUTBOUND_SEGMENTS + Math.ceil(replayBufferBytes / SEGMENT_BYTES);
  const pool = new SegmentPool({ plenty: memory.segments(plenty) });
  const open = { count: 0 };
  return () => new Mux({ clock, pool, maxStreams, open, memory, cuts, ...callbacks, ...ofEnd });
}

function sessionOptions(options: LinkOptions & Observed) {
  return {
    clock: options.clock ?? systemClock,
    log: guardedLog(options.log ?? silentLog),
    pool: new SegmentPool({ plenty: (options.memory ?? NO_LIMIT).segments(INBOUND_SEGMENTS) }),
    memory: options.memory,
    limits: limitsOf(options),
    token: options.token,
    observer: guardedObserver(options.observer),
    bindUpper: (mux: Mux, session: MuxSession) => mux.bind(session),
  };
}

/** The client's end: keeps a session with a server, and carries duplexes as its streams. */
export class MuxClient {
  readonly #sessions: SessionClient<Mux>;
  readonly #cuts: CutQueue;

  /**
   * Connects at once; streams may be opened before there is a carrier.
   *
   * @throws {TeleError} `bad-input` if the token is too short or too long.
   */
  constructor(options: MuxClientOptions) {
    const { clock = systemClock, offers, lastStream } = options;
    checkOffers(offers?.names ?? []);
    const ofEnd = { end: "client" as const, lastStream, dial: offers && dialOnly(offers), hasServices: true };
    // Of one that the server has opened: no user of this end's may ever come, and begin another session.
    const onStreamEnd: OnStreamEnd = (...told) => {
      options.onStreamEnd?.(...told);
      if (told[0].id % 2 === 0 && this.#sessions.upper.streams.isHalfUsedUp) clock.setTimer(() => this.#renew(), 0);
    };
    this.#cuts = cutQueue(options);
    this.#sessions = new SessionClient<Mux>({
      ...sessionOptions(options),
      dial: options.dial,
      identity: options.identity,
      asksByName: options.asksByName,
      offers: offers?.names,
      tokenName: options.tokenName,
      carriers: options.carriers,
      leastCarriers: options.leastCarriers,
      paths: options.paths,
      tickets: options.tickets,
      makeUpper: muxMaker({ ...options, onStreamEnd }, this.#cuts, ofEnd),
      inherit: (from, to) => from.bequeathUnopened(() => to),
    });
  }

  /** Streams that are open. */
  get streamCount(): number {
    return this.#sessions.upper.streamCount;
  }

  /** Whether there is a carrier. */
  get isAttached(): boolean {
    return this.#sessions.isAttached;
  }

  /** Carriers that there are; 0 in an outage. */
  get carrierCount(): number {
    return this.#sessions.session.carriers.attached.all.length;
  }

  /** Paths that have a carrier that works. */
  get upPaths(): number {
    return this.#sessions.session.carriers.attached.quiets.filter(({ isDoubted }) => !isDoubted).length;
  }

  /** How long there has been no carrier, in milliseconds; `undefined` while there is one. */
  get outageMs(): number | undefined {
    return this.#sessions.outageMs;
  }

  /** Counted bytes of the present session that the server has acknowledged. */
  get acknowledgedBytes(): number {
    return this.#sessions.session.takenThereBytes;
  }

  /** Counted bytes of the present session that have come. */
  get receivedBytes(): number {
    return this.#sessions.session.takenBytes;
  }

  /** Bytes that were sent again after outages. */
  get replayedBytes(): number {
    return this.#sessions.replayedBytes;
  }

  /**
   * Carries `user` as a new stream until both of its directions have ended.
   *
   * @param service Name of the service that it is for, with {@linkcode MuxClientOptions.asksByName}; without it, the one
   *   without a name.
   * @throws {TeleError} `refused` if there are too many streams.
   */
  open(user: Duplex, service?: string): MuxStream {
    this.#renew();
    const stream = this.#sessions.upper.open(user, service);
    this.#sessions.hurry();
    return stream;
  }

  /** Another session, if half of the numbers of this one are used up, and its end loses nothing. */
  #renew(): void {
    const { session, upper } = this.#sessions;
    if (!upper.streams.isHalfUsedUp) return;
    // A goodbye on a carrier in doubt may be lost, and what the server has left would wait there for an hour.
    if (session.carrier === undefined || session.carrier.doubt !== undefined || !session.isEmpty) return;
    const message = "half of the numbers of its streams are used up, and nothing is under way; another begins";
    session.end(new TeleError("closed", message), { code: EndCode.shutdown, message });
  }

  /** Whether there has been a carrier. */
  get wasUp(): boolean {
    return this.#sessions.wasUp;
  }

  /**
   * From now on, another token makes new sessions; those that are there go on.
   *
   * @param tokenName Its name, if the server knows it by one.
   * @throws {TeleError} `bad-input` if it is too short or too long, its name is none, or there was no token before.
   */
  renewToken(token: Uint8Array, tokenName?: string): void {
    this.#sessions.renewToken(token, tokenName);
  }

  /**
   * The machine slept: a carrier must show a sign of life, an outage tries at once.
   *
   * @param awayMs How long, in milliseconds; without it the user only doubts that the carrier is alive.
   */
  wokeUp(awayMs?: number): void {
    this.#sessions.wokeUp(awayMs);
  }

  /** The machine's addresses changed: a carrier from a lost address is dead, and an outage tries at once. */
  addressesChanged(isLocal: (address: string) => boolean): void {
    this.#sessions.addressesChanged(isLocal);
  }

  /**
   * Ends the session and all streams.
   *
   * @param message Why, for the server's log.
   * @returns Settles when the server was told and has closed, or that took too long; 30 s at the most.
   */
  stop(message: string): Promise<void> {
    const stopped = this.#sessions.stop(message);
    this.#cuts.finish();
    return stopped;
  }
}

/** The server's end: takes carriers, and connects each stream to a user. */
export class MuxServer {
  readonly #sessions: SessionServer<Mux>;
  readonly #cuts: CutQueue;

  /**
   * A server that waits for carriers.
   *
   * @throws {TeleError} `bad-input` if a token is too short or too long, or a name is none or there twice.
   */
  constructor(options: MuxServerOptions) {
    // What a token allows is looked at for each stream: another file of tokens may have changed it.
    const dial: DialUser = (signal, { user, ...wanted }) => {
      const { tokens } = this.#sessions;
      if (!tokens.mayReach(wanted.tokenName, wanted.service)) throw new NoServiceError(wanted.service);
      return options.dial(signal, user && tokens.tellsUsers(wanted.tokenName) ? { ...wanted, user } : wanted);
    };
    this.#cuts = cutQueue(options);
    this.#sessions = new SessionServer<Mux>({
      ...sessionOptions(options),
      encryption: options.encryption,
      tokens: options.tokens,
      services: options.services,
      reverse: options.reverse,
      tellsUsers: options.tellsUsers,
      wantsUsers: options.wantsUsers,
      listensFor: options.listensFor,
      bequeath: (from, heirOf) => from.bequeathUnopened(heirOf),
      hasServices: options.hasServices,
      makeUpper: muxMaker(options, this.#cuts, { end: "server", dial, hasServices: options.hasServices }),
      onCount: options.onSessionCount,
      fleet: options.fleet,
    });
  }

  /** The machine or the process slept for `ms` milliseconds until now. */
  wasAway(ms: number): void {
    this.#sessions.wasAway(ms);
  }

  /** Sessions held, with a carrier or without. */
  get sessionCount(): number {
    return this.#sessions.sessionCount;
  }

  /**
   * From now on, these tokens make new sessions, and no others. Sessions that began with a named one that is gone, or has
   * changed, end; those with the one without a name go on, while there is one.
   *
   * @returns Settles when they are in use.
   * @throws {TeleError} `bad-input`, at once, if a token is too short or too long, or a name is none or there twice, or
   *   there were no tokens before.
   */
  renewTokens(tokens: ServerTokens): Promise<void> {
    return this.#sessions.renewTokens(tokens);
  }

  /**
   * Carries `user` as a new stream to the client that offers this service; it waits while that has no carrier.
   *
   * @throws {TeleError} `refused` if no client offers it, or there are too many streams.
   */
  open(user: Duplex, service: string): MuxStream {
    const offerer = this.#sessions.offererOf(service);
    if (offerer === undefined) throw new TeleError("refused", `no tele client offers ${service} at the moment`);
    return offerer.open(user, service);
  }

  /** Takes a carrier. Never rejects; settles when its handshake is done or has failed. */
  accept(carrier: Duplex): Promise<void> {
    return this.#sessions.accept(carrier);
  }

  /**
   * Ends all sessions.
   *
   * @param message Why, for the clients' logs.
   * @returns Settles when the clients were told and have closed, or that took too long; 30 s at the most.
   */
  stop(message: string): Promise<void> {
    const stopped = this.#sessions.stop(message);
    this.#cuts.finish();
    return stopped;
  }
}

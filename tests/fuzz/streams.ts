/**
 * The mux, fed with counted frames, compared with what a slow reading of the protocol says of them.
 *
 * @module
 */
import { readU32 } from "../../lib/net/bytes.ts";
import type { Carrier } from "../../lib/session/carrier/carrier.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { Mux } from "../../lib/mux/mux.ts";
import { TeleError } from "../../lib/net/error.ts";
import type { MuxStream } from "../../lib/mux/stream.ts";
import type { StreamEnd } from "../../lib/mux/stream_host.ts";
import { FrameLog } from "../../lib/session/carrier/frame_log.ts";
import { SessionFrameReader } from "../../lib/session/carrier/frame_reader.ts";
import { WriteHold } from "../../lib/session/carrier/write_hold.ts";
import { Segment, SegmentPool } from "../../lib/session/segment_pool.ts";
import { Session } from "../../lib/session/session.ts";
import { drain, SimClock } from "../sim/clock.ts";
import type { Choices } from "./choices.ts";
import { pieces } from "./mangle.ts";
import { LIMITS } from "./roles.ts";
import { StreamSteps } from "./stream_steps.ts";
import { byteAt, gapsOf, prefixOf, StreamsModel, type Verdict } from "./streams_model.ts";
import { check, expectTele, hex, type Target, type Trace } from "./target.ts";

/** The one that brings everything: its number is all that is asked of it. */
const CARRIER = { number: 0 } as Carrier;

const MOST_STREAMS = 8;
/** What a user that talks says, in parts that fit into any read. */
const SAYS_BYTES = 3500;
const POOL_BYTES = 2 * 1024 * 1024;

type Behaviour = "sink" | "slow" | "late" | "never" | "refuse" | "talk";

/** A user's connection that remembers what it was given. */
class User implements Duplex {
  readonly peer = "user";
  #got = new Uint8Array(1024);
  gotBytes = 0;
  isEnded = false;
  isOver = false;
  readonly #behaviour: Behaviour;
  #saidBytes = 0;
  /** Lets go of writes that wait. */
  readonly #waiting: (() => void)[] = [];

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  get got(): Uint8Array {
    return this.#got.subarray(0, this.gotBytes);
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Says something, and then no more; it ends if it has something to say. */
  read(into: Uint8Array): Promise<number | null> {
    if (this.#behaviour !== "talk") return new Promise(() => {});
    if (this.#saidBytes >= SAYS_BYTES) return Promise.resolve(null);
    const count = Math.min(into.length, 700);
    for (let at = 0; at < count; at++) into[at] = this.#saidBytes + at;
    this.#saidBytes += count;
    return Promise.resolve(count);
  }

  write(bytes: Uint8Array): Promise<void> {
    check(!this.isEnded, () => "a user is given data behind the end");
    if (this.gotBytes + bytes.length > this.#got.length) {
      const larger = new Uint8Array(2 * (this.gotBytes + bytes.length));
      larger.set(this.got);
      this.#got = larger;
    }
    this.#got.set(bytes, this.gotBytes);
    this.gotBytes += bytes.length;
    if (this.#behaviour !== "slow") return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  closeWrite(): Promise<void> {
    this.isEnded = true;
    return Promise.resolve();
  }

  abort(): void {
    this.isOver = true;
  }

  close(): void {
    this.isOver = true;
  }

  /** Takes what waits. */
  take(): void {
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }
}

/** Which end the subject is, and the first number that it and its peer open, as far as they may. */
interface Ends {
  readonly end: "client" | "server";
  readonly first?: 1 | 2;
  readonly peerFirst?: 1 | 2;
}

const ENDS: Readonly<Record<string, Ends>> = {
  server: { end: "server", peerFirst: 1 },
  client: { end: "client", first: 1 },
  /** Of a client that offers services. */
  serverForBoth: { end: "server", first: 2, peerFirst: 1 },
  offeringClient: { end: "client", first: 1, peerFirst: 2 },
};

/** A mux in a session without carriers, both models of it, and what is between them. */
class Subject {
  readonly session: Session;
  /** What the peer sends. */
  readonly theirs: StreamsModel;
  /** What the mux sends: the same rules. */
  readonly ours: StreamsModel;
  readonly users: User[] = [];
  /** Why the last frame broke a rule, by the model. */
  broken = "";
  readonly #clock = new SimClock();
  readonly #mux: Mux;
  readonly #log: FrameLog;
  readonly #reader: SessionFrameReader;
  readonly #behaviour: Behaviour;
  readonly #dials: ((user: User) => void)[] = [];
  readonly #refused: Set<number> = new Set();
  #segment: Segment | undefined;

  constructor(readonly ends: Ends, behaviour: Behaviour) {
    this.#behaviour = behaviour;
    const { end, first, peerFirst } = ends;
    this.theirs = new StreamsModel(peerFirst, (what) => this.broken = what);
    this.ours = new StreamsModel(first, (what) => this.broken = `the mux: ${what}`);
    const clock = this.#clock, pool = new SegmentPool({ plenty: 4 });
    this.#mux = new Mux({
      end,
      clock,
      pool,
      maxStreams: MOST_STREAMS,
      open: { count: 0 },
      ...(peerFirst !== undefined && { dial: () => this.#dial(), hasServices: true }),
      onStreamEnd: (stream, end) => this.#onStreamEnd(stream, end),
    });
    const [never, upper] = [() => {}, this.#mux];
    this.session = new Session({
      end,
      clock,
      pool,
      upper,
      limits: LIMITS,
      onDetached: never,
    });
    this.#mux.bind(this.session);
    this.#log = new FrameLog(this.session.budget);
    this.#reader = new SessionFrameReader({
      data: (id, offset, bytes) => this.session.receiveData(id, offset, bytes, this.#segment!),
      end: (id, offset) => this.session.receiveEnd(id, offset),
      counted: (payload) => void this.session.receiveFrame(payload, CARRIER),
      control: () => {},
    });
  }

  #dial(): Promise<Duplex> {
    if (this.#behaviour === "refuse") return Promise.reject(new Error("connection refused"));
    if (this.#behaviour === "never") return new Promise(() => {});
    if (this.#behaviour === "late") return new Promise((resolve) => this.#dials.push(resolve));
    return Promise.resolve(this.#addUser());
  }

  #addUser(): User {
    const user = new User(this.#behaviour);
    this.users.push(user);
    return user;
  }

  /** A user connects, where the subject opens streams. */
  connect(): void {
    if (this.ends.first !== undefined && this.#mux.streamCount < MOST_STREAMS) this.#mux.open(this.#addUser());
  }

  #onStreamEnd(stream: MuxStream, end: StreamEnd): void {
    const direction = this.theirs.streams.get(stream.id);
    this.theirs.over(stream.id);
    if (this.session.error !== undefined || direction === undefined) return;
    const isComplete = direction.final === prefixOf(direction);
    const isDue = end.kind === "reset"
      ? end.by === "peer" ? direction.isReset && isComplete : end.code === 1 && this.#behaviour === "refuse"
      : end.kind === "finished" && isComplete;
    check(isDue, () => `stream ${stream.id} is over, though nothing ended it: ${Deno.inspect(end)}`);
  }

  /** Whole frames come, in any pieces. */
  feed(cut: readonly Uint8Array[]): void {
    try {
      for (const bytes of cut) {
        this.#segment = new Segment(bytes);
        this.#reader.push(bytes);
        if (this.session.error !== undefined) return;
      }
    } catch (error) {
      this.session.sessionBroken(error);
    }
    this.session.turnEnded();
    drain();
    this.pull();
  }

  /** Takes what the mux has to send, and judges it. */
  pull(): void {
    if (this.session.error !== undefined) return;
    for (let last = -1; last !== this.#log.end;) {
      last = this.#log.end;
      this.#mux.pull(this.#log, 1 << 20, 1 << 20, this.#clock.now());
      drain();
    }
    const hold = new WriteHold();
    for (let bytes = this.#log.nextWrite(hold); bytes !== undefined; bytes = this.#log.nextWrite(hold)) {
      hold.release();
      for (let at = 0; at < bytes.length; at += 4 + readU32(bytes, at)) {
        this.#sent(bytes.subarray(at + 4, at + 4 + readU32(bytes, at)));
      }
    }
  }

  #sent(payload: Uint8Array): void {
    const [type, id] = [payload[0], readU32(payload, 1)];
    if (type === 0x20) this.theirs.opened(id, readU32(payload, 9));
    if (type === 0x24) this.#onReset(id, payload[13]! << 8 | payload[14]!);
    const verdict = this.ours.take(payload);
    check(verdict.ends === "nothing", () => `${this.broken}: ${hex(payload)}`);
    if (type !== 0x25) return;
    for (let at = 1; at < payload.length; at += 12) {
      this.theirs.grant(readU32(payload, at), readU32(payload, at + 4) * 2 ** 32 + readU32(payload, at + 8));
    }
  }

  /** A stream that the mux does not take: there are too many, or they have taken too much. */
  #onReset(id: number, code: number): void {
    // Another service.
    if (this.#refused.has(id)) check(code === 1, () => `a service that is not there was refused with code ${code}`);
    const stream = this.theirs.streams.get(id);
    if (stream === undefined) return;
    const others = [...this.theirs.streams.values()].reduce((sum, other) => sum + other.granted, 0);
    const isDue = code === 3 && (this.theirs.streams.size > MOST_STREAMS || others > POOL_BYTES);
    check(isDue, () => `stream ${id} was refused with code ${code}, one of ${this.theirs.streams.size}`);
    this.theirs.over(id);
  }

  /** What the peer sent as an open is known to the model of this side as well: it may be answered. */
  openedByPeer(payload: Uint8Array): void {
    const id = readU32(payload, 1);
    if (!this.theirs.wasOpened(id) || this.ours.wasOpened(id)) return;
    this.ours.opened(id, readU32(payload, 9));
    // Another service is refused, and with that code.
    if (this.theirs.streams.has(id)) return;
    this.#expectRefusal(id);
  }

  #expectRefusal(id: number): void {
    this.#refused.add(id);
  }

  /** Window values that the peer tells. */
  granted(payload: Uint8Array): void {
    for (let at = 1; at + 12 <= payload.length; at += 12) {
      this.ours.grant(readU32(payload, at), readU32(payload, at + 4) * 2 ** 32 + readU32(payload, at + 8));
    }
  }

  /** The peer has taken what was sent, or a part of it. */
  acknowledge(choices: Choices): void {
    const { acknowledged, handed } = this.#log;
    this.#log.acknowledge(choices.chance(0.5) ? handed : choices.between(acknowledged, handed));
    drain();
    this.pull();
  }

  /** Whether a user is late, or has something to take. */
  get isWaiting(): boolean {
    return this.#dials.length > 0 || this.users.some((user) => user.isWaiting);
  }

  /** Users that were slow or late come. */
  release(): void {
    if (this.session.error !== undefined || !this.isWaiting) return;
    for (const resolve of this.#dials.splice(0)) resolve(this.#addUser());
    drain();
    this.users.forEach((user) => user.take());
    drain();
    this.pull();
  }

  assertSame(): void {
    if (this.session.error !== undefined) return;
    const count = this.#mux.streamCount;
    const gaps = [...this.theirs.streams.values()].reduce((sum, stream) => sum + gapsOf(stream), 0);
    check(this.#mux.gaps.gaps === gaps, () => `${this.#mux.gaps.gaps} gaps are counted, due ${gaps}`);
    const waits = this.ends.first === undefined ? 0 : count - this.theirs.streams.size;
    check(count === this.theirs.streams.size + waits, () => `${count} streams, due ${this.theirs.streams.size}`);
  }

  /** Each user has what came in order on a stream, and nothing else. */
  assertDelivered(): void {
    if (this.session.error !== undefined || this.#behaviour === "never" || this.#behaviour === "refuse") return;
    const left = new Set(this.users.filter((user) => !user.isOver || user.isEnded));
    for (const [id, stream] of this.theirs.streams) {
      const length = prefixOf(stream);
      const isEnded = stream.final === length && !stream.isReset;
      const hasIt = ({ got, isEnded: wasEnded }: User) =>
        got.length === length && wasEnded === isEnded && got.every((byte, offset) => byte === byteAt(id, offset));
      const user = [...left].find(hasIt);
      check(user !== undefined, () => `no user has the ${length} bytes of stream ${id}, ended: ${isEnded}`);
      left.delete(user!);
    }
  }

  /** Users that talk were read up to the last byte that may go. */
  assertSaid(): void {
    if (this.session.error !== undefined || this.#behaviour !== "talk") return;
    for (const [id, { isReset }] of this.theirs.streams) {
      const stream = this.ours.streams.get(id);
      if (isReset || stream === undefined) continue;
      const due = Math.min(stream.granted, SAYS_BYTES);
      check(prefixOf(stream) === due, () => `${prefixOf(stream)} bytes were sent on stream ${id}, due ${due}`);
    }
  }

  /** Those whose streams are over have nothing else than the beginning of one either. */
  assertNothingForeign(): void {
    for (const { got } of this.users) {
      if (got.length === 0) continue;
      const isOf = (id: number) => got.every((byte, offset) => byte === byteAt(id, offset));
      let isFound = false;
      const { highestOfAll: highest } = this.theirs;
      for (let id = 1; id <= highest && !isFound; id++) {
        isFound = this.theirs.wasOpened(id) && isOf(id);
        // Only the first and the last few of a comb.
        if (id > 100 && id < highest - 200) id = highest - 200;
      }
      check(isFound, () => `a user has what no stream has: ${hex(got)}`);
    }
  }

  /** Everything is given back. */
  end(): void {
    this.session.end(new TeleError("closed", "the end of the test"));
    const { costBytes } = this.#mux.gaps;
    check(costBytes === 0, () => `${costBytes} bytes are charged for early pieces of streams that are over`);
  }
}

function judge(subject: Subject, due: Verdict, frame: Uint8Array): void {
  const { error } = subject.session;
  if (error !== undefined) expectTele(["protocol"], error);
  const got = error === undefined ? "nothing" : "session";
  check(got === due.ends, () => `${due.ends} was to end (${subject.broken}), but ${got} did: ${error}; ${hex(frame)}`);
}

function feed(subject: Subject, choices: Choices, frame: Uint8Array, trace: Trace): void {
  const payload = frame.subarray(4);
  const due = subject.theirs.take(payload);
  trace(() => `${due.ends}: ${hex(frame)}`);
  if (due.ends === "nothing" && payload[0] === 0x20) subject.openedByPeer(payload);
  if (due.ends === "nothing" && payload[0] === 0x25) subject.granted(payload);
  // Long ones in few pieces: each is a call.
  subject.feed(frame.length > 2000 ? [frame.slice()] : pieces(choices, frame).map((piece) => piece.slice()));
  judge(subject, due, frame);
  subject.assertSame();
}

/** {@linkcode Mux}, {@linkcode SessionFrameReader} and the decoders of counted frames. */
export const streams: Target = {
  name: "streams",
  about: "Mux: opens, data, ends, resets and windows in every order, twice, at every edge, beside a slow model",
  quickStreams: 1500,
  run(choices, trace) {
    const ends = choices.chance(0.4) ? ENDS.server : choices.pick(Object.values(ENDS));
    const behaviour = choices.pick(["sink", "slow", "late", "never", "talk", "refuse"] as const);
    trace(() => `the subject: ${JSON.stringify(ends)}, users: ${behaviour}`);
    const subject = new Subject(ends, behaviour);
    const mostCredit = choices.pick([0, 10, 300, 5000, 262_144]);
    const steps = new StreamSteps(choices, subject.theirs, { first: ends.peerFirst, mostCredit, mostData: 70_000 });
    const isWrong = choices.chance(0.6);
    for (let left = choices.between(1, 40); left > 0 && subject.session.error === undefined; left--) {
      if (choices.chance(0.2)) subject.connect();
      subject.pull();
      feed(subject, choices, isWrong && choices.chance(0.15) ? steps.edge() : steps.right(), trace);
      if (choices.chance(0.2)) subject.acknowledge(choices);
      if (choices.chance(0.1)) subject.release();
    }
    if (choices.chance(0.002)) {
      for (const frame of steps.comb()) {
        if (subject.session.error !== undefined) break;
        feed(subject, choices, frame, trace);
      }
    }
    // A slow user takes a piece at a time.
    while (subject.session.error === undefined && subject.isWaiting) subject.release();
    subject.pull();
    subject.assertDelivered();
    subject.assertSaid();
    subject.assertNothingForeign();
    subject.end();
    drain();
  },
};

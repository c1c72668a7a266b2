/**
 * A client and a server of sessions over a network in memory, and a user of sessions that sends a sequence of bytes.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { assert, assertEquals } from "@std/assert";
import { writeU64 } from "../../lib/net/bytes.ts";
import { type Identity, makeIdentityKeys } from "../../lib/session/handshake/keys.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import type { TeleError } from "../../lib/net/error.ts";
import { type Segment, SegmentPool } from "../../lib/session/segment_pool.ts";
import { SessionClient, type SessionClientOptions } from "../../lib/session/session_client.ts";
import { type Accepted, ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import type { Commit } from "../../lib/session/handshake/messages.ts";
import { type Receipt, receiptsField } from "../../lib/session/handshake/fields.ts";
import { DATA_HEADER_BYTES, HEADROOM_BYTES } from "../../lib/session/session_constants.ts";
import type { FrameLog } from "../../lib/session/carrier/frame_log.ts";
import { writeDataHeader } from "../../lib/session/frames.ts";
import { limitsOf, type ServerLimits, type SessionLimits } from "../../lib/session/session_limits.ts";
import { SessionServer, type SessionServerOptions } from "../../lib/session/session_server.ts";
import type { Session } from "../../lib/session/session.ts";
import type { UpperLayer } from "../../lib/session/upper_layer.ts";
import { FakeClock } from "./fake_clock.ts";
import { dataFrame, windowsFrame } from "./frames.ts";
import { MemoryNetwork } from "./memory_network.ts";
import { type MemoryPipeOptions } from "./memory_pipe.ts";
import { Random } from "./random.ts";

/** Data that a user hands to the log in one frame, at most. */
const PIECE_BYTES = 20_000;

/** The stream that all bytes are data of, both ways. */
export const BYTES_ID = 1;

/** The byte at `offset` of the sequence `key`: no shift of it, and no other key, looks the same for long. */
function byteAt(key: number, offset: number): number {
  return (offset * 31 + (offset >> 8) * 7 + (offset >> 16) + key * 113) & 0xff;
}

/**
 * Sends as much as it is told to as the data of one stream, which nobody opens, and puts together what it receives.
 * What comes again, or early, is compared as well.
 */
export class ByteLayer implements UpperLayer {
  /** The client's has a stream from the beginning, the server's as soon as something came. */
  streamCount = 1;
  readonly hasUnsent = false;
  session: Session | undefined;
  error: TeleError | undefined;
  /** Bytes handed to the log so far, without their frames' headers. */
  sent = 0;
  /** Bytes that came, in order from the first one. */
  received = 0;
  /** Bytes that came a second time. */
  repeated = 0;
  /** Window values to send, and those that came. */
  windows: { id: number; limit: number }[] = [];
  windowsSeen: { id: number; limit: number }[] = [];
  /** Streams whose window values were lost with a carrier. */
  windowsLost: number[] = [];
  /** Thrown at the next byte that comes. */
  refusal: TeleError | undefined;
  /** Sequence of the peer, known from its first byte. */
  #peerKey: number | undefined;
  /** What came before something in front of it. */
  readonly #early: Map<number, Uint8Array> = new Map();
  #toSend = 0;
  readonly #random: Random;

  /** @param key From 0 to 255: names the sequence that it sends. */
  constructor(readonly key: number) {
    this.#random = new Random(key + 1);
  }

  /** Bytes it was told to send. */
  get told(): number {
    return this.sent + this.#toSend;
  }

  /** The key of whoever sent what came. */
  get peerKey(): number | undefined {
    return this.#peerKey;
  }

  send(bytes: number): void {
    this.#toSend += bytes;
    this.session?.wake();
  }

  pull(log: FrameLog, bulkBytes: number): void {
    this.#pullWindows(log);
    bulkBytes = Math.min(bulkBytes, this.session?.budget.room ?? Infinity);
    while (this.#toSend > 0 && bulkBytes > DATA_HEADER_BYTES) {
      const small = this.#random.chance(0.5);
      const most = Math.min(this.#toSend, bulkBytes - DATA_HEADER_BYTES);
      const bytes = Math.min(most, this.#random.between(1, small ? 50 : PIECE_BYTES));
      const frameBytes = DATA_HEADER_BYTES + bytes;
      if (small) {
        const at = log.reserve(frameBytes);
        this.#fill(log.arena, at, bytes);
      } else {
        const memory = new Uint8Array(HEADROOM_BYTES + frameBytes);
        this.#fill(memory, HEADROOM_BYTES, bytes);
        log.adopt(memory, HEADROOM_BYTES, memory.length, { headroom: HEADROOM_BYTES });
      }
      this.#toSend -= bytes;
      bulkBytes -= frameBytes;
    }
  }

  #pullWindows(log: FrameLog): void {
    if (this.windows.length === 0) return;
    const frame = windowsFrame(...this.windows.splice(0).map(({ id, limit }): [number, number] => [id, limit]));
    const at = log.reserve(frame.length);
    log.arena.set(frame, at);
  }

  #fill(memory: Uint8Array, at: number, bytes: number): void {
    writeDataHeader(memory, at, { id: BYTES_ID, offset: this.sent, length: bytes, isEnd: false });
    const start = at + DATA_HEADER_BYTES;
    const { key, sent } = this;
    for (let i = 0; i < bytes; i++) memory[start + i] = byteAt(key, sent + i);
    this.sent += bytes;
  }

  receiveData(id: number, offset: number, bytes: Uint8Array, _segment: Segment): void {
    if (this.refusal !== undefined) throw this.refusal;
    assertEquals(this.error, undefined, "nothing comes after the end");
    assertEquals(id, BYTES_ID);
    if (offset > this.received) return void this.#early.set(offset, bytes.slice());
    this.#take(offset, bytes);
    for (const [at, early] of [...this.#early].sort(([one], [other]) => one - other)) {
      if (at > this.received) break;
      this.#early.delete(at);
      this.#take(at, early);
    }
  }

  #take(offset: number, bytes: Uint8Array): void {
    if (this.#peerKey === undefined) {
      this.#peerKey = keyOf(bytes[0]);
      this.streamCount = 1;
    }
    const key = this.#peerKey;
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] !== byteAt(key, offset + at)) throw new Error(`byte ${offset + at} is not the right one`);
    }
    this.repeated += Math.min(bytes.length, this.received - offset);
    this.received = Math.max(this.received, offset + bytes.length);
  }

  receiveOpen(): void {}
  receiveEnd(): void {}
  receiveReset(): void {}

  receiveWindow(id: number, limit: number): void {
    this.windowsSeen.push({ id, limit });
  }

  windowLost(id: number): void {
    this.windowsLost.push(id);
  }

  costOf(): number {
    return 1;
  }

  startPoolBytes = 0;
  turnEnded(): void {}

  ended(error: TeleError): void {
    assertEquals(this.error, undefined, "the end is told once");
    this.error = error;
    this.streamCount = 0;
  }
}

/** The key of a sequence by its first byte; 113 is odd, so that there is exactly one. */
function keyOf(firstByte: number): number {
  for (let key = 0; key < 256; key++) {
    if (byteAt(key, 0) === firstByte) return key;
  }
  throw new Error("unreachable");
}

/** Options of a {@linkcode SessionWorld}. */
export interface SessionWorldOptions {
  network?: Omit<MemoryPipeOptions, "clock">;
  server?: Partial<SessionServerOptions<ByteLayer>> & Partial<ServerLimits>;
  client?: Partial<SessionClientOptions<ByteLayer>> & Partial<SessionLimits>;
}

/** Limits of both ends, unless a test says otherwise. */
const LIMITS: Partial<ServerLimits> = { replayBufferBytes: 1 << 20, maxSessions: 10 };

/** Server, network, and one client or several. */
export class SessionWorld {
  readonly clock = new FakeClock();
  readonly network: MemoryNetwork;
  /** Log lines as `who level: message`. */
  readonly lines: string[] = [];
  /** Users of sessions, oldest first. */
  readonly clientUsers: ByteLayer[] = [];
  readonly serverUsers: ByteLayer[] = [];
  /** Takes new connections; a test may put an impostor here. */
  onConnection: (duplex: Duplex) => void;
  server: SessionServer<ByteLayer>;
  readonly #options: SessionWorldOptions;
  readonly #clients: SessionClient<ByteLayer>[] = [];
  #keys = 0;

  constructor(options: SessionWorldOptions = {}) {
    this.#options = options;
    this.server = this.makeServer();
    this.onConnection = this.toServer;
    this.network = new MemoryNetwork({
      ...options.network,
      clock: this.clock,
      onConnection: (duplex) => this.onConnection(duplex),
    });
  }

  /** Where connections go unless a test says otherwise. */
  readonly toServer = (duplex: Duplex): void => void this.server.accept(duplex);

  get client(): SessionClient<ByteLayer> {
    return this.#clients[0] ?? this.addClient();
  }

  /** The user of the present session on the client's side. */
  get here(): ByteLayer {
    return this.client.upper;
  }

  /** The newest user on the server's side. */
  get there(): ByteLayer {
    return this.serverUsers.at(-1)!;
  }

  addClient(options: Partial<SessionClientOptions<ByteLayer>> = {}): SessionClient<ByteLayer> {
    const client = new SessionClient<ByteLayer>({
      ...this.#common("client", this.clientUsers),
      dial: (signal) => this.network.dial(signal),
      inherit: (from, to) => {
        to.streamCount = from.streamCount;
      },
      ...this.#options.client,
      ...options,
      limits: limitsOf({ ...LIMITS, ...this.#options.client }),
    });
    this.#clients.push(client);
    return client;
  }

  /** A server that knows no sessions. */
  makeServer(options: SessionWorldOptions["server"] = {}): SessionServer<ByteLayer> {
    return new SessionServer<ByteLayer>({
      ...this.#common("server", this.serverUsers),
      ...this.#options.server,
      ...options,
      limits: limitsOf({ ...LIMITS, ...this.#options.server, ...options }),
    });
  }

  /** The tele server is killed and comes back: carriers break, sessions are gone. */
  restartServer(): void {
    this.network.cut();
    this.server = this.makeServer();
  }

  #common(who: string, users: ByteLayer[]) {
    return {
      clock: this.clock,
      log: (level: string, message: string) => void this.lines.push(`${who} ${level}: ${message}`),
      pool: new SegmentPool({ plenty: 64 }),
      makeUpper: () => {
        const user = new ByteLayer(this.#keys++ & 0xff);
        if (who === "server") user.streamCount = 0;
        users.push(user);
        return user;
      },
      bindUpper: (user: ByteLayer, session: Session) => {
        user.session = session;
      },
    };
  }

  /** A client that is attached, with `bytes` sent each way, so that both ends take the session for used. */
  static async attached(options: SessionWorldOptions = {}, bytes = 100): Promise<SessionWorld> {
    const world = new SessionWorld(options);
    world.client;
    await world.untilAttached();
    await world.exchange(bytes);
    return world;
  }

  untilAttached(limitMs = 20_000): Promise<void> {
    return this.clock.advanceUntil(() => this.client.isAttached && this.serverUsers.length > 0, limitMs, "attached");
  }

  /** Sends `bytes` each way and waits until everything has arrived. */
  async exchange(bytes: number, limitMs = 60_000): Promise<void> {
    this.here.send(bytes);
    this.there.send(bytes);
    await this.untilDelivered(limitMs);
  }

  /** Waits until both present users have everything the other was told to send. */
  async untilDelivered(limitMs = 60_000): Promise<void> {
    await this.clock.advanceUntil(() => this.isDelivered, limitMs, "delivered");
    assert(this.here.told === 0 || this.there.peerKey === this.here.key);
    assert(this.there.told === 0 || this.here.peerKey === this.there.key);
  }

  get isDelivered(): boolean {
    const [here, there] = [this.here, this.there];
    return there !== undefined && here.received === there.told && there.received === here.told;
  }

  /** Nobody's session was lost on either side. */
  assertUnbroken(): void {
    assertEquals([this.clientUsers.length, this.here.error, this.there.error], [1, undefined, undefined]);
  }

  linesWith(words: string): string[] {
    return this.lines.filter((line) => line.includes(words));
  }

  /** Ends everything; nothing may be left that waits. */
  async end(): Promise<void> {
    const ends = [...this.#clients.map((client) => client.stop("the test ends")), this.server.stop("the test ends")];
    let ended = false;
    Promise.all(ends).then(() => ended = true);
    await this.clock.advanceUntil(() => ended, 31_000, "the end");
    this.network.cut();
  }
}

/** A frame of numbers, each a byte, and bytes. */
export function frameOf(...payload: (number | Uint8Array)[]): Uint8Array {
  const body = concat(payload.map((part) => typeof part === "number" ? new Uint8Array([part]) : part));
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, body.length);
  return concat([header, body]);
}

/** A count as the protocol writes it. */
export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, value);
  return bytes;
}

/** A client that can be known again. */
export async function someIdentity(): Promise<Identity> {
  return { keys: await makeIdentityKeys(), slot: 0 };
}

/** A tele client by hand: handshakes that a test can order as it likes. */
export async function handMade(world: SessionWorld) {
  const dial = async (sessionId?: Uint8Array) => {
    const handshake = await ClientHandshake.begin(await world.network.dial(), sessionId);
    return { handshake, pipe: world.network.last! };
  };
  const first = await dial();
  const fresh: Commit = { kind: "new", number: 0, lane: "quiet", fields: new Map() };
  const { accept, resumeSecret } = await first.handshake.commit(fresh, new Uint8Array(0));
  await first.pipe.a.write(dataFrame(BYTES_ID, 0, new Uint8Array(1)));
  await world.clock.settle();
  const join = (handshake: ClientHandshake, number: number, receipts: Receipt[] = []): Promise<Accepted> =>
    handshake.commit({ kind: "join", number, lane: "quiet", fields: receiptsField(receipts) }, resumeSecret);
  return { dial, join, pipe: first.pipe, sessionId: accept.sessionId };
}

/** Holds back calls of one WebCrypto function, since the order in which they end is anyone's guess. */
export class CryptoGate implements Disposable {
  /** Calls so far, held or not. */
  calls = 0;
  readonly #name: "sign" | "verify";
  readonly #original: (...args: unknown[]) => Promise<unknown>;
  readonly #held = new Map<number, () => void>();

  /** @param holds Whether to hold the call of this number, the first being 0. */
  constructor(name: "sign" | "verify", holds: (call: number) => boolean) {
    const prototype = SubtleCrypto.prototype as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const original = this.#original = prototype[this.#name = name];
    // deno-lint-ignore no-this-alias
    const gate = this;
    prototype[name] = async function (this: SubtleCrypto, ...args: unknown[]) {
      const call = gate.calls++;
      if (holds(call)) await new Promise<void>((resolve) => gate.#held.set(call, resolve));
      return await original.apply(this, args);
    };
  }

  /** Numbers of the calls that are held now. */
  get held(): number[] {
    return [...this.#held.keys()];
  }

  release(call: number): void {
    const resolve = this.#held.get(call);
    assert(resolve !== undefined, `call ${call} is not held`);
    this.#held.delete(call);
    resolve();
  }

  [Symbol.dispose](): void {
    (SubtleCrypto.prototype as unknown as Record<string, unknown>)[this.#name] = this.#original;
    for (const call of this.held) this.release(call);
  }
}

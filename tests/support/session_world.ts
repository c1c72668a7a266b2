/**
 * A client and a server of sessions over a network in memory, with a clock that the test moves.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Duplex } from "../../lib/net/duplex.ts";
import { SegmentPool } from "../../lib/session/segment_pool.ts";
import { SessionClient, type SessionClientOptions } from "../../lib/session/session_client.ts";
import { limitsOf, type ServerLimits, type SessionLimits } from "../../lib/session/session_limits.ts";
import { SessionServer } from "../../lib/session/session_server.ts";
import type { SessionServerOptions } from "../../lib/session/session_server_options.ts";
import type { Session } from "../../lib/session/session.ts";
import { ByteLayer } from "./byte_layer.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemoryNetwork } from "./memory_network.ts";
import { type MemoryPipeOptions } from "./memory_pipe.ts";

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
      carriers: 1,
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

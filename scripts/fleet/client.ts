/**
 * One client: the real one, but for its sockets, and what is seen of it.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { MuxClient } from "../../lib/mux/link.ts";
import { makeIdentityKeys } from "../../lib/session/handshake/keys.ts";
import { LastTicket } from "../../lib/session/fleet/last_ticket.ts";
import type { Session } from "../../lib/session/session.ts";
import type { Surroundings } from "./surroundings.ts";

/** Told when a client has a carrier again. */
export type OutageOver = (client: SimClient, fromMs: number, lastedMs: number) => void;

/** A client that keeps one session. */
export class SimClient {
  readonly mux: MuxClient;
  /** Its sessions that have had a carrier, and are not over. */
  readonly #sessions: Set<Session> = new Set();
  /** When it first had a carrier. */
  begunAtMs = NaN;
  /** Since when it has no carrier in the session that users come to. */
  #lostAtMs: number | undefined;
  readonly #onOutageOver: OutageOver;

  private constructor(world: Surroundings, index: number, keys: CryptoKeyPair, onOutageOver: OutageOver) {
    this.#onOutageOver = onOutageOver;
    const { clock, options: { carriers }, token } = world;
    const host = `10.${128 + (index >> 16)}.${index >> 8 & 255}.${index & 255}`;
    this.mux = new MuxClient({
      clock: world.clientClock,
      dial: (signal) => world.connect(host, signal),
      tickets: new LastTicket(),
      identity: { keys, slot: 0, lastSlot: 0 },
      token,
      carriers,
      leastCarriers: carriers,
      log: (level, message) => world.told(`client ${level}`, message),
      observer: {
        sessionMade() {},
        carrierAttached: (session) => this.#attached(session, clock.now()),
        carrierGone: () => this.#gone(clock.now()),
        sessionEnded: (session) => this.#ended(session),
        attemptFailed: (error) => world.told("attempt", error instanceof Error ? error.message : String(error)),
      },
    });
  }

  /** It comes. */
  static async start(world: Surroundings, index: number, onOutageOver: OutageOver): Promise<SimClient> {
    return new SimClient(world, index, await makeIdentityKeys(), onOutageOver);
  }

  /** What the owners of its sessions know those by. */
  get sessionIds(): string[] {
    return [...this.#sessions].map(({ id }) => encodeHex(id));
  }

  #attached(session: Session, nowMs: number): void {
    this.#sessions.add(session);
    if (Number.isNaN(this.begunAtMs)) this.begunAtMs = nowMs;
    if (this.#lostAtMs === undefined || !this.mux.isAttached) return;
    this.#onOutageOver(this, this.#lostAtMs, nowMs - this.#lostAtMs);
    this.#lostAtMs = undefined;
  }

  #gone(nowMs: number): void {
    if (!this.mux.isAttached) this.#lostAtMs ??= nowMs;
  }

  #ended(session: Session): void {
    this.#sessions.delete(session);
  }

  /** Since when it has had no carrier. */
  get lostAtMs(): number | undefined {
    return this.#lostAtMs;
  }
}

/**
 * A link: a session and its mux as one thing, at either end, over any duplexes. The tunnel is built on it, and so is
 * the library for Web Streams.
 *
 * @module
 */
import { systemClock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { checkOffers } from "../session/handshake/offers.ts";
import type { LastTicket } from "../session/fleet/last_ticket.ts";
import type { ClientToken } from "../session/handshake/own_token.ts";
import { SessionClient } from "../session/session_client.ts";
import type { OnStreamEnd } from "./callbacks.ts";
import { ClientSessions } from "./client_sessions.ts";
import type { CutQueue } from "./cut_queue.ts";
import type { MuxClientOptions } from "./link_options.ts";
import { cutQueue, muxMaker, sessionOptions } from "./link_parts.ts";
import type { Mux } from "./mux.ts";
import { dialOnly } from "./offers.ts";
import type { MuxStream } from "./stream.ts";

export { MuxServer } from "./mux_server.ts";

/** The client's end: keeps a session with a server, and carries duplexes as its streams. */
export class MuxClient {
  readonly #sessions: ClientSessions<SessionClient<Mux>>;
  readonly #cuts: CutQueue;
  #token: ClientToken = {};

  /**
   * Connects at once; streams may be opened before there is a carrier.
   *
   * @throws {TeleError} `bad-input` if the token is too short or too long.
   */
  constructor(options: MuxClientOptions) {
    const { clock = systemClock, offers, lastStream } = options;
    checkOffers(offers?.names ?? []);
    // Of one that the server has opened: no user of this end's may ever come, and begin another session.
    const onStreamEnd: OnStreamEnd = (...told) => {
      options.onStreamEnd?.(...told);
      if (told[0].id % 2 === 0 && this.#sessions.present.upper.streams.isHalfUsedUp) this.#sessions.lookSoon();
    };
    this.#cuts = cutQueue(options);
    const makeUpper = muxMaker({ ...options, onStreamEnd }, this.#cuts, {
      end: "client",
      lastStream,
      dial: offers && dialOnly(offers),
      hasServices: true,
      onPeerDrains: () => this.#sessions.lookSoon(),
    });
    const common = {
      ...sessionOptions(options),
      dial: options.dial,
      asksByName: options.asksByName,
      offers: offers?.names,
      tokenName: options.tokenName,
      carriers: options.carriers,
      leastCarriers: options.leastCarriers,
      paths: options.paths,
      makeUpper,
      inherit: (from: Mux, to: Mux) => from.bequeathUnopened(() => to),
    };
    const token = () => this.#token;
    let tickets: LastTicket | undefined;
    this.#sessions = new ClientSessions({
      clock,
      log: common.log,
      identity: options.identity,
      // The newest token, if another was given since.
      begin(part) {
        // Each has its own: a join by another one's would be led to the wrong server.
        tickets = tickets === undefined ? options.tickets : tickets.ofNext();
        return new SessionClient<Mux>({ ...common, ...token(), ...part, tickets });
      },
    });
  }

  #sum(of: (client: SessionClient<Mux>) => number): number {
    return this.#sessions.all.reduce((sum, client) => sum + of(client), 0);
  }

  /** Streams that are open. */
  get streamCount(): number {
    return this.#sum(({ upper }) => upper.streamCount);
  }

  /** Whether there is a carrier. */
  get isAttached(): boolean {
    return this.#sessions.present.isAttached;
  }

  /** Carriers that there are; 0 in an outage. */
  get carrierCount(): number {
    return this.#sum(({ session }) => session.carriers.attached.all.length);
  }

  /** Paths that have a carrier that works. */
  get upPaths(): number {
    return this.#sessions.present.session.carriers.attached.quiets.filter(({ isDoubted }) => !isDoubted).length;
  }

  /** How long there has been no carrier, in milliseconds; `undefined` while there is one. */
  get outageMs(): number | undefined {
    return this.#sessions.present.outageMs;
  }

  /** Counted bytes of the present sessions that the server has acknowledged. */
  get acknowledgedBytes(): number {
    return this.#sum(({ session }) => session.takenThereBytes);
  }

  /** Counted bytes of the present sessions that have come. */
  get receivedBytes(): number {
    return this.#sum(({ session }) => session.takenBytes);
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
    this.#sessions.look();
    const { present } = this.#sessions;
    const stream = present.upper.open(user, service);
    present.hurry();
    return stream;
  }

  /** Whether there has been a carrier. */
  get wasUp(): boolean {
    return this.#sessions.present.wasUp;
  }

  /**
   * From now on, another token makes new sessions; those that are there go on.
   *
   * @param tokenName Its name, if the server knows it by one.
   * @throws {TeleError} `bad-input` if it is too short or too long, its name is none, or there was no token before.
   */
  renewToken(token: Uint8Array, tokenName?: string): void {
    for (const client of this.#sessions.all) client.renewToken(token, tokenName);
    this.#token = { token, tokenName };
  }

  /**
   * The machine slept: a carrier must show a sign of life, an outage tries at once.
   *
   * @param awayMs How long, in milliseconds; without it the user only doubts that the carrier is alive.
   */
  wokeUp(awayMs?: number): void {
    for (const client of this.#sessions.all) client.wokeUp(awayMs);
  }

  /** The machine's addresses changed: a carrier from a lost address is dead, and an outage tries at once. */
  addressesChanged(isLocal: (address: string) => boolean): void {
    for (const client of this.#sessions.all) client.addressesChanged(isLocal);
  }

  /** Whether it takes no users any more. */
  get isDraining(): boolean {
    return this.#sessions.isDraining;
  }

  /** No user comes any more: when the server drains this one's session, no other is begun. */
  expectNobody(): void {
    this.#sessions.expectNobody();
  }

  /**
   * No user is taken any more, and the session ends when its streams are over; the server opens none either.
   *
   * @returns Settles when that is so, and the server was told.
   */
  drain(): Promise<void> {
    return this.#sessions.drain();
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

/**
 * The server's end of a link.
 *
 * @module
 */
import type { Duplex } from "../net/duplex.ts";
import { TeleError } from "../net/error.ts";
import type { ServerTokens } from "../session/handshake/token_table.ts";
import { SessionServer } from "../session/session_server.ts";
import type { CutQueue } from "./cut_queue.ts";
import type { MuxServerOptions } from "./link_options.ts";
import { cutQueue, muxMaker, sessionOptions } from "./link_parts.ts";
import type { Mux } from "./mux.ts";
import { NoServiceError } from "./no_service_error.ts";
import type { MuxStream } from "./stream.ts";
import type { DialUser } from "./stream_dials.ts";

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
    const { hasServices } = options;
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
      hasServices,
      makeUpper: muxMaker(options, this.#cuts, {
        end: "server",
        dial,
        hasServices,
        onPeerDrains: (mux) => this.#peerDrains(mux),
      }),
      fleet: options.fleet,
      onCount: options.onSessionCount,
    });
  }

  #peerDrains(mux: Mux): void {
    this.#sessions.passOn(mux);
    mux.drain();
  }

  /** The machine or the process slept for `ms` milliseconds until now. */
  wasAway(ms: number): void {
    this.#sessions.wasAway(ms);
  }

  /** Whether no new session is taken. */
  get isDraining(): boolean {
    return this.#sessions.registry.isDraining;
  }

  /** Streams that are open, in all sessions. */
  get streamCount(): number {
    return this.#sessions.registry.streamCount;
  }

  /**
   * Takes no new session from now on; clients put new users into one elsewhere, and the sessions that are here end when
   * their streams are over. Those that have no carrier are waited for.
   *
   * @returns Settles when all have ended, and the clients were told.
   */
  drain(): Promise<void> {
    return this.#sessions.registry.drain();
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

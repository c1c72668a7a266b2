/**
 * When a client dials: in an outage, and beside a carrier that is doubted.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { OwnerAbsence, type OwnerAbsenceOptions } from "../fleet/owner_absence.ts";
import type { LastTicket } from "../fleet/last_ticket.ts";
import type { ClientTerms } from "../commit.ts";
import { FullError } from "../handshake/client_handshake.ts";
import type { Session } from "../session.ts";
import { EndCode } from "../session_constants.ts";
import { isTold } from "./refusals.ts";
import { type ReconnectHost, ReconnectLoop } from "./reconnect.ts";

/** Options of {@linkcode Redial}. */
export interface RedialOptions extends Pick<ReconnectHost, "dial">, Pick<ClientTerms, "identity">, OwnerAbsenceOptions {
  /**
   * Names of the paths to the server, for logs: at most {@linkcode MOST_PATHS}. They are dialed by their places here.
   *
   * @default {[""]}: there is one, which needs no name
   */
  paths?: readonly string[];
  /** Time. */
  clock: Clock;
  /** The token, if there is one: a server must have one too. */
  token?: Uint8Array;
  /**
   * The newest ticket, which each attempt presents.
   *
   * @default {undefined}: none is kept
   */
  tickets?: LastTicket;
}

/** What it asks of the client. */
export interface RedialHost extends Pick<ReconnectHost, "history" | "commit" | "attemptFailed"> {
  /** The present session. */
  session(): Session;
}

/** Has at most one {@linkcode ReconnectLoop} at a time. */
export class Redial {
  /** Whether the server that has the session is away. */
  readonly ownerAbsence: OwnerAbsence;
  readonly #clock: Clock;
  readonly #host: ReconnectHost;
  #loop: ReconnectLoop | undefined;
  #isBeside = false;

  /** Does not dial yet. */
  constructor(options: RedialOptions, host: RedialHost) {
    this.ownerAbsence = new OwnerAbsence(options, () => host.session());
    this.#clock = options.clock;
    this.#host = {
      dial: options.dial,
      ticket: () => options.tickets?.newest,
      paths: options.paths?.length ?? 1,
      sessionId: () => {
        const { id } = host.session();
        return id.length > 0 && !this.ownerAbsence.isGivenUp ? id : undefined;
      },
      isGuarded: options.token !== undefined,
      get hasStreams() {
        return !host.session().isEmpty;
      },
      history: host.history,
      get isAttached() {
        return host.session().carrier !== undefined;
      },
      commit: host.commit,
      attemptFailed: (error, attempts) => {
        this.ownerAbsence.failed(error);
        // Its ticket would lead the next attempt to the same server, which has no room for who it does not know again.
        const isInVain = error instanceof FullError && options.identity === undefined;
        if (isInVain || (isTold(error, EndCode.draining) && host.session().id.length === 0)) options.tickets?.forget();
        host.attemptFailed(error, attempts);
      },
    };
  }

  /** Whether it dials beside a carrier, which may be alive. */
  get isBeside(): boolean {
    return this.#isBeside;
  }

  /** Attempts of the present or last loop. */
  get attempts(): number {
    return this.#loop?.attempts ?? 0;
  }

  /** There is no carrier: begins anew. */
  begin(): void {
    this.#loop?.stop();
    this.#isBeside = false;
    this.#loop = new ReconnectLoop(this.#clock, this.#host);
  }

  /** The carrier is doubted: begins beside it. */
  beginBeside(): void {
    this.begin();
    this.#isBeside = true;
  }

  /** The carrier is lost. Attempts that began beside it go on. */
  carrierLost(): void {
    if (!this.#isBeside) return this.begin();
    this.#isBeside = false;
    this.#loop?.carrierLost();
  }

  /** Another was attached beside the one that is doubted. */
  attachedBeside(): void {
    this.#isBeside = false;
  }

  /** The carrier is not doubted any more: gives up what began beside it. */
  endBeside(): void {
    if (!this.#isBeside) return;
    this.#isBeside = false;
    this.#loop?.stop();
  }

  /** See {@linkcode ReconnectLoop.accepted}. */
  accepted(): void {
    this.#loop?.accepted();
  }

  /** See {@linkcode ReconnectLoop.hurry}. */
  hurry(): void {
    this.#loop?.hurry();
  }

  /** See {@linkcode ReconnectLoop.startOver}. */
  startOver(): void {
    this.#loop?.startOver();
  }

  /** See {@linkcode ReconnectLoop.secretChanged}. */
  secretChanged(): void {
    this.#loop?.secretChanged();
  }

  /** Gives up all attempts. */
  stop(): void {
    this.#loop?.stop();
  }
}

/**
 * A session that carries nothing: it is begun, joined, asked and ended step by step.
 *
 * @module
 */

import type { Clock } from "../../net/clock.ts";
import { TeleError } from "../../net/error.ts";
import { Mux } from "../../mux/mux.ts";
import { begin, canJoin, join, type JoinTerms } from "../../session/commit.ts";
import type { ClientHandshake } from "../../session/handshake/client_handshake.ts";
import { readResumeTimeout } from "../../session/handshake/fields.ts";
import type { OwnToken } from "../../session/handshake/own_token.ts";
import { SegmentPool } from "../../session/segment_pool.ts";
import { Session } from "../../session/session.ts";
import { EndCode } from "../../session/session_constants.ts";
import type { SessionLimits } from "../../session/session_limits.ts";
import type { WatchedDuplex } from "./watched_duplex.ts";

/** Segments out at once before they are called scarce: next to nothing is sent. */
const PLENTY = 4;

/** What a {@linkcode TrialSession} is begun with. */
export interface TrialSessionOptions {
  /** Time. */
  readonly clock: Clock;
  /** Limits of the session. */
  readonly limits: SessionLimits;
  /** The client's token. */
  readonly token: OwnToken;
  /** Which of the client's paths it takes. */
  readonly path: number;
  /** Whether the client asks for services by their names, which the server must know then. */
  readonly asksByName: boolean;
}

/** A connection whose server has answered. */
export interface Answered {
  /** The connection. */
  readonly duplex: WatchedDuplex;
  /** The handshake on it, up to the server's challenge. */
  readonly handshake: ClientHandshake;
  /** From hello to challenge, in milliseconds. */
  readonly roundTripMs: number;
}

/** A session at the server, and what it takes to try it. */
export class TrialSession {
  readonly #session: Session;
  readonly #options: TrialSessionOptions;
  #onLost: (reason: string) => void = () => {};

  private constructor(options: TrialSessionOptions) {
    this.#options = options;
    const { clock, limits } = options;
    const mux = new Mux({
      end: "client",
      clock,
      pool: new SegmentPool({ plenty: PLENTY }),
      maxStreams: limits.maxStreams,
      open: { count: 0 },
    });
    this.#session = new Session({
      end: "client",
      clock,
      pool: new SegmentPool({ plenty: PLENTY }),
      upper: mux,
      limits,
      onDetached: (reason) => this.#onLost(reason),
      onCarrierGone: (reason) => this.#onLost(reason),
      onEnding: (error) => this.#onLost(error.message),
    });
    mux.bind(this.#session);
  }

  /**
   * Begins it on the first connection, which proves the server.
   *
   * @throws {TeleError} As {@linkcode ClientHandshake.commit}.
   */
  static async begin(
    { handshake, duplex, roundTripMs }: Answered,
    options: TrialSessionOptions,
  ): Promise<TrialSession> {
    const { limits: { resumeTimeoutMs }, path, token, asksByName } = options;
    const { accept, joinSecret, leftover } = await begin(handshake, {
      resumeTimeoutMs,
      path,
      token,
      identity: undefined,
      asksByName,
    });
    const trial = new TrialSession(options);
    const session = trial.#session;
    session.id = accept.sessionId;
    session.joinSecret = joinSecret;
    session.tokenName = token.name;
    session.resumeTimeoutMs = Math.min(resumeTimeoutMs, readResumeTimeout(accept.fields));
    session.attach({ duplex, number: 0, leftover, roundTripMs, path, othersFollow: true });
    return trial;
  }

  /** What a further connection asks for. */
  get id(): Uint8Array {
    return this.#session.id;
  }

  /**
   * Joins it by another connection.
   *
   * @throws {TeleError} `unknown-session` if the server that answered does not know it; else as
   * {@linkcode ClientHandshake.commit}.
   */
  async join({ handshake, duplex, roundTripMs }: Answered, signal: AbortSignal): Promise<void> {
    const session = this.#session;
    if (!canJoin(session, handshake)) {
      throw new TeleError(
        "unknown-session",
        "the second connection came to a tele server that does not know the session",
      );
    }
    const { path, limits: { resumeTimeoutMs } } = this.#options;
    const lane = session.carrier === undefined ? "quiet" : "bulk";
    const attach: JoinTerms["attach"] = ({ accept: { number }, leftover }, take) => {
      session.join({ duplex, number, leftover, roundTripMs, lane, path, othersFollow: true }, take);
    };
    if (await join(session, handshake, { lane, path, resumeTimeoutMs, signal, attach })) return;
    throw session.error ?? new TeleError("carrier-lost", "the connection was given up before it could join");
  }

  /** Settles with the reason when it loses a carrier, or ends; the next time, not one before. */
  lost(): Promise<string> {
    return new Promise((resolve) => this.#onLost = resolve);
  }

  /**
   * Asks for a sign of life.
   *
   * @param duplex The connection that carries it: the only one that is left, or the first.
   * @returns How long the answer took, in milliseconds.
   */
  async roundTrip(duplex: WatchedDuplex): Promise<number> {
    const { clock } = this.#options;
    const lost = this.lost();
    const came = duplex.came();
    const sinceMs = clock.now();
    this.#session.carrier?.ask();
    const reason = await Promise.race([came, lost]);
    if (reason !== undefined) throw new TeleError("carrier-lost", reason);
    return clock.now() - sinceMs;
  }

  /** Whether there is a connection by which the server can be told. */
  get isAttached(): boolean {
    return this.#session.carrier !== undefined;
  }

  /** Ends it, here and at the server; settles when that was told and has closed, or that took too long. */
  end(message: string): Promise<void> {
    return this.#session.end(new TeleError("closed", message), { code: EndCode.shutdown, message });
  }
}

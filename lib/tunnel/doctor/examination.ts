/**
 * One path to a tele server, examined step by step.
 *
 * @module
 */

import { type Clock, sleep } from "../../net/clock.ts";
import { reasonOf, TeleError } from "../../net/error.ts";
import { ClientHandshake } from "../../session/handshake/client_handshake.ts";
import type { OwnToken } from "../../session/handshake/own_token.ts";
import { ACCEPTED } from "../../session/reconnect/silence_error.ts";
import { FRESH_FOR_MS } from "../../session/session_constants.ts";
import type { ClientOptions } from "../command_line/role_options.ts";
import type { OuterDialer } from "../roles/outer_dialer.ts";
import { formatDuration } from "../values/duration.ts";
import { limited, type Limits } from "./limit.ts";
import { Progress } from "./progress.ts";
import { judge, LONGEST_SILENCE_MS, type Silence, silencesFor } from "./silences.ts";
import type { Finding } from "./finding.ts";
import { resolvedHost, stepsOf } from "./step.ts";
import { type Answered, TrialSession } from "./trial_session.ts";
import { WatchedDuplex } from "./watched_duplex.ts";

/** How often the round trip is measured; the median counts. */
const ROUND_TRIPS = 5;

/** How long the server keeps the session when this process is killed, in milliseconds. */
const KEPT_MS = 60_000;

/** What it means if nothing more comes behind the server's first answer. */
const NOTHING_BACK = "nothing comes back on it";

/** What an examination needs. */
export interface ExaminationNeeds {
  /** The client's options. */
  readonly options: Pick<ClientOptions, "paths" | "limits" | "encryption" | "forwards">;
  /** Which of its paths. */
  readonly path: number;
  /** How long an idle connection must live, in milliseconds. */
  readonly idleMs: number;
  /** Longest for one step, in milliseconds. */
  readonly waitMs: number;
  /** The client's token; with none, one without a salt. */
  readonly token: OwnToken;
  /** Whether there is a token. */
  readonly isGuarded: boolean;
  /** Opens connections. */
  readonly dialer: Pick<OuterDialer, "dialCarrier">;
  /** The addresses of a host. */
  readonly resolve: (host: string) => Promise<string[]>;
  /** Time. */
  readonly clock: Clock;
  /** Told of each step. */
  readonly tell: (finding: Finding) => void;
  /** Gives up, and still tells the server. */
  readonly signal: AbortSignal;
}

/** Examines a path until a step fails. Returns whether none did. It leaves no session behind at the server. */
export async function examine(needs: ExaminationNeeds): Promise<boolean> {
  const examination = new Examination(needs);
  try {
    return await examination.run();
  } finally {
    await examination.end();
  }
}

class Examination {
  readonly #needs: ExaminationNeeds;
  readonly #limits: Limits;
  readonly #progress: Progress;
  #session: TrialSession | undefined;

  constructor(needs: ExaminationNeeds) {
    this.#needs = needs;
    const { options: { paths, encryption }, path, clock, waitMs, signal, tell } = needs;
    this.#limits = { clock, waitMs, signal };
    this.#progress = new Progress(stepsOf(paths[path]!, encryption), clock, tell);
  }

  async run(): Promise<boolean> {
    try {
      await this.#name();
      const first = await this.#answered();
      this.#progress.done("handshake", `a tele server answers at ${first.duplex.peer}`);
      const session = this.#session = await this.#begin(first);
      this.#progress.done("token", this.#tokenText);
      this.#progress.done("round trip", await this.#roundTrips(session, first));
      this.#progress.done("loss", await this.#lose(session, first));
      return await this.#idle(session);
    } catch (error) {
      this.#progress.failed(error);
      return false;
    }
  }

  /** Tells the server, if need be by another connection. */
  async end(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    const limits = { ...this.#limits, signal: new AbortController().signal };
    try {
      if (!session.isAttached) await this.#join(session, await this.#answered(limits), limits);
    } catch {
      // Then it waits there for as long as its resume timeout: nobody can be told.
    }
    await session.end("tele doctor has seen enough");
  }

  async #name(): Promise<void> {
    const host = resolvedHost(this.#needs.options.paths[this.#needs.path]!);
    if (host === undefined) return;
    const addresses = await limited(this.#limits, async ({ again }) => {
      again(`${host}: no name server answers`);
      try {
        return await this.#needs.resolve(host);
      } catch (error) {
        throw new TeleError("carrier-lost", `${host}: the name cannot be resolved`, { cause: error });
      }
    });
    this.#progress.done("name", `${host} is ${addresses.join(", ")}`);
  }

  /** Opens a connection, of which the server has answered the hello. The first one's stages are told. */
  #answered(limits: Limits = this.#limits): Promise<Answered> {
    const { dialer, clock, isGuarded, path } = this.#needs;
    return limited(limits, async ({ signal, again }) => {
      const dialed = await dialer.dialCarrier(signal, again, path, (stage) => {
        this.#progress.done(stage);
        again();
      });
      const duplex = new WatchedDuplex(dialed, clock);
      signal.addEventListener("abort", () => duplex.close(), { once: true });
      again(ACCEPTED);
      const sinceMs = clock.now();
      try {
        const handshake = await ClientHandshake.begin(duplex, this.#session?.id, isGuarded);
        return { duplex, handshake, roundTripMs: clock.now() - sinceMs };
      } catch (error) {
        duplex.close();
        throw error;
      }
    });
  }

  async #begin(first: Answered): Promise<TrialSession> {
    const { clock, options, token, path } = this.#needs;
    const limits = { ...options.limits, resumeTimeoutMs: Math.min(options.limits.resumeTimeoutMs, KEPT_MS) };
    try {
      return await limited(this.#limits, ({ again }) => {
        again(NOTHING_BACK);
        return TrialSession.begin(first, { clock, limits, token, path, asksByName: options.forwards.length > 0 });
      });
    } catch (error) {
      first.duplex.close();
      throw error;
    }
  }

  get #tokenText(): string {
    const { isGuarded, token: { name } } = this.#needs;
    if (!isGuarded) return "the server begins a session; neither side has a token";
    return `the server has the same token${name === undefined ? "" : `, of ${name}`}`;
  }

  async #roundTrips(session: TrialSession, { duplex }: Answered): Promise<string> {
    const tookMs: number[] = [];
    for (let trip = 0; trip < ROUND_TRIPS; trip++) {
      tookMs.push(await this.#roundTrip(session, duplex));
    }
    tookMs.sort((one, other) => one - other);
    const median = formatDuration(tookMs[ROUND_TRIPS >> 1]!);
    return `${median}; of ${ROUND_TRIPS} the shortest ${formatDuration(tookMs[0]!)}, the longest ${
      formatDuration(tookMs.at(-1)!)
    }`;
  }

  #roundTrip(session: TrialSession, duplex: WatchedDuplex): Promise<number> {
    return limited(this.#limits, ({ again }) => {
      again(NOTHING_BACK);
      return session.roundTrip(duplex);
    });
  }

  /** Opens a second connection, ends the first as an outage would, and sees whether the session goes on. */
  async #lose(session: TrialSession, first: Answered): Promise<string> {
    const second = await this.#answered();
    const lost = session.lost();
    first.duplex.close();
    await lost;
    await this.#join(session, second);
    await this.#roundTrip(session, second.duplex);
    return "the first connection was ended, and the session went on over a second";
  }

  async #join(session: TrialSession, answered: Answered, limits: Limits = this.#limits): Promise<void> {
    try {
      await limited(limits, ({ signal, again }) => {
        again(NOTHING_BACK);
        return session.join(answered, signal);
      });
    } catch (error) {
      answered.duplex.close();
      throw error;
    }
  }

  async #idle(session: TrialSession): Promise<boolean> {
    const { idleMs, options: { limits: { pingIntervalMs } } } = this.#needs;
    const silences = await Promise.all(silencesFor(idleMs).map((ms) => this.#silence(session, ms)));
    const verdict = judge(silences, pingIntervalMs);
    if (!verdict.isGood) this.#progress.wanting("idle", verdict.text);
    else this.#progress.done("idle", idleMs <= LONGEST_SILENCE_MS ? verdict.text : await this.#hold(session));
    return verdict.isGood;
  }

  /** Leaves a connection silent for so long, and then asks to join by it. */
  async #silence(session: TrialSession, ms: number): Promise<Silence> {
    const { clock, signal } = this.#needs;
    const answered = await this.#answered();
    const sinceMs = clock.now();
    const end = await Promise.race([answered.duplex.silentEnd(), sleep(clock, ms, signal)]);
    signal.throwIfAborted();
    if (end !== undefined) return { ms: end.atMs - sinceMs, reason: end.reason };
    try {
      await this.#join(session, answered);
      return { ms, reason: undefined };
    } catch (error) {
      signal.throwIfAborted();
      return { ms, reason: reasonOf(error) };
    }
  }

  /** Holds idle carriers as a client would: behind the first seconds, in which both ends speak each second. */
  async #hold(session: TrialSession): Promise<string> {
    const { clock, signal, idleMs, options: { limits: { pingIntervalMs } } } = this.#needs;
    const sinceMs = clock.now();
    const reason = await Promise.race([session.lost(), sleep(clock, FRESH_FOR_MS + idleMs, signal)]);
    signal.throwIfAborted();
    const interval = `--ping-interval=${formatDuration(pingIntervalMs).replace(" ", "")}`;
    if (reason === undefined) return `a connection lives for ${formatDuration(idleMs)} idle, with ${interval} here`;
    throw new TeleError(
      "refused",
      `an idle connection was lost after ${
        formatDuration(clock.now() - sinceMs)
      } (${reason}), with ${interval} here: ` +
        "give a shorter one to both sides, or raise the time-out of what is in between",
    );
  }
}

/**
 * The sessions of a server: which are found again, which make room for another, and which have waited long enough.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { Clock } from "../net/clock.ts";
import { TeleError } from "../net/error.ts";
import { ClientEntries } from "./client_entries.ts";
import { type Ending, RefusalError } from "./ending.ts";
import { choiceOf } from "./eviction.ts";
import type { NewerSession } from "./handshake/preface.ts";
import { tokenWithdrawn } from "./handshake/token.ts";
import type { Session } from "./session.ts";
import { EndCode, IDLE_SESSION_KEPT_MS, WATCH_MS } from "./session_constants.ts";
import type { SessionEntry } from "./session_entry.ts";
import type { Observed } from "./session_observer.ts";
import type { SessionLog } from "./session_log.ts";
import type { ServerLimits } from "./session_limits.ts";
import type { TokenClaim } from "./token_keeper.ts";
import { WithdrawnSessions } from "./withdrawn_sessions.ts";

/** Who wants to know how many sessions there are. */
export interface SessionCounter {
  /** Told how many are held, attached or not, whenever one begins or ends. */
  onCount?: (sessions: number) => void;
}

/** Options of {@linkcode SessionRegistry}. */
export interface SessionRegistryOptions extends SessionCounter, Observed {
  /** Time. */
  clock: Clock;
  /** Told what happens to sessions. */
  lines: SessionLog;
  /** Limits of sessions, and of their number. */
  limits: ServerLimits;
  /** A session has a client that had another one before, at a server that was away. */
  onBegunApart?: (entry: SessionEntry) => void;
}

/** What a client is told that wants a new session of a server that is drained. */
const DRAINING = "the tele server is about to end, and takes no new sessions: the next one does";

/** The client of a session that is to begin. */
export type Newcomer = Pick<SessionEntry, "identity" | "claim">;

/**
 * Holds sessions, attached or not, until they end.
 *
 * Invariant 9: a session ends for its own client, by the clock, or, empty and long without a carrier, for want of room.
 * Source: `PROTOCOL.md`, "Too many sessions".
 */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #entries: Map<string, SessionEntry> = new Map();
  readonly #ofClients: ClientEntries<SessionEntry> = new ClientEntries();
  /** Those whose clients are still to hear that their token was withdrawn. */
  readonly withdrawn: WithdrawnSessions;
  #isDraining = false;
  #stopped = false;

  /** No session is here. */
  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    this.withdrawn = new WithdrawnSessions(options.clock, options.limits.maxSessions);
  }

  /** Sessions held, attached or not. */
  get count(): number {
    return this.#entries.size;
  }

  /** All of them. */
  get entries(): SessionEntry[] {
    return [...this.#entries.values()];
  }

  /** Streams that are open in all of them. */
  get streamCount(): number {
    return this.entries.reduce((sum, { session }) => sum + session.upper.streamCount, 0);
  }

  /** The session of this identifier, if it is here. */
  find(id: Uint8Array): SessionEntry | undefined {
    return this.#entries.get(encodeHex(id));
  }

  /** Whether a client that asks for this session finds it here, or is told here how it ended. */
  holds(id: Uint8Array): boolean {
    return this.find(id) !== undefined || this.withdrawn.find(id) !== undefined;
  }

  /** A session began. */
  add(entry: SessionEntry): void {
    this.#entries.set(encodeHex(entry.session.id), entry);
    this.#ofClients.add(entry);
    if (this.#isDraining) entry.session.upper.drain();
    this.#options.onCount?.(this.#entries.size);
  }

  /**
   * A client that was killed said no goodbye: its next session ends the one it left. Not before the client is heard on
   * it: a commit that the client gave up may arrive late, and must not end the session that the client has.
   */
  heard(session: Session): void {
    const entry = this.find(session.id);
    if (entry === undefined || entry.isHeard) return;
    entry.isHeard = true;
    const entries = this.#ofClients.sameAs(entry);
    const isOlder = (at: number) => at < entries.indexOf(entry);
    // Of another slot only an older one: the client may have begun it while the first bytes of this one were on their way.
    const older = entries.filter((other, at) =>
      other !== entry && other.isReplacedBy(entry) && (isOlder(at) || other.identity?.slot === entry.identity?.slot)
    );
    this.#replace(older);
    if (entry.formerTicket !== undefined) this.#options.onBegunApart?.(entry);
  }

  /**
   * The same of a newer session that another server has, since this one was away. Invariant 9: what began here behind the
   * one that is named stays, for the client may have come back meanwhile.
   *
   * @returns Whether that one is another client's, and stays.
   */
  outlives(id: Uint8Array, { identity, tokenName: name }: NewerSession): boolean {
    const [entry, newer] = [this.find(id), { identity, claim: { name } }];
    if (entry === undefined) return false;
    if (!entry.isReplacedBy(newer)) return true;
    const entries = this.#ofClients.sameAs(entry);
    this.#replace(entries.slice(0, entries.indexOf(entry) + 1).filter((other) => other.isReplacedBy(newer)));
    return false;
  }

  #replace(older: readonly SessionEntry[]): void {
    const ending = { code: EndCode.replaced, message: "a newer session of the same client took its place" };
    for (const { session } of older) session.end(new RefusalError(ending), ending);
  }

  /**
   * There will be one session more, of the client of `newcomer`.
   *
   * @throws {RefusalError} `full` if nobody may go for it, `draining` if the server takes no more: none but one that will
   *   end what its client, which was killed, left here. That begins drained.
   */
  makeRoomFor(newcomer: Newcomer): void {
    const { clock } = this.#options;
    if (this.#willReplace(newcomer)) return;
    if (this.#isDraining) throw new RefusalError({ code: EndCode.draining, message: DRAINING });
    if (this.count < this.#options.limits.maxSessions) return;
    const leaving = choiceOf(this.#entries.values(), clock.now(), newcomer.claim.name);
    if (leaving === undefined) {
      const { size } = this.#entries;
      const held = size === 1 ? "1 session" : `${size} sessions`;
      const message = `the tele server holds ${held} already; --max-sessions on its side allows more`;
      throw new RefusalError({ code: EndCode.full, message });
    }
    leaving.session.end(new TeleError("expired", "there were too many sessions, and it was empty and had no carrier"));
  }

  /** Whether a session of this client will end another as soon as it is heard: then it needs no room of its own. */
  #willReplace(newcomer: Newcomer): boolean {
    const { identity } = newcomer;
    if (identity === undefined) return false;
    const same = (entry: SessionEntry) => entry.isReplacedBy(newcomer) && entry.identity?.slot === identity.slot;
    return this.#ofClients.sameAs(newcomer).filter(same).length === 1;
  }

  /** Other tokens are taken from now on: ends the sessions that began with one that is not among them. */
  tokensChanged(keeps: (claim: TokenClaim) => boolean): void {
    for (const { session, claim } of this.entries.filter((entry) => !keeps(entry.claim))) {
      const error = tokenWithdrawn(claim.name);
      // With a carrier too: the goodbye may be lost with it.
      this.withdrawn.add(session, claim.name, error.ending);
      session.end(error, error.ending);
    }
  }

  /** A session has lost its carrier: it is waited for. */
  detached(session: Session, reason: string): void {
    const entry = this.find(session.id);
    if (entry === undefined || this.#stopped) return;
    // Invariant 9: what carried nothing is forgotten, but not at once: the client may have the accept, and its first
    // bytes were lost with the carrier. Forgetting that session would cut the streams that wait in it.
    if (session.takenBytes > 0) {
      this.#options.lines.tell("lost", "warn", entry, `lost its link: ${reason}`, { reason });
    }
    this.#watch(entry);
  }

  /** Looks from time to time whether a detached session has waited for long enough. */
  #watch(entry: SessionEntry): void {
    const { session } = entry;
    const waitedMs = this.#options.clock.now() - (session.detachedAt ?? 0);
    const leftMs = session.resumeTimeoutMs - waitedMs;
    const stepMs = Math.max(0, Math.min(WATCH_MS, leftMs));
    entry.expiry = this.#options.clock.setTimer(() => {
      if (session.detachedAt === undefined || session.error !== undefined) return;
      const waited = this.#options.clock.now() - session.detachedAt;
      if (waited >= session.resumeTimeoutMs) {
        session.end(new TeleError("expired", "no carrier came within the resume timeout (--resume-timeout)"));
      } else if (waited >= IDLE_SESSION_KEPT_MS && session.isEmpty) {
        session.end(new TeleError("expired", "it carried nothing, and had no carrier for too long"));
      } else {
        this.#watch(entry);
      }
    }, stepMs);
  }

  /** A session is over. */
  ended(session: Session, error: TeleError): void {
    const name = encodeHex(session.id);
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#ofClients.delete(entry);
    this.#options.observer?.sessionEnded(session, error);
    entry.expiry?.cancel();
    const level = error.code === "fault" ? "error" : "info";
    this.#options.lines.tell("ended", level, entry, `ended: ${error.message}`);
    this.#options.onCount?.(this.#entries.size);
  }

  /** Whether no new session is taken. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /**
   * From now on no new session is taken, and each that is here ends when its streams are over. Those without a carrier
   * are told when one comes.
   *
   * @returns Settles when all have ended, and the clients were told.
   */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const { session } of this.entries) session.upper.drain();
    // Some may begin, and begin drained, as long as others are here.
    while (this.#entries.size > 0) await Promise.all(this.entries.map(({ session: { over } }) => over));
  }

  /**
   * Ends all sessions, each with the goodbye `ending`.
   *
   * @returns Settles when the clients were told and have closed; see {@linkcode Session.end}.
   */
  async stop(ending: Ending): Promise<void> {
    this.#stopped = true;
    const sessions = this.entries.map((entry) => entry.session);
    await Promise.all(sessions.map((session) => session.end(new TeleError("closed", ending.message), ending)));
  }
}

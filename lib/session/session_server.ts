/**
 * The server's end: the handshake that leads carriers to their sessions.
 *
 * @module
 */
import { hostOfPeer } from "../net/address.ts";
import type { Duplex } from "../net/duplex.ts";
import { EndCode, MOST_CARRIERS, NAMELESS_SESSION_KEPT_MS } from "./session_constants.ts";
import { Absence } from "./absence.ts";
import { DueTicket } from "./fleet/due_ticket.ts";
import { answerTo, type LocalAnswer } from "./fleet/foreign_session.ts";
import { type Committed, ServerHandshake } from "./handshake/server_handshake.ts";
import {
  carriersField,
  readLive,
  readPath,
  readReceipts,
  readResumeTimeout,
  readStartPool,
  receiptsField,
  resumeTimeoutField,
  startPoolField,
  ticketField,
} from "./handshake/fields.ts";
import { framed } from "../ping/codec.ts";
import { SESSION_ID_BYTES } from "./handshake/messages.ts";
import { SessionOffers } from "./session_offers.ts";
import { offerAnswersField, readOffers } from "./handshake/offers.ts";
import { usersField } from "./handshake/users.ts";
import { Session } from "./session.ts";
import type { Attachment } from "./session_options.ts";
import type { UpperLayer } from "./upper_layer.ts";
import { carriersOf } from "./session_observer.ts";
import { SessionEntry } from "./session_entry.ts";
import { SessionRegistry } from "./session_registry.ts";
import { SessionLog } from "./session_log.ts";
import { Strangers } from "./strangers.ts";
import { tokensDiffer } from "./handshake/token.ts";
import type { ServerTokens } from "./handshake/token_table.ts";
import type { SessionServerOptions } from "./session_server_options.ts";
import { type TokenClaim, TokenKeeper } from "./token_keeper.ts";
import { turnAway } from "./turn_away.ts";
import { tellWithdrawn } from "./withdrawn_sessions.ts";

/**
 * Takes carriers: each gets to its session by a handshake, or is turned away.
 *
 * The step in which a session takes a commit is {@linkcode Session.take}. Invariant 9: a session ends only for its own
 * client.
 */
export class SessionServer<Upper extends UpperLayer> {
  /** Its sessions. */
  readonly registry: SessionRegistry;
  readonly #options: SessionServerOptions<Upper>;
  readonly #strangers: Strangers;
  readonly #lines: SessionLog;
  readonly #tokens: TokenKeeper;
  readonly #stopping = new AbortController();
  readonly #absence: Absence;
  readonly #offers: SessionOffers<Upper>;
  #silentCarriers = 0;
  #stopped = false;

  /**
   * A server without sessions.
   *
   * @throws {TeleError} `bad-input` if a token is too short or too long, or a name is none or there twice.
   */
  constructor(options: SessionServerOptions<Upper>) {
    this.#options = options;
    this.#tokens = new TokenKeeper(options, () => this.registry.tokensChanged((claim) => this.#tokens.keeps(claim)));
    this.#strangers = new Strangers(options.clock, options.log);
    this.#absence = new Absence(options.clock);
    this.#lines = new SessionLog(options.clock, options.log);
    const onBegunApart = (entry: SessionEntry) => options.fleet?.begunApart(entry);
    const registry = this.registry = new SessionRegistry({ ...options, lines: this.#lines, onBegunApart });
    this.#offers = new SessionOffers(options, { tokens: this.#tokens, lines: this.#lines });
    options.fleet?.serve({
      holds: (sessionId) => registry.holds(sessionId),
      outlives: (sessionId, newer) => registry.outlives(sessionId, newer),
      sessions: () => registry.entries.map(({ session }) => session),
      count: () => registry.isDraining ? undefined : registry.count,
      limit: options.limits.maxSessions,
    });
  }

  /** The machine or the process slept for `ms` milliseconds until now: links that are found dead died meanwhile. */
  wasAway(ms: number): void {
    this.#absence.ended(ms);
  }

  /** Sessions held, attached or not. */
  get sessionCount(): number {
    return this.registry.count;
  }

  /** Carriers that closed before their first byte, as balancers' health checks do. */
  get silentCarriers(): number {
    return this.#silentCarriers;
  }

  /**
   * From now on, other tokens make new sessions. What began with a named token that is gone, or another one, ends, with
   * or without a carrier, and also what is on its way. What began with the one without a name goes on while there is one.
   *
   * @returns Settles when they are in use.
   * @throws {TeleError} `bad-input`, at once, as the constructor does, or if there were none before.
   */
  renewTokens(tokens: ServerTokens): Promise<void> {
    return this.#tokens.renew(tokens);
  }

  /** What the tokens of clients allow. */
  get tokens(): Pick<TokenKeeper, "mayReach" | "tellsUsers"> {
    return this.#tokens;
  }

  /** The client of the session below `upper` drains it: what it offers is for others. */
  passOn(upper: Upper): void {
    this.#offers.passOn(this.registry.entries.find(({ session }) => session.upper === upper), upper);
  }

  /** Where streams for a service of this name are opened that a client offers; `undefined` if none does. */
  offererOf(service: string): Upper | undefined {
    return this.#offers.offererOf(service);
  }

  /** Takes a carrier: its handshake, then its session. Never rejects; the promise ends with the handshake. */
  async accept(duplex: Duplex): Promise<void> {
    if (this.#stopped) return duplex.close();
    this.#strangers.enter(duplex);
    const { encryption, hasServices } = this.#options;
    const handshake = new ServerHandshake(duplex, this.#tokens.isGuarded, encryption, hasServices);
    try {
      await this.#handshake(handshake).finally(() => this.#options.fleet?.decided(duplex.peer));
    } catch (error) {
      await this.#turnAway(handshake, error);
    } finally {
      this.#strangers.leave(duplex);
    }
  }

  async #handshake(handshake: ServerHandshake): Promise<void> {
    const { clock, fleet } = this.#options;
    const hello = await handshake.hello();
    const { sessionId } = hello;
    this.#strangers.recognize(handshake.channel.duplex);
    const isHere = sessionId !== undefined && this.registry.holds(sessionId);
    const needs = { fleet, clock, isGone: () => this.#strangers.reasonFor(handshake.channel.duplex) !== undefined };
    const answer: LocalAnswer | undefined = isHere ? { status: "ready" } : await answerTo(hello, handshake, needs);
    if (answer === undefined) return;
    const wanted = sessionId && this.registry.find(sessionId);
    const withdrawn = sessionId && this.registry.withdrawn.find(sessionId);
    const known = wanted ?? withdrawn;
    await handshake.challenge(answer.status);
    const challengedAt = clock.now();
    await this.#tokens.ready;
    let claim: TokenClaim | undefined;
    const committed = await handshake.commit((kind, name) => {
      // Invariant 9: who joins under another name is another client, and what it may prove to be is of no help to it.
      if (kind === "join") return known && (name === known.tokenName ? known.joinSecret : this.#tokens.nobodysSecret);
      claim = known === undefined ? this.#tokens.claim(name) : undefined;
      return claim?.salt;
    });
    const roundTripMs = clock.now() - challengedAt;
    if (claim !== undefined) await this.#begin(handshake, { ...committed, ...answer, claim }, roundTripMs);
    else if (wanted !== undefined) await this.#resume(handshake, committed, wanted.session, roundTripMs);
    else await tellWithdrawn(handshake, committed.commit.number, withdrawn!, clock);
  }

  async #resume(
    handshake: ServerHandshake,
    { commit: { number, lane, fields } }: Committed,
    session: Session,
    roundTripMs: number,
  ): Promise<void> {
    const ticket = await this.#options.fleet?.ticketFor(session.id);
    // In the step in which the session takes the commit nothing is awaited.
    if (session.error !== undefined) return handshake.channel.duplex.close();
    const live = readLive(fields);
    const detachedAt = this.#absence.beginOf(session.detachedAt ?? this.#options.clock.now());
    const { receipts, againBytes: again } = session.take({ number, live, receipts: readReceipts(fields) });
    const accept = await handshake.accept({
      sessionId: session.id,
      number,
      fields: new Map([
        ...resumeTimeoutField(this.#options.limits.resumeTimeoutMs),
        ...receiptsField(receipts),
        ...ticketField(ticket),
      ]),
    });
    // Meanwhile a newer commit may have given this one up, or the session ended: then this carrier is nobody's.
    if (session.error !== undefined || !session.carriers.joins.mayAttach(number)) {
      session.carriers.joins.forget(number);
      return handshake.channel.duplex.close();
    }
    const entry = this.registry.find(session.id)!;
    this.#attach(handshake, session, { number, lane, path: readPath(fields), accept, roundTripMs });
    // Beside others it is no news.
    if (live.length > 0) return;
    this.#lines.resumed(entry, this.#options.clock.now() - detachedAt, handshake.channel.duplex.peer, again);
  }

  async #begin(
    handshake: ServerHandshake,
    { commit, identity, joinSecret, claim, formerTicket }: Committed & { claim: TokenClaim; formerTicket?: Uint8Array },
    roundTripMs: number,
  ): Promise<void> {
    const mostMs = identity === undefined ? NAMELESS_SESSION_KEPT_MS : Infinity;
    const keptMs = Math.min(this.#options.limits.resumeTimeoutMs, mostMs);
    const upper = this.#options.makeUpper();
    const offer = this.#offers.ask({ identity, claim }, readOffers(commit.fields));
    const id = crypto.getRandomValues(new Uint8Array(SESSION_ID_BYTES));
    const ticket = await this.#options.fleet?.ticketFor(id);
    const accept = await handshake.accept({
      sessionId: id,
      number: 0,
      fields: new Map([
        ...resumeTimeoutField(keptMs),
        ...startPoolField(upper.startPoolBytes),
        ...carriersField(MOST_CARRIERS),
        ...offerAnswersField(offer.answers),
        ...usersField(this.#options.wantsUsers === true && this.#tokens.tellsUsers(claim.name)),
        ...ticketField(ticket),
      ]),
    });
    if (this.#stopped) return handshake.channel.duplex.close();
    // Both may have changed meanwhile; who offers something else tries again, and is told what is so then.
    if (!this.#tokens.admits(claim)) throw tokensDiffer(false, claim.name);
    const { peer } = handshake.channel.duplex;
    if (!offer.stands) return handshake.channel.duplex.close();
    this.registry.makeRoomFor({ identity, claim });
    upper.startPoolBytes = readStartPool(commit.fields) ?? upper.startPoolBytes;
    const session = this.#makeSession(upper, id, joinSecret, Math.min(keptMs, readResumeTimeout(commit.fields)));
    const entry = new SessionEntry(session, { identity, claim, host: hostOfPeer(peer), formerTicket });
    this.registry.add(entry);
    this.#attach(handshake, session, { number: 0, lane: "quiet", path: readPath(commit.fields), accept, roundTripMs });
    this.#lines.tell("began", "info", entry, `began, from ${peer}`, { peer });
    offer.take(entry, upper);
  }

  #makeSession(upper: Upper, id: Uint8Array, joinSecret: Uint8Array, resumeTimeoutMs: number): Session {
    const { clock, pool, limits, memory, observer } = this.#options;
    const session: Session = new Session({
      end: "server",
      clock,
      pool,
      upper,
      limits,
      memory,
      observer: carriersOf(observer, () => session),
      dueTicket: new DueTicket(),
      onDetached: (reason) => this.registry.detached(session, reason),
      onHeard: () => this.registry.heard(session),
      onEnding: () => this.#offers.passOn(this.#stopped ? undefined : this.registry.find(session.id), upper),
      onEnded: (error) => this.registry.ended(session, error),
    });
    session.id = id;
    session.joinSecret = joinSecret;
    session.resumeTimeoutMs = resumeTimeoutMs;
    this.#options.bindUpper(upper, session);
    observer?.sessionMade(session);
    return session;
  }

  #attach(
    { channel }: ServerHandshake,
    session: Session,
    { accept, ...attachment }: Pick<Attachment, "number" | "lane" | "path" | "roundTripMs"> & { accept: Uint8Array },
  ): void {
    this.registry.find(session.id)!.cameBy(channel.duplex);
    session.attach({ ...attachment, duplex: channel.duplex, leftover: channel.leftover(), opening: framed(accept) });
  }

  async #turnAway(handshake: ServerHandshake, error: unknown): Promise<void> {
    this.#options.observer?.attemptFailed(error);
    const [{ clock, fleet }, { signal: stopping }] = [this.#options, this.#stopping];
    const [strangers, { isGuarded }] = [this.#strangers, this.#tokens];
    const { heardAnything, duplex } = handshake.channel;
    const needs = { clock, strangers, isGuarded, hasOthers: fleet?.hasOthers ?? false, stopping };
    if (heardAnything || strangers.reasonFor(duplex) !== undefined) return await turnAway(handshake, error, needs);
    this.#silentCarriers++;
    duplex.close();
  }

  /**
   * Ends all sessions, each with a goodbye.
   *
   * @returns Settles when the clients were told and have closed; see {@linkcode Session.end}.
   */
  async stop(message: string): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#strangers.stop();
    this.#stopping.abort();
    await Promise.all([this.registry.stop({ code: EndCode.shutdown, message }), this.#lines.stop()]);
  }
}

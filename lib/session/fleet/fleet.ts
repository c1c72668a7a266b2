/**
 * A server among those that share a key: it gives tickets, and finds the owner of a session by one.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { Timer } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { TeleError } from "../../net/error.ts";
import { LineLimiter } from "../../net/line_limiter.ts";
import { PassedDuplex } from "../../net/passed_duplex.ts";
import type { OwnerAnswer, PassedLayer } from "../handshake/preface.ts";
import { type OpenedTicket, openTicket, sealTicket } from "../handshake/ticket.ts";
import { countOffered } from "../handshake/ticket_offer.ts";
import {
  FLEET_INSTANCE_BYTES,
  HANDSHAKE_TIMEOUT_MS,
  OWNER_BESIDE_AGAIN_MS,
  OWNER_BESIDE_MS,
  OWNER_TIMEOUT_MS,
  WORKER_TIMEOUT_MS,
} from "../session_constants.ts";
import { Dealer } from "./dealer.ts";
import { hearQuestion, type OwnerQuestion } from "./exchange.ts";
import type { FleetKey } from "./fleet_keys.ts";
import type { SessionEntry } from "../session_entry.ts";
import type { FleetOptions, PassedCarrier, ServedSessions, TicketOutcome } from "./fleet_options.ts";
import { LeftSessions } from "./left_sessions.ts";
import { OwnerAsker } from "./owner_asker.ts";
import type { OwnerPlace } from "./owner_place.ts";
import { Twins } from "./twins.ts";
import { tellUnreadable } from "./unreadable_ticket.ts";

/** What tickets say of a server that has no node: nobody dials it. */
const NO_NODE = "here";

/** What a server of sessions asks of its fleet. */
export type FleetMember = Pick<Fleet, "serve" | "ticketFor" | "pass" | "deal" | "decided" | "begunApart" | "hasOthers">;

/**
 * One process of a fleet. Invariant 9: only the owner itself, or whoever stands in its place with the fleet's key, says
 * that a session is gone.
 *
 * Source: `PROTOCOL.md`, "Fleet".
 */
export class Fleet {
  readonly #options: FleetOptions;
  /** What tells this process from another one at its address. */
  readonly instance: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(FLEET_INSTANCE_BYTES));
  readonly #asker: OwnerAsker;
  readonly #lines: LineLimiter;
  readonly #twins: Twins;
  readonly #dealer: Dealer | undefined;
  readonly #left: LeftSessions;
  #served: ServedSessions | undefined;
  /** By which key the tickets are sealed that clients have. */
  #sealing: FleetKey;
  #renewal: Timer | undefined;

  /** A process that has no sessions yet. */
  constructor(options: FleetOptions) {
    this.#options = options;
    this.#sealing = options.keys.sealing;
    this.#asker = new OwnerAsker(options.clock, options.log);
    this.#lines = new LineLimiter(options.clock, options.log);
    this.#twins = new Twins(options.clock, this.#lines);
    this.#dealer = this.#makeDealer(options);
    this.#left = new LeftSessions({ clock: options.clock, asker: this.#asker, find: (ticket) => this.#find(ticket) });
  }

  #makeDealer({ clock, log, siblings, dialWorker: dial, splice, keys }: FleetOptions): Dealer | undefined {
    if (siblings === undefined || dial === undefined) return undefined;
    const ticketFor = async (instance: Uint8Array, sessionId: Uint8Array) => {
      const key = keys.sealing;
      return { key, ticket: await this.#seal(key, instance, sessionId) };
    };
    const [sessions, limit] = [() => this.#served?.count(), () => this.#served?.limit ?? 0];
    return new Dealer({ clock, log, siblings, dial, ticketFor, sessions, limit, splice, random: Math.random });
  }

  /** These are the sessions of this process. */
  serve(sessions: ServedSessions): void {
    this.#served = sessions;
  }

  /**
   * The keys are others now. If another one seals, sessions that have a carrier are told their tickets anew, when each
   * handshake is over that may have begun with the former one: theirs must not be the last word.
   */
  keysChanged(): void {
    const { keys, clock } = this.#options;
    if (keys.sealing === this.#sealing) return;
    this.#sealing = keys.sealing;
    this.#renewal?.cancel();
    this.#renewal = clock.setTimer(() => void this.#renewTickets(), HANDSHAKE_TIMEOUT_MS);
  }

  async #renewTickets(): Promise<void> {
    for (const session of this.#served?.sessions() ?? []) session.tellTicket(await this.ticketFor(session.id));
  }

  /** A ticket for a session of this process. */
  ticketFor(sessionId: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    return this.#seal(this.#options.keys.sealing, this.instance, sessionId);
  }

  #seal(key: FleetKey, instance: Uint8Array, sessionId: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const { node = NO_NODE, clock } = this.#options;
    return sealTicket(key, { instance, sessionId, node }, clock.wallNow());
  }

  /**
   * A carrier came that begins a new session. It may go on to another worker of this server that has fewer.
   *
   * @param carrier All its bytes, from the first on.
   * @param isGone Whether it was sent away while it waited for its turn.
   * @returns Whether it went.
   */
  async deal(carrier: Duplex, layer: PassedLayer, isGone: () => boolean = () => false): Promise<boolean> {
    return carrier.isPassed !== true && await this.#dealer?.deal(carrier, layer, isGone) === true;
  }

  /** The carrier that came from there has a session now, or will have none. */
  decided(peer: string): void {
    this.#dealer?.decided(peer);
  }

  /** Whether there are other servers: who finds no room here may find some there. */
  get hasOthers(): boolean {
    return this.#options.node !== undefined;
  }

  /** A client is heard in a session of this process, and had one before at an owner that was away: that is told. */
  begunApart({ session, identity, tokenName, host, formerTicket: ticket }: SessionEntry): void {
    if (identity === undefined || ticket === undefined) return;
    this.#left.add({ ticket, newer: { identity, tokenName }, host }, session.resumeTimeoutMs);
  }

  async #find(ticket: Uint8Array): Promise<{ opened: OpenedTicket; place: OwnerPlace } | undefined> {
    const opened = await this.#open(ticket);
    const place = opened && this.#placeOf(opened);
    return opened && place && { opened, place };
  }

  /**
   * A carrier came with the ticket of a session. If another process has the session, the carrier goes on there, and
   * belongs to the splice from then on.
   *
   * @param carrier All its bytes, from the first on; `undefined` if it cannot be passed on any more.
   * @param isGone Whether it was sent away while it waited for its turn: then nobody is asked.
   */
  async pass(
    ticket: Uint8Array,
    carrier: Duplex | undefined,
    layer: PassedLayer,
    isGone: () => boolean = () => false,
  ): Promise<TicketOutcome> {
    const opened = await this.#open(ticket);
    if (opened === undefined) {
      // Of a server alone it is the ticket of a process before it, for nobody else could have its key.
      if (this.#options.node === undefined) return "gone";
      tellUnreadable(this.#lines, carrier?.peer);
      return "unreachable";
    }
    const place = this.#placeOf(opened);
    if (place === undefined) return this.#isTwins(opened) ? "unreachable" : "gone";
    if (this.#asker.isGone(opened)) return "gone";
    // What was passed on is not passed on again: so no ticket leads in a circle.
    if (carrier === undefined || carrier.isPassed) return "unreachable";
    const { peer, peerName, localAddress, localPort } = carrier;
    const preface = { layer, client: { peer, peerName, localAddress, localPort }, ticket };
    const reply = await this.#asker.ask(place, opened, preface, isGone);
    if (reply.answer === "here") return this.#passOn(carrier, reply.link, peer, place);
    return reply.answer === "gone" ? "gone" : "unreachable";
  }

  /** Of a server alone a ticket holds for ever: its clock may have been wrong, and one that holds no more is not gone. */
  #open(ticket: Uint8Array): Promise<OpenedTicket | undefined> {
    const { keys, clock, node } = this.#options;
    return openTicket(keys.opening, ticket, node === undefined ? -Infinity : clock.wallNow());
  }

  /** Where to ask for the owner; `undefined` if nobody but this process can have the session. */
  #placeOf(opened: OpenedTicket): OwnerPlace | undefined {
    const { node } = opened;
    if (this.#isHere(opened)) return this.#workerOf(opened);
    return {
      name: `the tele server at ${node}`,
      limitMs: OWNER_TIMEOUT_MS,
      beside: { afterMs: OWNER_BESIDE_MS, thenMs: OWNER_BESIDE_AGAIN_MS },
      dial: (signal) => this.#options.dial(node, signal),
    };
  }

  #isHere({ node }: OpenedTicket): boolean {
    return node === (this.#options.node ?? NO_NODE);
  }

  /** Another worker; `undefined` if it is this one, or there are none: another process here is over, since this has its place. */
  #workerOf({ instance }: OpenedTicket): OwnerPlace | undefined {
    const { dialWorker } = this.#options;
    if (dialWorker === undefined || this.#isOwn(instance)) return undefined;
    return {
      name: `worker ${encodeHex(instance)}`,
      limitMs: WORKER_TIMEOUT_MS,
      dial: (signal) => dialWorker(instance, signal),
    };
  }

  /** Of a server alone none is younger; of several workers one that is over may have made it a moment ago. */
  #isTwins(opened: OpenedTicket): boolean {
    return this.#options.dialWorker === undefined && !this.#isOwn(opened.instance) && this.#twins.made(opened);
  }

  #isOwn(instance: Uint8Array): boolean {
    return instance.every((byte, at) => byte === this.instance[at]);
  }

  /** Tells no more. */
  stop(): void {
    this.#renewal?.cancel();
    this.#lines.stop();
    this.#asker.stop();
    this.#left.stop();
  }

  #passOn(carrier: Duplex, link: Duplex, peer: string, { name }: OwnerPlace): "passed" {
    const { log, splice } = this.#options;
    log("debug", `carrier from ${peer} passed on to ${name}`, { peer });
    splice(carrier, link);
    return "passed";
  }

  /**
   * Another server has connected to this one's node: answers, and if a carrier follows, returns it. One of another worker's
   * session goes on there.
   *
   * @param isGone Whether the connection was sent away while it waited for its turn.
   * @returns `undefined` if the session is not in this process; then the connection is closed, or belongs to the splice.
   * @throws {TeleError} If it is no server of the fleet, or was led here by mistake; the connection is still open.
   */
  async welcome(link: Duplex, isGone: () => boolean = () => false): Promise<PassedCarrier | undefined> {
    const { opened, question } = await this.#hear(link);
    const place = this.#workerOf(opened);
    if (this.#isTwins(opened)) throw new TeleError("protocol", "it asks for another server, which has the same node");
    if (place === undefined) return await this.#answer(link, this.#answerTo(opened, question), question);
    const { preface } = question;
    const reply = await this.#asker.ask(place, opened, preface, isGone);
    try {
      await question.answer(reply.answer);
    } catch (error) {
      if (reply.answer === "here") reply.link.close();
      throw error;
    }
    if (reply.answer === "here") this.#passOn(link, reply.link, preface.client.peer, place);
    else link.close();
    return undefined;
  }

  /** The same of another worker of this server, which would not have come for a session of a third one, or offers one. */
  async welcomeWorker(link: Duplex): Promise<PassedCarrier | undefined> {
    const { opened, question } = await this.#hear(link);
    if (!this.#isOwn(opened.instance)) throw new TeleError("protocol", "it asks for another worker");
    const count = countOffered(opened.sessionId);
    const take = (count: number) => this.#dealer?.take(count, question.preface.client.peer) ?? "away";
    const answer = count === undefined ? this.#answerTo(opened, question) : take(count);
    return await this.#answer(link, answer, question);
  }

  async #hear(link: Duplex): Promise<{ opened: OpenedTicket; question: OwnerQuestion }> {
    const question = await hearQuestion(link, this.#options.keys.opening);
    const opened = await this.#open(question.preface.ticket);
    if (opened === undefined) throw new TeleError("protocol", "the ticket is of another key, or holds no more");
    // Silence here is an outage there, and not the end of a session that another server may have.
    if (this.#isHere(opened)) return { opened, question };
    throw new TeleError(
      "protocol",
      `it asks for the node ${opened.node}, and this is ${this.#options.node ?? NO_NODE}`,
    );
  }

  #answerTo({ instance, sessionId }: OpenedTicket, { preface: { newer } }: OwnerQuestion): OwnerAnswer {
    if (!this.#isOwn(instance)) return "gone";
    const isThere = newer === undefined ? this.#served?.holds(sessionId) : this.#served?.outlives(sessionId, newer);
    return isThere === true ? "here" : "gone";
  }

  async #answer(
    link: Duplex,
    answer: OwnerAnswer,
    question: OwnerQuestion,
  ): Promise<PassedCarrier | undefined> {
    const { preface: { layer, client } } = question;
    await question.answer(answer);
    if (answer === "here" && layer !== "none") return { carrier: new PassedDuplex(link, client), layer };
    link.close();
    return undefined;
  }
}

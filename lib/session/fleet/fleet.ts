/**
 * A server among those that share a key: it gives tickets, and finds the owner of a session by one.
 *
 * @module
 */
import { hostOfPeer } from "../../net/address.ts";
import type { Clock, Timer } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf, TeleError } from "../../net/error.ts";
import { type LineKind, LineLimiter } from "../../net/line_limiter.ts";
import type { Log } from "../../net/log.ts";
import { PassedDuplex } from "../../net/passed_duplex.ts";
import type { OwnerAnswer, PassedLayer } from "../handshake/preface.ts";
import { type OpenedTicket, openTicket, sealTicket } from "../handshake/ticket.ts";
import {
  FLEET_INSTANCE_BYTES,
  HANDSHAKE_TIMEOUT_MS,
  MOST_ASKED,
  MOST_ASKED_OF_A_HOST,
  OWNER_TIMEOUT_MS,
} from "../session_constants.ts";
import type { Session } from "../session.ts";
import { AskTurns } from "./ask_turns.ts";
import { askOwner, hearQuestion } from "./exchange.ts";
import type { FleetKey, FleetKeys } from "./fleet_keys.ts";
import { OwnerMemory } from "./owner_memory.ts";

/** Options of {@linkcode Fleet}. */
export interface FleetOptions {
  /** Where other servers reach this one: what its tickets say. At most {@linkcode MAX_NODE_BYTES} bytes. */
  readonly node: string;
  /** What they share. */
  readonly keys: FleetKeys;
  /** Time. */
  readonly clock: Clock;
  /** Told of owners that cannot be reached. */
  readonly log: Log;
  /** Connects to another server's node. */
  dial(node: string, signal: AbortSignal): Promise<Duplex>;
  /** Moves bytes both ways, from now on to the end of both. */
  splice(carrier: Duplex, owner: Duplex): void;
}

/** Tickets that nobody here can open: anyone can make some up. */
const UNREADABLE: LineKind = {
  lines: 1,
  linesOfAHost: 1,
  spanMs: 60_000,
  more: (count) => `${count} more carriers came with such tickets in the last minute`,
  unit: "carriers",
};

/** What becomes of a carrier that has a ticket. */
export type TicketOutcome =
  /** It is for this process: the session is gone for certain, or this is its owner. */
  | "gone"
  /** Its owner cannot be reached, or nobody here can tell who it is. */
  | "unreachable"
  /** The carrier has gone on to the owner. */
  | "passed";

/** The sessions of a process. */
export interface ServedSessions {
  /** Whether it is the owner of this one. */
  holds(sessionId: Uint8Array): boolean;
  /** All of them. */
  sessions(): Iterable<Pick<Session, "id" | "tellTicket">>;
}

/** What a server of sessions asks of its fleet. */
export type FleetMember = Pick<Fleet, "serve" | "ticketFor" | "pass">;

/**
 * One process of a fleet. Invariant 9: only the owner itself, or whoever stands in its place with the fleet's key, says
 * that a session is gone.
 *
 * Source: `PROTOCOL.md`, "Fleet".
 */
export class Fleet {
  readonly #options: FleetOptions;
  /** What tells this process from another one at its address. */
  readonly #instance = crypto.getRandomValues(new Uint8Array(FLEET_INSTANCE_BYTES));
  readonly #turns: AskTurns;
  readonly #memory: OwnerMemory;
  readonly #lines: LineLimiter;
  #served: ServedSessions = { holds: () => false, sessions: () => [] };
  /** By which key the tickets are sealed that clients have. */
  #sealing: FleetKey;
  #renewal: Timer | undefined;

  /** A process that has no sessions yet. */
  constructor(options: FleetOptions) {
    this.#options = options;
    this.#sealing = options.keys.sealing;
    this.#turns = new AskTurns(options.clock, { most: MOST_ASKED, mostOfAHost: MOST_ASKED_OF_A_HOST });
    this.#memory = new OwnerMemory(options.clock);
    this.#lines = new LineLimiter(options.clock, options.log);
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
    for (const session of this.#served.sessions()) session.tellTicket(await this.ticketFor(session.id));
  }

  /** A ticket for a session of this process. */
  ticketFor(sessionId: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const { keys, node, clock } = this.#options;
    return sealTicket(keys.sealing, { instance: this.#instance, sessionId, node }, clock.wallNow());
  }

  /**
   * A carrier came with the ticket of a session. If another process has the session, the carrier goes on there, and
   * belongs to the splice from then on.
   *
   * @param carrier All its bytes, from the first on; `undefined` if it cannot be passed on any more.
   */
  async pass(ticket: Uint8Array, carrier: Duplex | undefined, layer: PassedLayer): Promise<TicketOutcome> {
    const { keys, node, clock } = this.#options;
    const opened = await openTicket(keys.opening, ticket, clock.wallNow());
    if (opened === undefined) {
      this.#tellUnreadable(carrier);
      return "unreachable";
    }
    // Another process at this address is over, since this one has its place.
    if (opened.node === node || this.#memory.isGone(opened.sessionId)) return "gone";
    // What was passed on is not passed on again: so no ticket leads in a circle.
    if (carrier === undefined || carrier.isPassed) return "unreachable";
    const asker = { host: hostOfPeer(carrier.peer), node: opened.node };
    return await this.#turns.take(asker, () => this.#ask(opened, ticket, carrier, layer));
  }

  #tellUnreadable(carrier: Duplex | undefined): void {
    const message = "a carrier has the ticket of a key that this server does not have: all servers of a fleet need " +
      "the same keys, and one that is replaced must stay beside the new one for a while";
    this.#lines.tell(UNREADABLE, {
      level: "warn",
      host: carrier === undefined ? "" : hostOfPeer(carrier.peer),
      message,
    });
  }

  /** Tells no more. */
  stop(): void {
    this.#renewal?.cancel();
    this.#lines.stop();
  }

  #isOwner({ node, instance }: OpenedTicket): boolean {
    return node === this.#options.node && instance.every((byte, at) => byte === this.#instance[at]);
  }

  async #ask(
    opened: OpenedTicket,
    ticket: Uint8Array,
    carrier: Duplex,
    layer: PassedLayer,
  ): Promise<TicketOutcome> {
    const { node, sessionId, key } = opened;
    if (!this.#memory.mayAsk(node)) return "unreachable";
    try {
      const [answer, link] = await this.#exchange(node, (link) => {
        const { peer, peerName, localAddress, localPort } = carrier;
        return askOwner(link, key, { layer, client: { peer, peerName, localAddress, localPort }, ticket });
      });
      if (this.#memory.answered(node)) this.#options.log("info", `the tele server at ${node} can be reached again`);
      if (answer === "here") return this.#passOn(carrier, link, node);
      link.close();
      this.#memory.forget(sessionId);
      return "gone";
    } catch (error) {
      const isNews = this.#memory.failed(node);
      const words = `the tele server at ${node}, which holds a session, cannot be reached: ${reasonOf(error)}`;
      this.#options.log(isNews ? "warn" : "debug", words);
      return "unreachable";
    }
  }

  #passOn(carrier: Duplex, link: Duplex, node: string): "passed" {
    const { log, splice } = this.#options;
    log("debug", `carrier from ${carrier.peer} passed on to ${node}`, { peer: carrier.peer });
    splice(carrier, link);
    return "passed";
  }

  /** Dials a node and talks to it, within {@linkcode OWNER_TIMEOUT_MS} for both. */
  async #exchange(
    node: string,
    talk: (link: Duplex) => Promise<OwnerAnswer>,
  ): Promise<[answer: OwnerAnswer, link: Duplex]> {
    const limit = new AbortController();
    const reason = new TeleError("carrier-lost", `no answer within ${OWNER_TIMEOUT_MS / 1000} s`);
    const timer = this.#options.clock.setTimer(() => limit.abort(reason), OWNER_TIMEOUT_MS);
    let link: Duplex | undefined;
    try {
      link = await untilAborted(this.#options.dial(node, limit.signal), limit.signal);
      return [await untilAborted(talk(link), limit.signal), link];
    } catch (error) {
      link?.close();
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /**
   * Somebody has connected to this server's node: answers, and if a carrier follows, returns it.
   *
   * @returns `undefined` if the session is not here; then the connection is closed.
   * @throws {TeleError} If it is no server of the fleet, or was led here by mistake; the connection is still open.
   */
  async welcome(link: Duplex): Promise<{ carrier: Duplex; layer: PassedLayer } | undefined> {
    const { keys, clock, node } = this.#options;
    const { preface, answer } = await hearQuestion(link, keys.opening);
    const opened = await openTicket(keys.opening, preface.ticket, clock.wallNow());
    if (opened === undefined) throw new TeleError("protocol", "the ticket is of another key, or holds no more");
    // Silence here is an outage there, and not the end of a session that another server may have.
    if (opened.node !== node) {
      throw new TeleError("protocol", `it asks for the node ${opened.node}, and this is ${node}`);
    }
    const isThere = this.#isOwner(opened) && this.#served.holds(opened.sessionId);
    await answer(isThere ? "here" : "gone");
    if (isThere) return { carrier: new PassedDuplex(link, preface.client), layer: preface.layer };
    link.close();
    return undefined;
  }
}

/** Rejects with the signal's reason as soon as that aborts, whatever `promise` does. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/**
 * Asks owners for their sessions. Source: `PROTOCOL.md`, "Fleet".
 *
 * @module
 */
import { hostOfPeer } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { reasonOf } from "../../net/error.ts";
import { type LineKind, LineLimiter } from "../../net/line_limiter.ts";
import type { Log } from "../../net/log.ts";
import type { Preface } from "../handshake/preface.ts";
import type { OpenedTicket } from "../handshake/ticket.ts";
import { MOST_ASKED, MOST_ASKED_OF_A_HOST } from "../session_constants.ts";
import { AskTurns } from "./ask_turns.ts";
import { askOwner } from "./exchange.ts";
import { OwnerMemory } from "./owner_memory.ts";
import { askAt, type OwnerPlace, type OwnerReply } from "./owner_place.ts";

/** Owners that hear what is asked, and do not answer: anyone may play old tickets. */
const UNANSWERED: LineKind = {
  lines: 8,
  linesOfAHost: 1,
  spanMs: 60_000,
  more: (count) => `${count} more tickets were not answered in the last minute`,
  unit: "carriers",
};

/** Asks each owner when it is the client's turn, and not one that was away a moment ago. */
export class OwnerAsker {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #turns: AskTurns;
  readonly #memory: OwnerMemory;
  readonly #lines: LineLimiter;

  /** Nobody was asked yet. */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#turns = new AskTurns(clock, { most: MOST_ASKED, mostOfAHost: MOST_ASKED_OF_A_HOST });
    this.#memory = new OwnerMemory(clock);
    this.#lines = new LineLimiter(clock, log);
  }

  /**
   * Asks at `place` for the session of a ticket.
   *
   * @param isLeaving Whether who asks was sent away meanwhile: then nobody is asked.
   * @returns _Gone_ if that was the answer a moment ago, too; _away_ if there is no answer.
   */
  async ask(
    place: OwnerPlace,
    opened: OpenedTicket,
    preface: Omit<Preface, "nonce">,
    isLeaving: () => boolean,
  ): Promise<OwnerReply> {
    if (this.isGone(opened)) return { answer: "gone" };
    const asker = { host: hostOfPeer(preface.client.peer), node: place.name, isGone: isLeaving };
    return await this.#turns.take(asker, () => this.#ask(place, opened, preface)) ?? { answer: "away" };
  }

  /** Whether an owner has just said that the session is gone. */
  isGone({ sessionId }: OpenedTicket): boolean {
    return this.#memory.isGone(sessionId);
  }

  async #ask(place: OwnerPlace, opened: OpenedTicket, preface: Omit<Preface, "nonce">): Promise<OwnerReply> {
    const { name } = place;
    if (!this.#memory.mayAsk(name)) return { answer: "away" };
    const beganAt = this.#clock.now();
    try {
      const reply = await askAt(place, this.#clock, (link) => askOwner(link, opened.key, preface));
      if (this.#memory.answered(name)) this.#log("info", `${name} can be reached again`);
      if (reply === undefined) return this.#tellUnanswered(name);
      if (reply.answer === "gone") this.#memory.forget(opened.sessionId);
      return reply;
    } catch (error) {
      const isNews = this.#memory.failed(name, this.#clock.now() - beganAt);
      const words = `${name}, which holds a session, cannot be reached: ${reasonOf(error)}`;
      this.#log(isNews ? "warn" : "debug", words);
      return { answer: "away" };
    }
  }

  /**
   * It is there, and has said nothing of the session: that is the affair of this ticket, and of no other carrier. A process
   * that was started since has never had its key.
   */
  #tellUnanswered(name: string): { answer: "away" } {
    const message = `${name} closed the connection without an answer for a ticket: if this goes on, it does not have ` +
      "the key of that ticket, or is another one; all servers of a fleet need the same keys";
    this.#lines.tell(UNANSWERED, { level: "warn", host: name, message });
    return { answer: "away" };
  }

  /** Tells no more. */
  stop(): void {
    this.#lines.stop();
  }
}

/**
 * Requests that come to the status address.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf, TeleError } from "../../net/error.ts";
import { readHead } from "../../net/http_head.ts";
import { closeBehindLastWord } from "../../net/last_word.ts";
import { WaitingRoom } from "../../net/waiting_room.ts";
import { type Answer, encodeAnswer, streamHead } from "./answer.ts";
import { eventOf, EventReaders, EVENTS_TYPE } from "./event_readers.ts";
import { PacedWork } from "./paced_work.ts";
import { judge, type RequestRules } from "./request_rules.ts";
import { answerTo, EVENTS_PATH, isCostly } from "./resources.ts";
import { isUnreached, type Look, type ToldStatus } from "./status_source.ts";

/** Connections at once, beyond which the oldest goes, and how long a request and its answer may take, in milliseconds. */
const LIMITS = { guests: 32, timeoutMs: 10_000 };

/** How long a client may take to close behind its answer, in milliseconds. */
const LAST_WORD_MS = 1_000;

const TEXT = "text/plain; charset=utf-8";

const FAULT: Answer = {
  status: 500,
  type: TEXT,
  body: "a fault in tele itself, which its log tells: please report it\n",
};

const FULL: Answer = {
  status: 503,
  type: TEXT,
  body: "as many as there may be read events already: try again later, or ask for /api/sessions\n",
};

/** Options of {@linkcode StatusDoor}. */
export interface StatusDoorOptions {
  /** Time. */
  readonly clock: Clock;
  /** What is told. */
  readonly look: Look;
  /** Who may ask. */
  readonly rules: () => RequestRules;
}

/**
 * Answers one request on each connection.
 *
 * Invariant 10: whoever asks slowly, or reads slowly, or opens thousands of connections, takes some descriptors and some
 * KiB of each, for ten seconds; and whoever asks often gets the answers for which there is time beside the tunnel.
 */
export class StatusDoor {
  readonly #options: StatusDoorOptions;
  readonly #room: WaitingRoom<Duplex>;
  readonly #events: EventReaders;
  readonly #paced: PacedWork<Uint8Array | undefined>;

  /** Nobody has come. */
  constructor(options: StatusDoorOptions) {
    this.#options = options;
    this.#room = new WaitingRoom(options.clock, LIMITS);
    this.#events = new EventReaders(options.clock, async () => (await options.look()).report());
    this.#paced = new PacedWork(options.clock);
  }

  /** Takes a connection. Never rejects; settles when it is over. */
  async welcome(duplex: Duplex): Promise<void> {
    this.#room.enter(duplex);
    try {
      await this.#serve(duplex);
    } catch {
      // Whoever is gone, or was too slow, is told nothing.
      duplex.close();
    } finally {
      this.#room.leave(duplex);
    }
  }

  async #serve(duplex: Duplex): Promise<void> {
    const asked = await this.#ask(duplex);
    if (asked.kind === "refused") return await this.#answer(duplex, encodeAnswer(asked.answer, true));
    const { path, hasBody } = asked;
    if (path === EVENTS_PATH && !hasBody) return await this.#answer(duplex, streamHead(EVENTS_TYPE));
    const told = await this.#look();
    if (!("report" in told)) return await this.#answer(duplex, encodeAnswer(told, hasBody));
    if (path === EVENTS_PATH) return await this.#tell(duplex, told);
    await this.#answer(duplex, await this.#made(path, hasBody, told));
  }

  /** What is to be told; or an answer, where nobody is there who could tell. */
  async #look(): Promise<ToldStatus | Answer> {
    try {
      return await this.#options.look();
    } catch (error) {
      if (isUnreached(error)) return { status: 503, type: TEXT, body: `${reasonOf(error)}\n` };
      reportError(error);
      return FAULT;
    }
  }

  async #made(path: string, hasBody: boolean, told: ToldStatus): Promise<Uint8Array> {
    const make = () => this.#whole(() => encodeAnswer(answerTo(path, told), hasBody));
    const made = isCostly(path) ? await this.#paced.do(`${hasBody ? "GET" : "HEAD"} ${path}`, make) : make();
    return made ?? encodeAnswer(FAULT, hasBody);
  }

  async #tell(duplex: Duplex, told: ToldStatus): Promise<void> {
    if (this.#events.isFull) return await this.#answer(duplex, encodeAnswer(FULL, true));
    const make = () => this.#whole(() => eventOf(told.report()));
    const first = await this.#paced.do(EVENTS_PATH, make);
    if (first === undefined) return await this.#answer(duplex, encodeAnswer(FAULT, true));
    // Others may have come meanwhile.
    if (this.#events.isFull) return await this.#answer(duplex, encodeAnswer(FULL, true));
    this.#room.leave(duplex);
    await this.#events.serve(duplex, first);
  }

  /** Invariant 11: a fault of ours is told, to who asks and to the log of the process; then there is nothing. */
  #whole(make: () => Uint8Array): Uint8Array | undefined {
    try {
      return make();
    } catch (error) {
      reportError(error);
      return undefined;
    }
  }

  async #ask(duplex: Duplex): Promise<ReturnType<typeof judge>> {
    try {
      return judge((await readHead(duplex)).head, this.#options.rules());
    } catch (error) {
      if (!(error instanceof TeleError) || error.code !== "protocol") throw error;
      return { kind: "refused", answer: { status: 400, type: TEXT, body: `${reasonOf(error)}\n` } };
    }
  }

  async #answer(duplex: Duplex, answer: Uint8Array): Promise<void> {
    await duplex.write(answer);
    // It has what it came for: if others come, it is the first to go.
    this.#room.doom(duplex);
    await closeBehindLastWord(duplex, this.#options.clock, LAST_WORD_MS);
  }

  /** Others may ask from now on: who was let in before, and waits or reads events, has to ask anew. */
  rulesChanged(): void {
    this.#room.close("others may ask from now on");
    this.#events.sendAway();
  }

  /** Sends all away. */
  close(): void {
    this.#paced.stop("the process ends");
    this.#room.close("the process ends");
    this.#events.stop();
  }
}

/**
 * Streams that the peer opens: which begin, and which are refused.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import { TeleError } from "../net/error.ts";
import type { Open, StartCredits } from "../session/frames.ts";
import type { MemoryBudget } from "../session/memory_budget.ts";
import { MOST_START_CREDIT, ResetCode } from "./mux_constants.ts";
import { PeerStarts, type PeerStream } from "./peer_starts.ts";
import { type DialledStream, type DialUser, StreamDials } from "./stream_dials.ts";
import type { End, StreamTable } from "./stream_table.ts";
import type { Turns } from "./turns.ts";

/** Who opens streams, as far as it is known. */
export interface Opener {
  /** Name of the token that it has shown. */
  readonly tokenName?: string | undefined;
  /** From where to where its last carrier goes. */
  readonly clientAddresses?: Uint8Array | undefined;
}

/** Options of {@linkcode PeerOpens}. */
export interface PeerOpensOptions<Stream extends DialledStream & PeerStream> {
  /** Time. */
  clock: Clock;
  /** Which end this is, for sentences that the peer reads. */
  end: End;
  /** Connects to the user of a stream. */
  dial: DialUser;
  /** The streams of the session. */
  streams: StreamTable<Stream>;
  /** Tells resets, and knows how much the peer leaves unacknowledged. */
  turns: Pick<Turns, "leavesTooMuch" | "tellReset">;
  /** Open streams of all sessions. */
  open: { readonly count: number };
  /** So many may be open. */
  maxStreams: number;
  /** What the sessions of the process may hold together. */
  memory: MemoryBudget;
  /**
   * Whether {@linkcode dial} finds services by their names.
   *
   * @default {false}
   */
  hasServices?: boolean;
  /** Who the peer is. */
  opener(): Opener;
  /** Makes the stream of an open. */
  make(id: number, credits: StartCredits, service: string | undefined): Stream;
}

/**
 * Takes the opens of the peer, each once.
 *
 * Invariant 5: beyond its limits a stream is refused, and the session goes on. Invariant 10: what refusals leave in the
 * logs has a limit too.
 *
 * Source: `PROTOCOL.md`, "Open", "Flow control".
 */
export class PeerOpens<Stream extends DialledStream & PeerStream> {
  readonly #options: PeerOpensOptions<Stream>;
  readonly #starts: PeerStarts;
  readonly #dials: StreamDials<Stream>;

  /** None has come. */
  constructor(options: PeerOpensOptions<Stream>) {
    this.#options = options;
    this.#starts = new PeerStarts(options.memory, options.end);
    this.#dials = new StreamDials(options.clock, options.dial);
  }

  /** How much start credit the peer may take for all streams, in bytes, as it is told. */
  get poolBytes(): number {
    return this.#starts.poolBytes;
  }

  /**
   * An open came.
   *
   * @throws {TeleError} `protocol` if the peer breaks a rule with it.
   */
  receive({ id, credits, service, name, user }: Open): void {
    const { end, streams, turns, hasServices, opener } = this.#options;
    if (!streams.see(id)) return;
    // What is for one service must not reach another.
    if (service !== 0 && !(hasServices && name !== undefined)) {
      return this.#refuse(id, ResetCode.refused, `the tele ${end} has no service ${name ?? service}`);
    }
    if (credits.send > MOST_START_CREDIT) {
      const why = `the peer took ${credits.send} bytes of credit for a new stream, more than it may`;
      throw new TeleError("protocol", why);
    }
    // Each stream that is refused or ends leaves an answer in the log, so to limit those at once is not enough.
    if (turns.leavesTooMuch) {
      throw new TeleError("protocol", "the peer opens streams, and does not acknowledge what became of former ones");
    }
    const refusal = this.#refusalOf(credits);
    if (refusal !== undefined) return this.#refuse(id, ResetCode.limit, refusal);
    this.#starts.take(id, credits.send);
    const stream = this.#options.make(id, credits, name);
    streams.add(stream);
    const { tokenName, clientAddresses: client } = opener();
    this.#dials.add(stream, { service: name, tokenName, user, client });
  }

  #refusalOf(credits: StartCredits): string | undefined {
    const { end, open, maxStreams, streams } = this.#options;
    if (open.count < maxStreams) return this.#starts.refusal(credits.send, streams.count);
    return `the tele ${end} carries ${maxStreams} connections already; --max on its side allows more`;
  }

  #refuse(id: number, code: number, message: string): void {
    this.#options.turns.tellReset({ id, offset: 0, code, message });
  }

  /** The step is over in which opens came: their users are dialled. */
  dialDue(): void {
    this.#dials.dialDue();
  }

  /** Something of `stream` came. */
  received(stream: Stream): void {
    this.#starts.received(stream);
  }

  /** `stream` is over; `isOfUse` if it was carried to its end. */
  ended(stream: Stream, isOfUse: boolean): void {
    this.#starts.delete(stream.id);
    this.#dials.ended(stream, isOfUse);
  }

  /** Nobody is dialled any more. */
  stop(): void {
    this.#dials.stop();
  }
}

/**
 * Streams that this end opens: whether one more may be, and what it begins with.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import type { StartCredits } from "../session/frames.ts";
import type { MemoryBudget } from "../session/memory_budget.ts";
import { type CreditPool, ReceiveWindow } from "./credit.ts";
import type { Draining } from "./draining.ts";
import { OpenedStarts } from "./opened_starts.ts";
import type { StreamStart } from "./stream_host.ts";
import type { StreamTable } from "./stream_table.ts";

/** Options of {@linkcode OwnOpens}. */
export interface OwnOpensOptions<Stream extends { readonly id: number }> {
  /** The streams of the session. */
  streams: StreamTable<Stream>;
  /** Open streams of all sessions. */
  open: { readonly count: number };
  /** So many may be open. */
  maxStreams: number;
  /** By which windows grow. */
  growth: CreditPool;
  /** What the sessions of the process may hold together. */
  memory: MemoryBudget;
  /** Whether streams are still opened. */
  draining: Pick<Draining, "hasBegun">;
}

/**
 * Lets streams be opened here, each with its part of the start credit; `PeerOpens` does the same at the other end.
 *
 * Source: `PROTOCOL.md`, "Open", "Flow control".
 */
export class OwnOpens<Stream extends { readonly id: number }> {
  readonly #options: OwnOpensOptions<Stream>;
  readonly #starts: OpenedStarts<Stream>;

  /** None is open. */
  constructor(options: OwnOpensOptions<Stream>) {
    this.#options = options;
    this.#starts = new OpenedStarts(options.memory.starts);
  }

  /** Start credit that may be taken for all streams, in bytes: as the peer has told it. */
  get poolBytes(): number {
    return this.#starts.poolBytes;
  }

  set poolBytes(bytes: number) {
    this.#starts.poolBytes = bytes;
  }

  /**
   * Whether a user may come.
   *
   * @throws {TeleError} `refused` if there are too many streams, their numbers are used up, or the session is drained.
   */
  checkOpen(): void {
    const { open: { count }, maxStreams, draining, streams } = this.#options;
    if (draining.hasBegun) throw new TeleError("refused", "the session is drained, and takes no connection any more");
    if (count >= maxStreams) throw new TeleError("refused", `there are ${count} streams already, which is the limit`);
    if (streams.isUsedUp) throw new TeleError("refused", "the numbers of the session's streams are used up");
  }

  /** What the next stream begins with. */
  start(): StreamStart & { opening: StartCredits } {
    const opening = this.#starts.next();
    return { window: new ReceiveWindow(opening.receive, this.#options.growth), sendCredit: opening.send, opening };
  }

  /** A stream that has begun so, and of which the peer has not heard yet. */
  add(stream: Stream, credits: StartCredits): void {
    this.#options.streams.addUnopened(stream);
    this.#starts.add(stream, credits);
  }

  /** The peer has taken all that `stream` sent, and its end. */
  endTaken(stream: Stream): void {
    this.#starts.endTaken(stream);
  }

  /** `stream` is over. */
  delete(stream: Stream): void {
    this.#starts.delete(stream);
  }
}

/**
 * The credit that streams opened here begin with.
 *
 * @module
 */
import type { StartCredits } from "../session/frames.ts";
import type { MemoryPool } from "../session/memory_pool.ts";
import { CreditPool } from "./credit.ts";
import { LEAST_START_POOL_BYTES, START_POOL_BYTES } from "./mux_constants.ts";

/**
 * Books of an opener: it grants its peer what each `Stream` may send at first, and takes as much from the pool that the
 * peer has told.
 *
 * Source: `PROTOCOL.md`, "Flow control".
 *
 * @example
 * ```ts
 * import { OpenedStarts } from "./opened_starts.ts";
 * import { MemoryPool } from "../session/memory_pool.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const starts = new OpenedStarts<string>(new MemoryPool(Infinity));
 * const credits = starts.next();
 * assertEquals(credits, { send: 262_144, receive: 262_144 });
 * starts.add("a stream", credits);
 * starts.delete("a stream");
 * ```
 */
export class OpenedStarts<Stream> {
  readonly #granted: CreditPool;
  readonly #taken = new CreditPool(LEAST_START_POOL_BYTES);
  readonly #starts: Map<Stream, StartCredits> = new Map();
  #poolBytes = LEAST_START_POOL_BYTES;

  /** No stream is open; what is granted counts in `memory`. */
  constructor(memory: MemoryPool) {
    this.#granted = new CreditPool(START_POOL_BYTES, memory);
  }

  /** How much may be taken for all streams, in bytes: the least, until the peer has told. */
  get poolBytes(): number {
    return this.#poolBytes;
  }

  set poolBytes(bytes: number) {
    this.#poolBytes = bytes;
    this.#taken.resize(bytes);
  }

  /** What the next stream begins with; {@linkcode OpenedStarts.add} follows. */
  next(): StartCredits {
    return { send: this.#taken.takeStart(), receive: this.#granted.takeStart() };
  }

  /** `stream` has begun with these. */
  add(stream: Stream, credits: StartCredits): void {
    this.#starts.set(stream, credits);
  }

  /** The peer has taken all that the stream sent, and its end: what it was granted is free for another. */
  endTaken(stream: Stream): void {
    const start = this.#starts.get(stream);
    if (start === undefined) return;
    this.#taken.give(start.send);
    start.send = 0;
  }

  /** It is over. */
  delete(stream: Stream): void {
    const start = this.#starts.get(stream);
    if (start === undefined) return;
    this.#starts.delete(stream);
    this.#taken.give(start.send);
    this.#granted.give(start.receive);
  }
}

/**
 * Carriers that a server passes on to others of its fleet.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { ForwardedDuplex } from "../../net/forwarded_duplex.ts";
import { WaitingRoom } from "../../net/waiting_room.ts";
import { readShare, relay } from "../rfd80/relay.ts";

/**
 * Those of which one side has ended: so many at once, beyond which the oldest goes, and for so long, in milliseconds. Behind
 * a goodbye an end of a carrier reads on for that long at the most (`PROTOCOL.md`, "Goodbye").
 */
const ENDING = { guests: 512, timeoutMs: 120_000 };

/**
 * How long a side may take nothing while the other says nothing, in milliseconds: both ends of a carrier have given it up
 * long before. How often that is looked for.
 */
const STUCK_MS = 60_000;

/** One way of a splice, told by what its relay asks for. */
interface Way {
  /** Whether something waits to be taken: what was read last is being written. */
  isWriting: boolean;
  /** When something moved last. */
  movedAtMs: number;
}

/** A connection, as a relay sees it: what it asks for tells how far each way is. */
class SplicedEnd extends ForwardedDuplex {
  readonly #clock: Clock;
  readonly #inwards: Way;
  readonly #outwards: Way;
  readonly #onEnding: () => void;
  readonly readWith: Duplex["readWith"];
  readonly writeNow: Duplex["writeNow"];

  constructor(inner: Duplex, clock: Clock, [inwards, outwards]: [Way, Way], onEnding: () => void) {
    super(inner);
    this.#clock = clock;
    this.#inwards = inwards;
    this.#outwards = outwards;
    this.#onEnding = onEnding;
    // A duplex says by having them that they cost less.
    if (inner.readWith !== undefined) {
      this.readWith = (into, onRead, onFailed) => {
        this.#moved(this.#inwards, false);
        inner.readWith!(into, onRead, onFailed);
      };
    }
    if (inner.writeNow !== undefined) {
      this.writeNow = (bytes) => {
        this.#moved(this.#outwards, true);
        return inner.writeNow!(bytes);
      };
    }
  }

  override read(into: Uint8Array): Promise<number | null> {
    this.#moved(this.#inwards, false);
    return super.read(into);
  }

  override write(bytes: Uint8Array): Promise<void> {
    this.#moved(this.#outwards, true);
    return super.write(bytes);
  }

  #moved(way: Way, isWriting: boolean): void {
    way.isWriting = isWriting;
    way.movedAtMs = this.#clock.now();
  }

  override closeWrite(): Promise<void> {
    this.#onEnding();
    return super.closeWrite();
  }
}

/** A carrier, and the connection to its owner. */
class Splice {
  readonly #clock: Clock;
  readonly #ways: [Way, Way];
  /** What a relay moves bytes between. */
  readonly ends: [carrier: SplicedEnd, owner: SplicedEnd];

  constructor(carrier: Duplex, owner: Duplex, clock: Clock, onEnding: (splice: Splice) => void) {
    this.#clock = clock;
    const [toOwner, toClient] = [clock, clock].map((clock): Way => ({ isWriting: false, movedAtMs: clock.now() }));
    this.#ways = [toOwner!, toClient!];
    const ending = () => onEnding(this);
    this.ends = [
      new SplicedEnd(carrier, clock, [toOwner!, toClient!], ending),
      new SplicedEnd(owner, clock, [toClient!, toOwner!], ending),
    ];
  }

  /** Whether one side takes nothing, and neither has said anything for long: nobody would hear that the other has ended. */
  get isStuck(): boolean {
    const sinceMs = Math.max(...this.#ways.map(({ movedAtMs }) => movedAtMs));
    return this.#ways.some(({ isWriting }) => isWriting) && this.#clock.now() - sinceMs >= STUCK_MS;
  }

  /** Ends both sides: what the system has of them still leaves. */
  close(): void {
    for (const end of this.ends) end.close();
  }

  abort(reason: unknown): void {
    for (const end of this.ends) end.abort(reason);
  }
}

/**
 * Moves bytes between carriers and their owners, and is rid of what nobody needs any more (invariant 10). The owner ends
 * a stranger that was led to it, as any other; who does not end its side in turn must not stay here for that.
 *
 * @example
 * ```ts
 * import { Splices } from "./splices.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { duplexPair } from "../../net/pipe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const splices = new Splices(systemClock);
 * const [[client, carrier], [link, owner]] = [duplexPair(), duplexPair()];
 * const splicing = splices.add(carrier, link);
 * await client.write(new Uint8Array([7]));
 * const into = new Uint8Array(8);
 * assertEquals([await owner.read(into), into[0], splices.count], [1, 7, 1]);
 * splices.stop(new Error("the example is over"));
 * await splicing;
 * ```
 */
export class Splices {
  readonly #clock: Clock;
  readonly #all: Set<Splice> = new Set();
  readonly #ending: WaitingRoom<Splice>;
  readonly #stopping = new AbortController();
  #look: Timer | undefined;

  /** Nothing is passed on. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#ending = new WaitingRoom(clock, ENDING);
  }

  /** Carriers that are passed on now. */
  get count(): number {
    return this.#all.size;
  }

  /** Takes both over. Never rejects; settles when both are over. */
  async add(carrier: Duplex, owner: Duplex): Promise<void> {
    const { signal } = this.#stopping;
    const splice = new Splice(carrier, owner, this.#clock, (splice) => this.#oneEnded(splice));
    if (signal.aborted) return splice.abort(signal.reason);
    this.#all.add(splice);
    this.#look ??= this.#lookLater();
    const [outer, inner] = splice.ends;
    // Where it fails both ends are aborted, and see a loss; what it was one of them has in its log.
    await relay({ outer, inner, framing: undefined }, this.#clock, signal, () => readShare(this.count)).catch(() => {});
    this.#all.delete(splice);
    this.#ending.leave(splice);
    if (this.count === 0) this.#lookNoMore();
  }

  #oneEnded(splice: Splice): void {
    // Of the second one nothing is to be waited for.
    this.#ending.leave(splice);
    this.#ending.enter(splice);
  }

  #lookLater(): Timer {
    return this.#clock.setTimer(() => {
      this.#look = this.#lookLater();
      for (const splice of this.#all) if (splice.isStuck) splice.close();
    }, STUCK_MS);
  }

  #lookNoMore(): void {
    this.#look?.cancel();
    this.#look = undefined;
  }

  /** Aborts all, and whatever comes. */
  stop(reason: unknown): void {
    this.#stopping.abort(reason);
    this.#lookNoMore();
    for (const splice of this.#all) splice.abort(reason);
  }
}

/**
 * A connection in memory that misbehaves on demand, the same way for the same seed.
 *
 * @module
 */
import type { Duplex } from "../../lib/net/duplex.ts";
import { Direction, type DirectionOptions, resetError } from "./memory_direction.ts";
import { Random } from "./random.ts";

/** How a pipe behaves: both directions alike. */
export interface MemoryPipeOptions extends DirectionOptions {
  /** Seed of all random choices. @default {1} */
  seed?: number;
  /** Names of the ends `a` and `b`, for {@linkcode Duplex.peer}. @default {["memory:a", "memory:b"]} */
  names?: [string, string];
  /** {@linkcode Duplex.localAddress} of end `a`. */
  localAddress?: string;
}

/** Two connected ends and the levers to disturb what is between them. */
export interface MemoryPipe {
  /** The end that dialed, by convention. */
  readonly a: Duplex;
  /** The end that was dialed, by convention. */
  readonly b: Duplex;
  readonly aToB: Direction;
  readonly bToA: Direction;
  /** Whether the pipe was cut, or an end was closed or aborted. */
  readonly isOver: boolean;
  /** Breaks the connection: pending and later calls fail at both ends, bytes under way are lost. */
  cut(reason?: unknown): void;
  /** {@linkcode Direction.hold} both ways. */
  hold(): void;
  /** {@linkcode Direction.release} both ways. */
  release(): void;
  /** {@linkcode Direction.blackHole} both ways. */
  blackHole(): void;
}

/** One end. */
class End implements Duplex {
  readonly peer: string;
  readonly localAddress?: string;
  readonly #inbound: Direction;
  readonly #outbound: Direction;
  readonly #onOver: () => void;
  #closed = false;

  constructor(ends: { inbound: Direction; outbound: Direction; peer: string; local?: string; onOver(): void }) {
    this.#inbound = ends.inbound;
    this.#outbound = ends.outbound;
    this.peer = ends.peer;
    if (ends.local !== undefined) this.localAddress = ends.local;
    this.#onOver = ends.onOver;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#inbound.read(into);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#outbound.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#outbound.closeWrite();
  }

  abort(reason?: unknown): void {
    if (this.#endHere(reason)) this.#outbound.sendReset();
  }

  close(): void {
    if (this.#closed) return;
    // In this order: with bytes unread it is an RST, which throws away what waits to be sent, and its FIN.
    this.#outbound.sendClose();
    this.#endHere();
  }

  #endHere(reason?: unknown): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    const error = new Deno.errors.Interrupted(
      `closed here${reason === undefined ? "" : `: ${reason instanceof Error ? reason.message : reason}`}`,
    );
    this.#outbound.failWrite(error);
    this.#inbound.stopReading(error);
    this.#onOver();
    return true;
  }
}

/** Makes two connected ends. */
export function memoryPipe(options: MemoryPipeOptions = {}): MemoryPipe {
  const random = new Random(options.seed ?? 1);
  let over = false;
  const cut = (reason: unknown = resetError()) => {
    over = true;
    for (const direction of [aToB, bToA]) {
      direction.failRead(reason);
      direction.failWrite(reason);
      direction.dispose();
    }
  };
  const acts = (other: () => Direction, self: () => Direction) => ({
    cut,
    // The peer of an end that closed can still read what was under way, but not write.
    onDeaf: () => other().failWrite(new Deno.errors.BrokenPipe("broken pipe")),
    onReset: () => {
      self().failRead(resetError());
      other().failWrite(resetError());
    },
    onStray: () => other().sendReset(),
  });
  const aToB: Direction = new Direction(options, random, acts(() => bToA, () => aToB));
  const bToA: Direction = new Direction(options, random, acts(() => aToB, () => bToA));
  const [nameA, nameB] = options.names ?? ["memory:a", "memory:b"];
  const onOver = () => void (over = true);
  const both = [aToB, bToA];
  return {
    a: new End({ inbound: bToA, outbound: aToB, peer: nameB, local: options.localAddress, onOver }),
    b: new End({ inbound: aToB, outbound: bToA, peer: nameA, onOver }),
    aToB,
    bToA,
    get isOver() {
      return over;
    },
    cut,
    hold: () => both.forEach((direction) => direction.hold()),
    release: () => both.forEach((direction) => direction.release()),
    blackHole: () => both.forEach((direction) => direction.blackHole()),
  };
}

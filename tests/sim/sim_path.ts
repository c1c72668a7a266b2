/**
 * The paths between the tele client and the tele server.
 *
 * @module
 */
import { type MemoryPipe, memoryPipe, type MemoryPipeOptions } from "../support/memory_pipe.ts";

/** How the lines of a path are. */
export interface Lines {
  delayMs: number;
  /** 0: no limit. */
  bytesPerSecond: number;
  bufferBytes: number;
  /** A read gets at most this many bytes; 0: all there are. */
  chunkBytes: number;
  /** What is larger is swallowed, with all that is behind it; without it nothing is. */
  largest?: Largest;
}

/** The largest write that passes, in bytes, seen from the client. */
export interface Largest {
  up: number;
  down: number;
}

/** From one address of the client's to one of the server's, where both ends see which. */
export class SimPath {
  readonly index: number;
  readonly name: string;
  lines: Lines;
  localAddress: string;
  /** Nothing passes in some direction, so nobody gets a connection. */
  isDead = false;

  constructor(index: number, lines: Lines) {
    this.index = index;
    this.name = `path ${index}`;
    this.lines = lines;
    this.localAddress = `10.${index}.0.1`;
  }

  /** A connection on it, of this number. */
  connect(number: number, options: Pick<MemoryPipeOptions, "clock" | "seed">): MemoryPipe {
    const { delayMs, bytesPerSecond, bufferBytes, chunkBytes, largest } = this.lines;
    const suffix = this.index === 0 ? "" : `${this.index + 1}`;
    const pipe = memoryPipe({
      ...options,
      bufferBytes,
      delayMs,
      bytesPerSecond: bytesPerSecond || undefined,
      maxChunk: chunkBytes || undefined,
      names: [`client${suffix}:${number}`, `server${suffix}:${number}`],
      localAddress: this.localAddress,
    });
    if (largest !== undefined) swallowIn(pipe, largest);
    return pipe;
  }

  /** Whether a carrier on it may be taken for dead, where each read takes `lateMs` more: it has less than 16 kbit/s. */
  isSlow(lateMs: number): boolean {
    const { delayMs, bufferBytes, chunkBytes } = this.lines;
    return Math.min(bufferBytes, chunkBytes || bufferBytes) < 2 * (2 * delayMs + 20 + lateMs);
  }

  /** The client's machine has another address there. */
  readdress(): void {
    this.localAddress = this.localAddress.endsWith(".1") ? `10.${this.index}.0.2` : `10.${this.index}.0.1`;
  }

  /** From now on nothing goes wrong on it. */
  heal(): void {
    this.isDead = false;
    this.lines = { delayMs: Math.min(this.lines.delayMs, 20), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  }
}

/** What is larger is swallowed from now on, with all that is behind it. */
export function swallowIn(pipe: MemoryPipe, { up, down }: Largest): void {
  [pipe.aToB.largestBytes, pipe.bToA.largestBytes] = [up, down];
}

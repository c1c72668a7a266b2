/**
 * The network between two ends: one narrow place with a queue, delay, loss, and a box that gathers.
 *
 * @module
 */
import type { Random } from "../random.ts";
import type { Schedule } from "./events.ts";

/** What a path is like. It may be changed at any time. */
export interface PathSettings {
  /** What passes the narrow place, in bytes per millisecond. */
  bytesPerMs: number;
  /** Without a queue, in milliseconds. */
  roundTripMs: number;
  /** What waits in front of the narrow place before packets are dropped, in bytes. */
  queueBytes: number;
  /** Share of packets of the one direction that are lost at random. */
  loss: number;
  /** What passes, both ways, is let through at multiples of so many milliseconds; 0 for at once. */
  gatherMs: number;
}

/** Bulk goes one way through the narrow place; the way back is free. */
export class Router {
  #busyUntilMs = 0;

  constructor(
    readonly events: Schedule,
    readonly path: PathSettings,
    readonly random: Random,
  ) {}

  /** How long a packet would wait now, in milliseconds. */
  get queueMs(): number {
    return Math.max(0, this.#busyUntilMs - this.events.now);
  }

  /** Sends a packet. Returns when it arrives, `undefined` if it never does. */
  send(bytes: number): number | undefined {
    const { path, events } = this;
    const startMs = Math.max(this.#busyUntilMs, events.now);
    if ((startMs - events.now) * path.bytesPerMs + bytes > path.queueBytes) return undefined;
    this.#busyUntilMs = startMs + bytes / path.bytesPerMs;
    if (path.loss > 0 && this.random.chance(path.loss)) return undefined;
    return this.#gathered(this.#busyUntilMs + path.roundTripMs / 2);
  }

  /** When what is sent back at `ms` arrives. */
  back(ms: number): number {
    return this.#gathered(ms + this.path.roundTripMs / 2);
  }

  #gathered(ms: number): number {
    const { gatherMs } = this.path;
    return gatherMs === 0 ? ms : Math.ceil(ms / gatherMs) * gatherMs;
  }
}

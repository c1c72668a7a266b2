/**
 * A path of the model with its carriers, and what a test asks of it.
 *
 * @module
 */
import { Random } from "../random.ts";
import { type Bounds, BulkCarrier } from "./bulk_carrier.ts";
import { Events } from "./events.ts";
import { type PathSettings, Router } from "./router.ts";

/** 1 Mbit/s, in bytes per millisecond. */
export const MBIT = 125;

/** A path of so many Mbit/s and milliseconds, with a queue of a quarter of a second unless told otherwise. */
export function pathOf(megabits: number, roundTripMs: number, others: Partial<PathSettings> = {}): PathSettings {
  const bytesPerMs = megabits * MBIT;
  return { bytesPerMs, roundTripMs, queueBytes: Math.max(32_768, bytesPerMs * 250), loss: 0, gatherMs: 0, ...others };
}

/** What was seen in a span. */
export interface Seen {
  /** Bytes that arrived in order, as a share of what the path carries. */
  used: number;
  /** How long a write took to arrive: half of them less than this, in milliseconds. */
  delayMs: number;
  /** And 99 of 100. */
  mostDelayMs: number;
}

/** Carriers with more to send than their path takes. */
export class ModelPath {
  readonly events = new Events();
  readonly router: Router;
  readonly carriers: BulkCarrier[];

  constructor(readonly path: PathSettings, control: "cubic" | "bbr", bounds: readonly Bounds[], seed = 1) {
    this.router = new Router(this.events, path, new Random(seed));
    this.carriers = bounds.map((one) => new BulkCarrier(this.router, control, one));
  }

  /** Lets time pass. */
  run(ms: number): this {
    for (const carrier of this.carriers) carrier.fill();
    this.events.runUntil(this.events.now + ms);
    return this;
  }

  /** Lets time pass, and tells what was seen. */
  measure(ms: number): Seen {
    const arrived = () => this.carriers.reduce((sum, carrier) => sum + carrier.arrived, 0);
    const before = arrived();
    for (const carrier of this.carriers) carrier.delaysMs.length = 0;
    this.run(ms);
    const delays = this.carriers.flatMap((carrier) => carrier.delaysMs).sort((a, b) => a - b);
    return {
      used: (arrived() - before) / (ms * this.path.bytesPerMs),
      delayMs: delays[Math.floor(delays.length / 2)] ?? Infinity,
      mostDelayMs: delays[Math.floor(delays.length * 0.99)] ?? Infinity,
    };
  }
}

/**
 * On which of several bulk carriers frames go that are too small to be spread.
 *
 * @module
 */
import { isStillThere, type StillCarrier } from "./still.ts";

/** A bulk carrier. */
export interface SmallLaneCarrier extends StillCarrier {
  /** Whether it can take a large frame now. */
  readonly hasRoom: boolean;
  /** Whether it can take none, however small. */
  readonly isFull: boolean;
}

/** What a {@linkcode SmallLane} goes by. */
export interface SmallLaneView {
  /** All carriers that bulk goes on. */
  readonly bulk: readonly SmallLaneCarrier[];
  /** All carriers on which something may be sent. */
  readonly all: readonly StillCarrier[];
  /** The path of the quiet carrier: one of it is preferred while it makes progress, since there is the least to wait for. */
  readonly quietPath: string | undefined;
}

/**
 * Keeps the one that takes them. A pure core.
 *
 * Each may leave a gap at the receiver, so it stays the same one as long as it can take any; the next one begins with
 * room for a large frame. It is none that is quiet: what waits there for its packets would hold up keys, and the probes
 * by which the queue is measured.
 *
 * Source: `PROTOCOL.md`, "Lanes".
 *
 * @example
 * ```ts
 * import { SmallLane } from "./small_lane.ts";
 * import { Standstill } from "./standstill.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const carrier = () => ({
 *   path: "wifi", hasRoom: true, isFull: false, room: { standstill: new Standstill() }, roundTripMs: 20,
 * });
 * const lane = new SmallLane();
 * const bulk = [carrier(), carrier()];
 * assertEquals(bulk.map((each) => lane.takes(each, { bulk, all: bulk, quietPath: "wifi" }, 0)), [true, false]);
 * ```
 */
export class SmallLane {
  #holder: SmallLaneCarrier | undefined;

  /** Whether such frames go on `asking`. */
  takes(asking: SmallLaneCarrier, { bulk, all, quietPath }: SmallLaneView, nowMs: number): boolean {
    const holder = this.#holder;
    if (asking === holder) return true;
    const works = (carrier: SmallLaneCarrier) => !isStillThere(carrier, all, nowMs);
    const isKept = holder !== undefined && bulk.includes(holder) && !holder.isFull && works(holder);
    if (isKept || !asking.hasRoom) return false;
    if (asking.path !== quietPath && bulk.some((other) => other.path === quietPath && works(other))) return false;
    this.#holder = asking;
    return true;
  }

  /** A carrier is gone: these are left. */
  stay(bulk: readonly SmallLaneCarrier[]): void {
    if (this.#holder !== undefined && !bulk.includes(this.#holder)) this.#holder = undefined;
  }
}

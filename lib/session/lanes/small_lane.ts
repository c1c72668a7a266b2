/**
 * On which of several bulk carriers frames go that are too small to be spread.
 *
 * @module
 */
import type { Standstill } from "./standstill.ts";

/** A bulk carrier. */
export interface SmallLaneCarrier {
  /** From where to where it goes. */
  readonly path: string;
  /** Whether it can take a large frame now. */
  readonly hasRoom: boolean;
  /** Whether it can take none, however small. */
  readonly isFull: boolean;
  /** Whether what it has in flight makes progress. */
  readonly room: { readonly standstill: Standstill };
  /** Its smoothed round trip in milliseconds; 0 if unknown. */
  readonly roundTripMs: number;
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
 * assertEquals(bulk.map((each) => lane.takes(each, bulk, "wifi", 0)), [true, false]);
 * ```
 */
export class SmallLane {
  #holder: SmallLaneCarrier | undefined;

  /**
   * Whether such frames go on `asking`.
   *
   * @param bulk All carriers that bulk goes on.
   * @param quietPath The path of the quiet carrier: one of it is preferred, since there is the least to wait for.
   */
  takes(
    asking: SmallLaneCarrier,
    bulk: readonly SmallLaneCarrier[],
    quietPath: string | undefined,
    nowMs: number,
  ): boolean {
    const holder = this.#holder;
    if (asking === holder) return true;
    const isKept = holder !== undefined && bulk.includes(holder) && !holder.isFull && !isStill(holder, nowMs);
    if (isKept || !asking.hasRoom) return false;
    if (asking.path !== quietPath && bulk.some(({ path }) => path === quietPath)) return false;
    this.#holder = asking;
    return true;
  }

  /** A carrier is gone: these are left. */
  stay(bulk: readonly SmallLaneCarrier[]): void {
    if (this.#holder !== undefined && !bulk.includes(this.#holder)) this.#holder = undefined;
  }
}

function isStill({ room: { standstill }, roundTripMs }: SmallLaneCarrier, nowMs: number): boolean {
  return standstill.degree(nowMs, roundTripMs) > 0;
}

/**
 * Which carriers make no progress, for themselves or since their path makes none.
 *
 * @module
 */
import type { Standstill } from "./standstill.ts";

/** A carrier of a session. */
export interface StillCarrier {
  /** From where to where it goes: the same for all carriers of one path. */
  readonly path: string;
  /** Whether what it has in flight makes progress. */
  readonly room: { readonly standstill: Standstill };
  /** Its smoothed round trip in milliseconds; 0 if unknown. */
  readonly roundTripMs: number;
}

/** Whether what `carrier` itself has in flight makes no progress. A pure function. */
export function isStill({ room: { standstill }, roundTripMs }: StillCarrier, nowMs: number): boolean {
  return standstill.degree(nowMs, roundTripMs) > 0;
}

/**
 * Whether what would be sent on `carrier` now can be expected to make no progress: as what it has in flight, or without
 * any, as all that others of its path have. A pure function.
 *
 * Source: `PROTOCOL.md`, "Sending again elsewhere".
 *
 * @param all All carriers on which something may be sent.
 *
 * @example One that has nothing in flight is as still as its path
 * ```ts
 * import { isStill, isStillThere } from "./still.ts";
 * import { Standstill } from "./standstill.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const carrier = () => ({ path: "wifi", room: { standstill: new Standstill() }, roundTripMs: 20 });
 * const [idle, busy] = [carrier(), carrier()];
 * busy.room.standstill.sent(1_000);
 * assertEquals([1_049, 1_050].map((nowMs) => isStillThere(idle, [idle, busy], nowMs)), [false, true]);
 * assertEquals(isStill(idle, 1_050), false);
 * ```
 */
export function isStillThere(carrier: StillCarrier, all: readonly StillCarrier[], nowMs: number): boolean {
  if (carrier.room.standstill.isWaiting) return isStill(carrier, nowMs);
  const waiting = all.filter(({ path, room }) => path === carrier.path && room.standstill.isWaiting);
  return waiting.length > 0 && waiting.every((other) => isStill(other, nowMs));
}

/**
 * Whether a carrier of another path would bring what this one can be expected not to. A pure function.
 *
 * @param all All carriers on which something may be sent.
 */
export function isOnDeadPath(carrier: StillCarrier, all: readonly StillCarrier[], nowMs: number): boolean {
  if (!isStillThere(carrier, all, nowMs)) return false;
  return all.some((other) => other.path !== carrier.path && !isStillThere(other, all, nowMs));
}

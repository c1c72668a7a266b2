/**
 * Tickets that a server of a fleet cannot open. Source: `PROTOCOL.md`, "Fleet".
 *
 * @module
 */
import { hostOfPeer } from "../../net/address.ts";
import type { LineKind, LineLimiter } from "../../net/line_limiter.ts";

/** Anyone can make some up. */
const UNREADABLE: LineKind = {
  lines: 1,
  linesOfAHost: 1,
  spanMs: 60_000,
  more: (count) => `${count} more carriers came with such tickets in the last minute`,
  unit: "carriers",
};

/**
 * Tells that a carrier came with one.
 *
 * @param peer Where it came from; `undefined` if only its ticket is known.
 *
 * @example
 * ```ts
 * import { tellUnreadable } from "./unreadable_ticket.ts";
 * import { LineLimiter } from "../../net/line_limiter.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const told: string[] = [];
 * const lines = new LineLimiter(systemClock, (level) => told.push(level));
 * for (const port of [50000, 50001]) tellUnreadable(lines, `192.0.2.9:${port}`);
 * assertEquals(told, ["warn"]);
 * lines.stop();
 * ```
 */
export function tellUnreadable(lines: LineLimiter, peer = ""): void {
  const message = "a carrier has the ticket of a key that this server does not have: all servers of a fleet need " +
    "the same keys, and one that is replaced must stay beside the new one for a while";
  lines.tell(UNREADABLE, { level: "warn", host: hostOfPeer(peer), message });
}

/**
 * Two servers of a fleet that were given the same node by mistake. Source: `PROTOCOL.md`, "Fleet".
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { LineKind, LineLimiter } from "../../net/line_limiter.ts";
import type { OpenedTicket } from "../handshake/ticket.ts";
import { TICKET_LIFE_MS } from "../session_constants.ts";

/** How far the clocks of two machines may be apart, in milliseconds. */
const SKEW_MS = 60_000;

/** Each carrier that comes to the wrong one of them would be a line. */
const TWINS: LineKind = {
  lines: 1,
  linesOfAHost: 1,
  spanMs: 60_000,
  more: (count) => `${count} more carriers were of that other server in the last minute`,
  unit: "carriers",
};

/**
 * Tells tickets of another server with this one's node from those of the process before this one. That is over, since
 * this one has its place; but no ticket of it is younger than this process (invariant 9).
 *
 * @example
 * ```ts
 * import { Twins } from "./twins.ts";
 * import { LineLimiter } from "../../net/line_limiter.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lines = new LineLimiter(systemClock, () => {});
 * const untilMs = systemClock.wallNow() + 31_622_400_000;
 * assertEquals(new Twins(systemClock, lines).made({ node: "10.0.0.1:40301", untilMs }), false);
 * ```
 */
export class Twins {
  readonly #clock: Clock;
  readonly #lines: LineLimiter;
  readonly #startedMs: number;

  /** This process starts now. */
  constructor(clock: Clock, lines: LineLimiter) {
    this.#clock = clock;
    this.#lines = lines;
    this.#startedMs = clock.now();
  }

  /**
   * Whether another server made this ticket, which names this node and another instance; if so, tells it. By the wall
   * clock as it is now: that of a machine without a battery is set behind its start.
   */
  made({ node, untilMs }: Pick<OpenedTicket, "node" | "untilMs">): boolean {
    const startedAt = this.#clock.wallNow() - (this.#clock.now() - this.#startedMs);
    if (untilMs - TICKET_LIFE_MS <= startedAt + SKEW_MS) return false;
    const message =
      `another server of the fleet has the node ${node} too: each needs an address of its own, at which ` +
      "the others reach no other";
    this.#lines.tell(TWINS, { level: "error", host: "", message });
    return true;
  }
}

/**
 * Sessions that clients have left at servers that were away. Source: `PROTOCOL.md`, "What a server does with a ticket".
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import type { NewerSession } from "../handshake/preface.ts";
import type { OpenedTicket } from "../handshake/ticket.ts";
import type { OwnerAsker } from "./owner_asker.ts";
import type { OwnerPlace } from "./owner_place.ts";

/** The first pause before owners are told, and the longest, in milliseconds. */
const PAUSE_MS = { first: 1_000, most: 10_000 };

/** Most that are remembered: of more the oldest wait for their resume timeout. */
const MOST_LEFT = 1024;

/** What a client left when it began anew here. */
export interface LeftSession {
  /** Leads to its owner. */
  readonly ticket: Uint8Array;
  /** What the client has in its place. */
  readonly newer: NewerSession;
  /** Where the client comes from: an address without its port. */
  readonly host: string;
}

/** Options of {@linkcode LeftSessions}. */
export interface LeftSessionsOptions {
  /** Time. */
  readonly clock: Clock;
  /** Asks owners. */
  readonly asker: Pick<OwnerAsker, "ask">;
  /** Opens a ticket. Settles with `undefined` if it leads to nobody else, or cannot be opened any more. */
  find(ticket: Uint8Array): Promise<{ opened: OpenedTicket; place: OwnerPlace } | undefined>;
}

/**
 * Tells each owner when it is back, so that what a client left when it was killed does not wait, with its connections and
 * its place among `--max-sessions`, for a client that never comes for it.
 *
 * @example
 * ```ts
 * import { LeftSessions } from "./left_sessions.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const asker = { ask: () => Promise.resolve({ answer: "gone" as const }) };
 * const left = new LeftSessions({ clock: systemClock, asker, find: () => Promise.resolve(undefined) });
 * const identity = { client: "00".repeat(32), slot: 0, lastSlot: 0 };
 * left.add({ ticket: new Uint8Array(80), newer: { identity, tokenName: undefined }, host: "192.0.2.1" }, 60_000);
 * assertEquals(left.count, 1);
 * left.stop();
 * ```
 */
export class LeftSessions {
  readonly #options: LeftSessionsOptions;
  /** Each with the time until when its owner keeps it, by the clock; the oldest first. */
  readonly #untilMs: Map<LeftSession, number> = new Map();
  #pauseMs = PAUSE_MS.first;
  #timer: Timer | undefined;
  #isTelling = false;
  #isStopped = false;

  /** Nothing was left. */
  constructor(options: LeftSessionsOptions) {
    this.#options = options;
  }

  /** How many owners are to be told. */
  get count(): number {
    return this.#untilMs.size;
  }

  /** One more, which its owner keeps for `keptMs` milliseconds at the most. */
  add(left: LeftSession, keptMs: number): void {
    this.#untilMs.set(left, this.#options.clock.now() + keptMs);
    const [oldest] = this.#untilMs.keys();
    if (this.count > MOST_LEFT) this.#untilMs.delete(oldest!);
    this.#pauseMs = PAUSE_MS.first;
    this.#plan();
  }

  #plan(): void {
    if (this.#isStopped || this.#isTelling || this.count === 0) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(() => void this.#tellAll(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, PAUSE_MS.most);
  }

  /** One after the other: many may have been left at a server that is still away. */
  async #tellAll(): Promise<void> {
    const { clock } = this.#options;
    this.#isTelling = true;
    for (const [left, untilMs] of [...this.#untilMs]) {
      if (this.#isStopped) return;
      if (clock.now() >= untilMs || await this.#tell(left)) this.#untilMs.delete(left);
    }
    this.#isTelling = false;
    this.#plan();
  }

  /** Settles with whether it need not be told again. */
  async #tell({ ticket, newer, host }: LeftSession): Promise<boolean> {
    const { asker, find } = this.#options;
    const found = await find(ticket);
    if (found === undefined) return true;
    const preface = { layer: "none" as const, client: { peer: host }, ticket, newer };
    const reply = await asker.ask(found.place, found.opened, preface, () => false);
    if (reply.answer === "here") reply.link.close();
    return reply.answer !== "away";
  }

  /** Tells no more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }
}

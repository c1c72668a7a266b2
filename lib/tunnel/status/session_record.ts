/**
 * What is remembered of a session that the session itself does not know.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { AttachedCarrier } from "../../session/carriers.ts";
import type { Session } from "../../session/session.ts";
import { type Entry, Timeline } from "./timeline.ts";

/** How an outage ended. */
export interface EndedOutage {
  /** For how long there was no carrier, in milliseconds. */
  readonly outageMs: number;
  /** The same from the last byte on that the other end was heard by, in milliseconds. */
  readonly recoveryMs: number;
}

/** A carrier that is attached. */
export interface KnownCarrier {
  /** What the session knows of it. */
  readonly attached: AttachedCarrier;
  /** When it was attached, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Its place in the history. */
  readonly entry: Entry;
}

/** The history of one session; a client's goes on with the next one. */
export class SessionRecord {
  /** The session. */
  readonly session: Session;
  /** When it was made, in milliseconds since 1970. */
  readonly madeAtMs: number;
  /** The last hour. */
  timeline: Timeline;
  readonly #clock: Clock;
  readonly #carriers: Map<AttachedCarrier, KnownCarrier> = new Map();
  #outage: Entry | undefined;
  #stateSinceMs: number;
  /** When the last carrier went, and when the other end was heard last, by the clock; `undefined` before the first. */
  #lost: { readonly atMs: number; readonly heardAtMs: number } | undefined;
  #outages: number;
  #goneBytes = 0;
  #peer = "";

  /** A session without a carrier. */
  constructor(session: Session, clock: Clock) {
    this.session = session;
    this.#clock = clock;
    this.madeAtMs = clock.wallNow();
    this.timeline = new Timeline();
    this.#stateSinceMs = this.madeAtMs;
    this.#outages = 0;
  }

  /** It waits for a carrier from now on: a server's sessions begin with one. */
  waits(): void {
    this.#outage = this.timeline.begin(this.madeAtMs);
  }

  /** It goes on where `former` was lost, with its history. */
  goesOn(former: SessionRecord): void {
    this.timeline = former.timeline;
    this.#stateSinceMs = former.stateSinceMs;
    this.#outage = former.#outage;
    this.#lost = former.#lost;
    this.#outages = former.outages;
    this.#peer = former.peer;
  }

  /** Those that are attached, oldest first. */
  get carriers(): readonly KnownCarrier[] {
    return [...this.#carriers.values()];
  }

  /** Whether there is a carrier. */
  get isUp(): boolean {
    return this.#carriers.size > 0;
  }

  /** Since when there is one, or none; in milliseconds since 1970. */
  get stateSinceMs(): number {
    return this.#stateSinceMs;
  }

  /** How often the last carrier was lost. */
  get outages(): number {
    return this.#outages;
  }

  /** Who was at the other end of the last carrier. */
  get peer(): string {
    return this.#peer;
  }

  /** Bytes that came on all its carriers. */
  get receivedBytes(): number {
    return this.carriers.reduce((sum, { attached: { carrier } }) => sum + carrier.taken, this.#goneBytes);
  }

  /**
   * A carrier was attached.
   *
   * @returns What ended by that, if there was one before.
   */
  attached(attached: AttachedCarrier): EndedOutage | undefined {
    const [nowMs, atMs] = [this.#clock.now(), this.#clock.wallNow()];
    const wasUp = this.isUp;
    const { lane, path, carrier: { number, peer } } = attached;
    this.#peer = peer;
    if (!wasUp) this.#stateSinceMs = atMs;
    if (this.#outage !== undefined) this.timeline.end(this.#outage, atMs);
    this.#outage = undefined;
    const entry = this.timeline.begin(atMs, { number, lane, path });
    this.#carriers.set(attached, { attached, sinceMs: atMs, entry });
    const lost = this.#lost;
    this.#lost = undefined;
    if (wasUp || lost === undefined) return undefined;
    return { outageMs: nowMs - lost.atMs, recoveryMs: nowMs - lost.heardAtMs };
  }

  /** A carrier is gone. */
  gone(attached: AttachedCarrier): void {
    const known = this.#carriers.get(attached);
    if (known === undefined) return;
    const [nowMs, atMs] = [this.#clock.now(), this.#clock.wallNow()];
    this.#carriers.delete(attached);
    this.#goneBytes += attached.carrier.taken;
    this.timeline.end(known.entry, atMs);
    if (this.isUp) return;
    this.#lost = { atMs: nowMs, heardAtMs: nowMs - attached.carrier.silentMs };
    this.#stateSinceMs = atMs;
    this.#outage = this.timeline.begin(atMs);
    this.#outages++;
  }
}

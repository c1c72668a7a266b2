/**
 * What is known of one tunnel: its sessions, and what those that are over have carried.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { TeleError } from "../../net/error.ts";
import type { AttachedCarrier } from "../../session/carriers.ts";
import type { Session } from "../../session/session.ts";
import type { SessionObserver } from "../../session/session_observer.ts";
import type { TunnelReport } from "./report.ts";
import { SessionRecord } from "./session_record.ts";
import { stateOf } from "./tunnel_state.ts";

/** Options of {@linkcode TunnelStatus}. */
export interface TunnelStatusOptions {
  /** Its name in a configuration. */
  readonly name: string | undefined;
  /** What it is. */
  readonly role: "client" | "server";
  /** Time. */
  readonly clock: Clock;
}

/** Bytes of sessions. */
export interface CarriedBytes {
  /** Taken by the other ends. */
  readonly sentBytes: number;
  /** Came. */
  readonly receivedBytes: number;
  /** Sent again after carriers were lost. */
  readonly resentBytes: number;
}

const NOTHING: CarriedBytes = { sentBytes: 0, receivedBytes: 0, resentBytes: 0 };

/** Looks on at the sessions of a tunnel. Bounded by their number: of one that is over, only sums are kept. */
export class TunnelStatus implements SessionObserver {
  /** Its name in a configuration. */
  readonly name: string | null;
  /** What it is. */
  readonly role: "client" | "server";
  readonly #clock: Clock;
  readonly #records: Map<Session, SessionRecord> = new Map();
  #former: CarriedBytes = NOTHING;
  #isDraining: () => boolean = () => false;

  /** It has no session yet. */
  constructor({ name, role, clock }: TunnelStatusOptions) {
    this.name = name ?? null;
    this.role = role;
    this.#clock = clock;
  }

  /** Its role runs, and tells whether it drains. */
  runs(isDraining: () => boolean): void {
    this.#isDraining = isDraining;
  }

  /** Its sessions. */
  get records(): readonly SessionRecord[] {
    return [...this.#records.values()];
  }

  /** What it does; without sessions, as in RFD 80 mode, it has no link that could be lost. */
  get report(): TunnelReport {
    const { name, role, records } = this;
    const isUp = role === "server" || records.length === 0 || records.some((record) => record.isUp);
    return { name, role, state: stateOf({ isUp, isDraining: this.#isDraining() }) };
  }

  /** What it has carried, in all its sessions. */
  get carried(): CarriedBytes {
    return this.records.map(carriedBy).reduce(sum, this.#former);
  }

  /** @ignore */
  sessionMade(session: Session): void {
    // A client's next session goes on where the one before was lost, and so does its history.
    const former = this.role === "client" ? this.records.find(({ isUp }) => !isUp) : undefined;
    const record = new SessionRecord(session, this.#clock);
    if (former !== undefined) record.goesOn(former);
    else if (this.role === "client") record.waits();
    this.#records.set(session, record);
  }

  /** @ignore */
  carrierAttached(session: Session, attached: AttachedCarrier): void {
    this.#records.get(session)?.attached(attached);
  }

  /** @ignore */
  carrierGone(session: Session, attached: AttachedCarrier, _reason: string): void {
    this.#records.get(session)?.gone(attached);
  }

  /** @ignore */
  sessionEnded(session: Session, _error: TeleError): void {
    const record = this.#records.get(session);
    if (record === undefined) return;
    this.#former = sum(this.#former, carriedBy(record));
    this.#records.delete(session);
  }

  /** @ignore */
  attemptFailed(_error: unknown): void {}
}

function carriedBy({ session, receivedBytes }: SessionRecord): CarriedBytes {
  const { againBytes: resentBytes } = session.carriers.remainders;
  return { sentBytes: session.takenThereBytes, receivedBytes, resentBytes };
}

/** Both together. */
export function sum(one: CarriedBytes, other: CarriedBytes): CarriedBytes {
  return {
    sentBytes: one.sentBytes + other.sentBytes,
    receivedBytes: one.receivedBytes + other.receivedBytes,
    resentBytes: one.resentBytes + other.resentBytes,
  };
}

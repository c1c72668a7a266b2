/**
 * What is known of one tunnel: its sessions, and what those that are over have carried.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { MuxStream } from "../../mux/stream.ts";
import type { StreamEnd } from "../../mux/stream_host.ts";
import type { TeleError } from "../../net/error.ts";
import type { AttachedCarrier } from "../../session/carriers.ts";
import type { Session } from "../../session/session.ts";
import type { SessionObserver } from "../../session/session_observer.ts";
import type { StreamObserver } from "../log/stream_log.ts";
import type { TunnelReport } from "./report.ts";
import { attemptReason, lossReason } from "./reasons.ts";
import { SessionRecord } from "./session_record.ts";
import { TunnelCounts } from "./tunnel_counts.ts";
import { stateOf } from "./tunnel_state.ts";

/** Options of {@linkcode TunnelStatus}. */
export interface TunnelStatusOptions {
  /** Its name in a configuration. */
  readonly name: string | undefined;
  /** What it is. */
  readonly role: "client" | "server";
  /**
   * Names of its services, which metrics tell apart.
   *
   * @default {[]}
   */
  readonly services?: readonly string[];
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
export class TunnelStatus implements SessionObserver, StreamObserver {
  /** Its name in a configuration. */
  readonly name: string | null;
  /** What it is. */
  readonly role: "client" | "server";
  /** What happened in it. */
  readonly counts: TunnelCounts;
  readonly #clock: Clock;
  readonly #records: Map<Session, SessionRecord> = new Map();
  #former: CarriedBytes = NOTHING;
  #isDraining: () => boolean = () => false;
  #handshakes = 0;

  /** It has no session yet. */
  constructor({ name, role, services = [], clock }: TunnelStatusOptions) {
    this.name = name ?? null;
    this.role = role;
    this.#clock = clock;
    this.counts = new TunnelCounts(services);
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
    const isFirst = session.lastNumber === 0;
    this.counts.carriers.add([attached.way]);
    const ended = this.#records.get(session)?.attached(attached);
    if (ended === undefined) return;
    this.counts.outages.observe(ended.outageMs / 1000);
    this.counts.recoveries.observe(ended.recoveryMs / 1000);
    if (!isFirst) this.counts.resumes++;
  }

  /** @ignore */
  carrierGone(session: Session, attached: AttachedCarrier, reason: string): void {
    this.counts.losses.add([attached.way, lossReason(reason)]);
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
  attemptFailed(error: unknown): void {
    this.counts.failures.add([attemptReason(error)]);
  }

  /** @ignore */
  streamEnded({ origin: { service } }: MuxStream, end: StreamEnd, client?: string): void {
    this.counts.streamEnded(service, client, end);
  }

  /** @ignore */
  userRefused(): void {
    this.counts.usersRefused++;
  }

  /** A carrier came to a server, and is in its handshake until `done`, which never rejects, settles. */
  handshake(done: Promise<void>): void {
    this.#handshakes++;
    void done.then(() => this.#handshakes--);
  }

  /** Carriers in their handshakes. */
  get handshakes(): number {
    return this.#handshakes;
  }
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

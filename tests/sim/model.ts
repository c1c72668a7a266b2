/**
 * What must be true of every run, whatever the network does.
 *
 * @module
 */
import type { TeleError } from "../../lib/net/error.ts";
import type { Mux } from "../../lib/mux/mux.ts";
import type { MuxStream } from "../../lib/mux/stream.ts";
import type { StreamEnd } from "../../lib/mux/stream_host.ts";
import type { Carrier } from "../../lib/session/carrier/carrier.ts";
import type { Remains } from "../../lib/session/carrier/frame_log.ts";
import type { Covered } from "../../lib/session/gone_carrier.ts";
import type { Segment } from "../../lib/session/segment_pool.ts";
import type { Attachment } from "../../lib/session/session_options.ts";
import type { Session } from "../../lib/session/session.ts";
import { Bounds } from "./bounds.ts";
import type { SimClock } from "./clock.ts";
import { Losses } from "./losses.ts";
import type { SimNetwork } from "./network.ts";
import type { Process } from "./process.ts";
import type { RogueAct } from "./rogue.ts";
import type { Scenario } from "./scenario.ts";
import { SessionModel } from "./session_model.ts";
import { StreamModel } from "./stream_model.ts";
import type { SimUser } from "./user.ts";
import { UserModel } from "./user_model.ts";
import type { Verdict } from "./verdict.ts";
import type { Watcher } from "./watch.ts";

/** Hears of everything, and hands it to whoever knows what must be true of it. */
export class Model implements Watcher {
  readonly startCredit: number;
  readonly users: UserModel;
  readonly losses: Losses;
  /** What processes may hold, and do in one turn. */
  readonly bounds: Bounds;
  /** Rogues that the server has not turned away yet. */
  readonly rogues: Set<Process> = new Set();
  readonly #sessions: SessionModel;
  readonly #streams: StreamModel;

  constructor(scenario: Scenario, clock: SimClock, network: SimNetwork, verdict: Verdict) {
    const hasRogues = scenario.kind === "rogues" || scenario.kind === "little memory";
    this.startCredit = scenario.startCredit;
    this.bounds = new Bounds((problem) => verdict.fail(problem));
    const losses = this.losses = new Losses(verdict, clock, hasRogues);
    this.users = new UserModel(verdict, losses, hasRogues);
    const { bounds, users } = this;
    this.#sessions = new SessionModel({ scenario, clock, network, verdict, losses, bounds, users: users.all });
    this.#streams = new StreamModel({ verdict, sessions: this.#sessions, faultAt: scenario.faultAt, hasRogues });
  }

  /** A user is connected; `isAttached` is whether its client has a carrier. */
  opened(user: SimUser, isAttached: boolean): void {
    this.users.all.set(user.key, user);
    if (!user.isClient) return;
    this.losses.opened(user);
    if (isAttached) this.#sessions.opened(user);
  }

  /** Its carrier is over. */
  rogueLeft(process: Process, act: RogueAct): void {
    this.rogues.delete(process);
    this.#sessions.rogueLeft(process, act);
  }

  attaching(session: Session, attachment: Attachment): void {
    this.#sessions.attaching(session, attachment);
  }

  attached(session: Session, carrier: Carrier): void {
    this.#sessions.attached(session, carrier);
  }

  carrierGone(carrier: Carrier, remains: Remains): void {
    this.#sessions.carrierGone(carrier, remains);
  }

  covered(session: Session, covered: readonly Covered[], againBytes: number): void {
    this.#sessions.covered(session, covered, againBytes);
  }

  carrierLost(session: Session, carrier: Carrier, reason: string): void {
    this.#sessions.carrierLost(session, carrier, reason);
  }

  takenOver(remains: Remains): void {
    this.#sessions.takenOver(remains);
  }

  copied(): void {
    this.#sessions.copied();
  }

  ending(session: Session, error: TeleError): void {
    this.#sessions.ending(session, error);
  }

  ended(session: Session): void {
    this.#sessions.ended(session);
  }

  openCame(mux: Mux, id: number, opens: number): void {
    this.#streams.openCame(mux, id, opens);
  }

  receiving(stream: MuxStream, offset: number, bytes: number): void {
    this.#streams.receiving(stream, offset, bytes);
  }

  dataCame(mux: Mux, id: number, offset: number, isEnd: boolean): void {
    this.#streams.dataCame(mux, id, offset, isEnd);
  }

  segmentMoved(segment: Segment, isOut: boolean): void {
    this.bounds.segmentMoved(segment, isOut);
  }

  received(stream: MuxStream): void {
    this.#streams.received(stream);
  }

  fault(): Error | undefined {
    return this.#streams.fault();
  }

  streamEnded(mux: Mux, stream: MuxStream, end: StreamEnd): void {
    if (end.kind === "cut") {
      const user = this.users.named(stream.peer);
      if (user !== undefined) this.bounds.cut(user.process);
    }
    this.#streams.ended(mux, stream, end);
  }

  turnEnded(mux: Mux): void {
    this.bounds.turnEnded(mux);
  }

  /** After every step. */
  check(): void {
    this.bounds.check();
    this.#sessions.checkCounts();
  }

  /** Whether all is done that was begun: no user waits, and everything sent is acknowledged. */
  get isQuiet(): boolean {
    return this.rogues.size === 0 && this.users.isQuiet && this.#sessions.isQuiet;
  }

  /** Whether no session of `process` has a carrier. */
  areDetached(process: Process): boolean {
    return this.#sessions.areDetached(process);
  }

  /** What still waits, for a person. */
  get waiting(): string {
    const rogues = [...this.rogues].map(({ name }) => `${name}, and is not turned away`);
    return [...this.users.waiting, ...this.#sessions.waiting, ...rogues].join(", ");
  }

  /** Users whose connections are over, but their processes were not told how their streams ended. */
  get untold(): string[] {
    const isUntold = (user: SimUser) =>
      user.process.isAlive && user.isUsed && user.isOver && !this.#streams.isTold(user.peer);
    return [...this.users.all.values()].filter(isUntold).map(({ peer }) => peer);
  }
}

/**
 * Servers and clients of sessions whose user does nothing, in simulated time.
 *
 * @module
 */
import type { Clock } from "../../lib/net/clock.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import type { TeleError } from "../../lib/net/error.ts";
import { SegmentPool } from "../../lib/session/segment_pool.ts";
import { SessionClient } from "../../lib/session/session_client.ts";
import { SessionServer } from "../../lib/session/session_server.ts";
import type { Session } from "../../lib/session/session.ts";
import type { UpperLayer } from "../../lib/session/upper_layer.ts";
import { takeChance } from "../sim/chance.ts";
import { SimClock } from "../sim/clock.ts";
import { Process } from "../sim/process.ts";
import type { Choices } from "./choices.ts";
import { check } from "./target.ts";
import { pass } from "./wire.ts";
import { limitsOf, type ServerLimits } from "../../lib/session/session_limits.ts";

/** Limits of every session here. */
export const LIMITS: ServerLimits = limitsOf({
  replayBufferBytes: 1 << 20,
  resumeTimeoutMs: 24 * 3_600_000,
  maxSessions: 10,
});

/** Takes what comes, and says nothing. */
export class SilentUser implements UpperLayer {
  readonly bulkCreditBytes = undefined;
  readonly hasBacklog = false;
  streamCount = 0;
  readonly openedCount = 0;
  readonly hasUnsent = false;
  startPoolBytes = 0;
  error: TeleError | undefined;
  backlog(): { backlogMs: number; isBulk: boolean } {
    return { backlogMs: 0, isBulk: false };
  }
  pull(): void {}
  pullShare(): void {}
  receiveOpen(): void {}
  receiveData(): void {}
  receiveEnd(): void {}
  receiveReset(): void {}
  receiveWindow(): void {}
  receiveDrain(): void {}
  drain(): void {}
  windowLost(): void {}
  costOf(): number {
    return 1;
  }
  turnEnded(): undefined {}
  ended(error: TeleError): void {
    this.error = error;
  }
}

/** Simulated time and the process under test in it; all chance comes from the choices. */
export class Stage implements Disposable {
  readonly clock = new SimClock();
  readonly process = new Process("subject", this.clock);
  /** Log lines of the subject. */
  readonly lines: string[] = [];
  readonly #giveBack: () => void;

  constructor(choices: Choices) {
    this.#giveBack = takeChance(choices.next32(), this.clock.io, () => 0);
  }

  /** What every session here is made of. */
  common(clock: Clock = this.process.clock) {
    return {
      clock,
      log: (level: string, line: string) => void this.lines.push(`${level}: ${line}`),
      pool: new SegmentPool({ plenty: 64 }),
      limits: LIMITS,
    };
  }

  /** Time passes. */
  pass(ms: number): void {
    pass(this.clock, ms);
  }

  /** Time passes until `promise` settles, `ms` at the most. Returns whether it did. */
  settles(promise: Promise<unknown>, ms: number): boolean {
    let isSettled = false;
    const done = () => void (isSettled = true);
    promise.then(done, done);
    this.pass(0);
    for (let left = ms; left > 0 && !isSettled; left -= 250) this.pass(250);
    return isSettled;
  }

  /** Nothing is planned any more. */
  assertQuiet(): void {
    const timers = this.process.pendingTimers;
    check(timers === 0, () => `${timers} timers are left when everything has ended`);
  }

  [Symbol.dispose](): void {
    this.#giveBack();
  }
}

/** A server of silent sessions. */
export function silentServer(stage: Stage, sessions: Session[], clock?: Clock): SessionServer<SilentUser> {
  return new SessionServer<SilentUser>({
    ...stage.common(clock),
    makeUpper: () => new SilentUser(),
    bindUpper: (_user, session) => void sessions.push(session),
  });
}

/** A client of silent sessions. */
export function silentClient(
  stage: Stage,
  sessions: Session[],
  dial: (signal: AbortSignal) => Promise<Duplex>,
): SessionClient<SilentUser> {
  return new SessionClient<SilentUser>({
    ...stage.common(),
    dial,
    makeUpper: () => new SilentUser(),
    bindUpper: (_user, session) => void sessions.push(session),
    inherit: () => {},
  });
}

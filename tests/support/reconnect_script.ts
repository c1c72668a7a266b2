/**
 * A reconnect loop whose dials and commits a test answers.
 *
 * @module
 */
import type { Duplex } from "../../lib/net/duplex.ts";
import { reasonOf } from "../../lib/net/error.ts";
import { CarrierHistory } from "../../lib/session/reconnect/carrier_history.ts";
import type { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { ServerHandshake } from "../../lib/session/handshake/server_handshake.ts";
import { ReconnectLoop } from "../../lib/session/reconnect/reconnect.ts";
import { FakeClock } from "./fake_clock.ts";
import { type MemoryPipe, memoryPipe } from "./memory_pipe.ts";

export const SESSION_ID = new Uint8Array(16).fill(1);

/** One call of `dial`, answered by the test. */
export interface Dialed {
  atMs: number;
  signal: AbortSignal;
  /** Tells that somebody has accepted, and what that one's silence means. */
  reach(silence?: string): void;
  connect(duplex: Duplex): void;
  refuse(reason: string): void;
}

/** One call of `commit`, answered by the test. */
export interface Committed {
  atMs: number;
  handshake: ClientHandshake;
  roundTripMs: number;
  succeed(): void;
  fail(reason: string): void;
}

/** A loop whose dials and commits the test answers. */
export class Script {
  readonly clock = new FakeClock({ nowMs: 0 });
  readonly dials: Dialed[] = [];
  readonly commits: Committed[] = [];
  readonly failures: { atMs: number; reason: string; attempts: number }[] = [];
  hasStreams = true;
  isAttached = false;
  readonly history: CarrierHistory;
  /** Called with each dial, to answer it at once. */
  onDial: (dialed: Dialed) => void = () => {};
  readonly loop: ReconnectLoop;

  constructor(onDial?: (dialed: Dialed) => void, history = new CarrierHistory(0)) {
    this.history = history;
    if (onDial !== undefined) this.onDial = onDial;
    const isBusy = () => this.hasStreams;
    const isAttached = () => this.isAttached;
    this.loop = new ReconnectLoop(this.clock, {
      sessionId: () => SESSION_ID,
      isGuarded: false,
      ticket: () => undefined,
      paths: 1,
      history,
      get isAttached() {
        return isAttached();
      },
      get hasStreams() {
        return isBusy();
      },
      dial: (signal, connected) =>
        new Promise((resolve, reject) => {
          const dialed: Dialed = {
            atMs: this.clock.now(),
            signal,
            reach: connected,
            connect: resolve,
            refuse: (reason) => reject(new Error(reason)),
          };
          signal.addEventListener("abort", () => reject(signal.reason));
          this.dials.push(dialed);
          this.onDial(dialed);
        }),
      commit: ({ handshake, roundTripMs }) =>
        new Promise((resolve, reject) => {
          this.commits.push({
            atMs: this.clock.now(),
            handshake,
            roundTripMs,
            succeed: resolve,
            fail: (reason) => reject(new Error(reason)),
          });
        }),
      attemptFailed: (error, attempts) => {
        this.failures.push({ atMs: this.clock.now(), reason: reasonOf(error), attempts });
      },
    });
  }

  /** Answers a dial with a server that challenges. */
  async challenge(at: number, status: "ready" | "unknown" = "ready"): Promise<MemoryPipe> {
    const pipe = memoryPipe();
    const server = new ServerHandshake(pipe.b);
    this.dials[at].connect(pipe.a);
    await server.hello();
    await server.challenge(status);
    await this.clock.settle();
    return pipe;
  }

  get startedAt(): number[] {
    return this.dials.map((dialed) => dialed.atMs);
  }

  get open(): number {
    return this.dials.filter((dialed) => !dialed.signal.aborted).length;
  }
}

/** What a history remembers of a carrier that carried something, or of some that did not. */
export function historyOf({ barren = 0, roundTripMs = 0 }: { barren?: number; roundTripMs?: number }): CarrierHistory {
  const history = new CarrierHistory(0);
  for (let left = barren; left >= 0; left--) {
    history.attached(0);
    history.lost(0, { arrivedBytes: 100, isWaiting: true, isEmpty: false, silentMs: 0, roundTripMs });
  }
  return history;
}

/**
 * A client that is accepted by a real server, and sends what a test says in place of what a mux would.
 *
 * @module
 */
import { MuxServer } from "../../lib/mux/link.ts";
import type { StreamEnd } from "../../lib/mux/stream_host.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import type { TeleError } from "../../lib/net/error.ts";
import { duplexPair } from "../../lib/net/pipe.ts";
import { SegmentPool } from "../../lib/session/segment_pool.ts";
import { SessionClient } from "../../lib/session/session_client.ts";
import type { FrameLog } from "../../lib/session/carrier/frame_log.ts";
import type { Open, Reset } from "../../lib/session/frames.ts";
import type { Share } from "../../lib/session/share.ts";
import type { UpperLayer } from "../../lib/session/upper_layer.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemoryNetwork } from "./memory_network.ts";
import { MIB } from "./mux_world.ts";
import { limitsOf } from "../../lib/session/session_limits.ts";

/** A rogue client, attached to a real server. */
export interface RogueWorld {
  rogue: Rogue;
  clock: FakeClock;
  upstream: Duplex[];
  log: string[];
  ends: StreamEnd[];
}

/** A rogue client attached to a real server; the server's users never read unless the test does. */
export async function withRogue(
  body: (world: RogueWorld) => Promise<void>,
  serve?: (user: Duplex) => unknown,
): Promise<void> {
  const clock = new FakeClock();
  const upstream: Duplex[] = [];
  const log: string[] = [];
  const ends: StreamEnd[] = [];
  const server = new MuxServer({
    clock,
    log: (level, message) => void log.push(`${level} ${message}`),
    dial: () => {
      const [near, far] = duplexPair();
      upstream.push(near);
      serve?.(near);
      return Promise.resolve(far);
    },
    onStreamEnd: (_stream, end) => void ends.push(end),
  });
  const network = new MemoryNetwork({ clock, onConnection: (carrier) => void server.accept(carrier) });
  const rogues: Rogue[] = [];
  const client = new SessionClient<Rogue>({
    dial: network.dial,
    clock,
    log: () => {},
    pool: new SegmentPool({ plenty: 16 }),
    makeUpper: () => {
      const rogue = new Rogue();
      rogues.push(rogue);
      return rogue;
    },
    bindUpper: (user, session) => user.wake = () => session.wake(),
    inherit: () => {},
    limits: limitsOf({ replayBufferBytes: 16 * MIB, resumeTimeoutMs: 60_000 }),
  });
  try {
    await clock.advanceUntil(() => client.isAttached, 10_000);
    await body({ rogue: rogues[0], clock, upstream, log, ends });
  } finally {
    const stopped = Promise.all([client.stop("the test ends"), server.stop("the test ends")]);
    await clock.advance(1_000);
    await stopped;
  }
}

/** A peer that writes what the test says instead of what a mux would. */
export class Rogue implements UpperLayer {
  readonly bulkCreditBytes = undefined;
  readonly hasBacklog = false;
  /** What came, but for window values: `open 1`, `data 1 5`, `end 1 5`, `reset 1 2 words`. */
  readonly received: string[] = [];
  readonly windows: { id: number; limit: number }[] = [];
  readonly streamCount = 1;
  readonly openedCount = 1;
  readonly hasUnsent = false;
  error: TeleError | undefined;
  #pending: Uint8Array[] = [];
  wake: () => void = () => {};

  /** Sends whole counted frames; see `frames.ts`. */
  send(...frames: Uint8Array[]): void {
    this.#pending.push(...frames);
    this.wake();
  }

  pull(log: FrameLog): void {
    for (const frame of this.#pending.splice(0)) {
      const at = log.reserve(frame.length);
      log.arena.set(frame, at);
    }
  }

  backlog(): { backlogMs: number; isBulk: boolean } {
    return { backlogMs: 0, isBulk: false };
  }

  pullShare(log: FrameLog, _bulkBytes: number, _urgentBytes: number, { quiet }: Share): void {
    if (quiet) this.pull(log);
  }

  receiveOpen({ id }: Open): void {
    this.received.push(`open ${id}`);
  }

  receiveData(id: number, _offset: number, bytes: Uint8Array): void {
    this.received.push(`data ${id} ${bytes.length}`);
  }

  receiveEnd(id: number, offset: number): void {
    this.received.push(`end ${id} ${offset}`);
  }

  receiveReset({ id, code, message }: Reset): void {
    this.received.push(`reset ${id} ${code} ${message}`);
  }

  receiveWindow(id: number, limit: number): void {
    this.windows.push({ id, limit });
  }

  receiveDrain(): void {}
  drain(): void {}
  windowLost(): void {}

  costOf(): number {
    return 1;
  }

  startPoolBytes = 0;
  turnEnded(): void {}

  ended(error: TeleError): void {
    this.error = error;
  }
}

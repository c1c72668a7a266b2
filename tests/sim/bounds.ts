/**
 * What a process may hold, and do in one turn of the event loop, however many streams and sessions it has.
 *
 * @module
 */
import { MemoryBudget } from "../../lib/session/memory_budget.ts";
import type { MemoryPool } from "../../lib/session/memory_pool.ts";
import { MOST_TURN_COST } from "../../lib/session/session_constants.ts";
import { CUTS_A_TURN, LEAST_START_CREDIT, OPEN_COST } from "../../lib/mux/mux_constants.ts";
import type { Mux } from "../../lib/mux/mux.ts";
import type { Segment } from "../../lib/session/segment_pool.ts";
import type { Process } from "./process.ts";

/** Small frames go into a log whatever its limit says: the most bytes of them that are under way here. */
const SMALL_FRAMES_BYTES = 32 * 1024;

/** The memory of one process. */
interface Held {
  readonly budget: MemoryBudget;
  readonly limitBytes: number;
  /** Sessions that it ever had. */
  sessions: number;
}

/** The streams of one mux, when they were last looked at. */
interface Streams {
  readonly process: Process | undefined;
  count: number;
}

/** Looks at processes after every step. */
export class Bounds {
  readonly #fail: (problem: string) => void;
  readonly #held: Map<Process, Held> = new Map();
  readonly #streams: Map<Mux, Streams> = new Map();
  readonly #cuts: Map<Process, number> = new Map();
  readonly #stopping: Set<Process> = new Set();
  /** Segments that are not in their pools. */
  readonly #segments: Set<Segment> = new Set();

  /** Tells `fail` what is beyond its bound. */
  constructor(fail: (problem: string) => void) {
    this.#fail = fail;
  }

  /** The memory of all sessions that `process` will have. */
  budgetOf(process: Process, limitBytes: number): MemoryBudget {
    const budget = new MemoryBudget(limitBytes);
    this.#held.set(process, { budget, limitBytes, sessions: 0 });
    return budget;
  }

  /** `process` has one session more, whose streams `mux` holds. */
  sessionBegan(process: Process | undefined, mux: Mux): void {
    const held = process === undefined ? undefined : this.#held.get(process);
    if (held !== undefined) held.sessions++;
    this.#streams.set(mux, { process, count: mux.streamCount });
  }

  /** It ends as asked: then it cannot wait for turns. */
  stopping(process: Process): void {
    this.#stopping.add(process);
  }

  /** All that `mux` was given at once has been handed over. */
  turnEnded(mux: Mux): void {
    const streams = this.#streams.get(mux);
    if (streams !== undefined) this.#checkOpens(mux, streams);
  }

  /** A stream whose user's connection is at `process` was cut. */
  cut(process: Process): void {
    if (!this.#stopping.has(process)) this.#cuts.set(process, (this.#cuts.get(process) ?? 0) + 1);
  }

  /** After every step. */
  check(): void {
    for (const [process, cuts] of this.#cuts) {
      if (cuts > CUTS_A_TURN) this.#fail(`${process.name} cuts ${cuts} streams in one turn`);
    }
    this.#cuts.clear();
    for (const [mux, streams] of this.#streams) this.#checkOpens(mux, streams);
    for (const [process, held] of this.#held) if (process.isAlive) this.#checkMemory(process, held);
  }

  #checkOpens(mux: Mux, streams: Streams): void {
    const opened = mux.streamCount - streams.count;
    if (opened > MOST_TURN_COST / OPEN_COST + 1) this.#fail(`a peer opens ${opened} streams in one turn`);
    streams.count = mux.streamCount;
  }

  /** Each session leaves twice as much free as it then holds: all that there ever were leave at least (2/3)^sessions. */
  #checkMemory(process: Process, { budget, limitBytes, sessions }: Held): void {
    if (limitBytes === Infinity) return;
    const most = 1 - (2 / 3) ** sessions;
    const muxes = [...this.#streams].filter(([, streams]) => streams.process === process).map(([mux]) => mux);
    const streams = muxes.reduce((sum, { streamCount }) => sum + streamCount, 0);
    const check = (what: string, pool: MemoryPool, bytes: number) => {
      if (pool.used > bytes) {
        this.#fail(`${process.name} holds ${pool.used} bytes of ${what}, which is beyond ${bytes}`);
      }
    };
    check("start credit", budget.starts, Math.min(1 / 4, most / 4) * limitBytes + LEAST_START_CREDIT * streams);
    check("grown windows", budget.growth, most / 4 * limitBytes);
    check("logs", budget.logs, most / 2 * limitBytes + SMALL_FRAMES_BYTES);
    const pools = muxes.reduce((sum, mux) => sum + 2 * mux.startPoolBytes, 0);
    check("credit that was taken", budget.starts, pools + LEAST_START_CREDIT * (streams + sessions));
  }

  /** A segment left its pool, or came back. */
  segmentMoved(segment: Segment, isOut: boolean): void {
    if (isOut) this.#segments.add(segment);
    else if (!this.#segments.delete(segment)) this.#fail("a segment came back to its pool that was not out");
  }

  /** Both processes are idle, and none was killed. */
  checkSegments(): void {
    if (this.#segments.size > 0) this.#fail(`${this.#segments.size} segments never came back to their pools`);
  }

  /** All sessions of `process` have ended. */
  checkGivenBack(process: Process): void {
    const used = this.#held.get(process)?.budget.used ?? 0;
    if (used !== 0) this.#fail(`${process.name} has no session any more, and holds ${used} bytes for them`);
  }
}

/**
 * What goes on which of several carriers, when one of them can take more.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import type { Arrival, CarrierLoad } from "./arrival.ts";
import { type Candidate, Choice, type Chunk } from "./choice.ts";
import { type LoggedCarrier, SendingAgain } from "./sending_again.ts";
import { isOnDeadPath, isStill, isStillThere } from "./still.ts";

/** The least time between two looks at what stands still, in milliseconds. */
const LEAST_LOOK_MS = 1;

/** A carrier of the session on which something may be sent. */
export interface SpreadCarrier extends LoggedCarrier, Pick<Candidate, "path" | "hasRoom"> {
  /** What it may send now, and what was measured of what it has under way. */
  readonly room: LoggedCarrier["room"] & { readonly arrival: Arrival; readonly flight: CarrierLoad };
  /** There may be something to send. */
  wake(): void;
}

/** Options of {@linkcode Spread}. */
export interface SpreadOptions<Which extends SpreadCarrier = SpreadCarrier> {
  /** Time. */
  clock: Clock;
  /** All carriers on which something may be sent. */
  all(): readonly Which[];
  /** The quiet one of each path. The first is the session's, the second sends small frames beside it. */
  quiets(): readonly Which[];
  /** What `carrier` has in flight makes no progress, or does again. */
  onStill(carrier: Which, isStill: boolean): void;
}

/**
 * Sends again what stands still, chooses who takes a chunk of bulk, and wakes carriers when the answer may have changed.
 * A session with one carrier never asks it.
 *
 * Source: `PROTOCOL.md`, "Choosing a carrier", "Sending again elsewhere".
 */
export class Spread<Which extends SpreadCarrier> {
  readonly #options: SpreadOptions<Which>;
  readonly #choice: Choice;
  readonly #again = new SendingAgain();
  #timer: Timer | undefined;

  /** Nothing stands still. */
  constructor(options: SpreadOptions<Which>) {
    this.#options = options;
    this.#choice = new Choice({ clock: options.clock, onAskAgain: () => this.#wakeAll() });
  }

  /**
   * `to` can take more: puts into its log what waits on others, in front of what is new. What waits on quiet carriers
   * of other paths goes on quiet ones, as urgent as it was.
   *
   * @returns How many bytes, of `bulkBytes` at the most but for one piece, or `urgentBytes` of what is urgent.
   */
  copyTo(to: Which, bulkBytes: number, urgentBytes: number): number {
    const nowMs = this.#options.clock.now();
    const quiets = this.#options.quiets();
    const all = this.#options.all();
    if (isOnDeadPath(to, all, nowMs)) return 0;
    let copied = to === quiets[1] ? this.#again.copyQuiet(quiets[0], to, nowMs) : 0;
    if (quiets.length > 1 && quiets.includes(to)) {
      copied += this.#again.copyTo(to, quiets, Math.max(0, urgentBytes - copied), nowMs);
    }
    if (this.#isKeptFree(to, nowMs)) return copied;
    const others = all.filter((from) => from.path === to.path || !quiets.includes(from));
    return copied + this.#again.copyTo(to, others, Math.max(0, bulkBytes - copied), nowMs);
  }

  /** What waits in front of keys, and of probes, is late for no queue's sake: others of its path take what is to go again. */
  #isKeptFree(to: Which, nowMs: number): boolean {
    if (!this.#options.quiets().includes(to)) return false;
    return this.#options.all().some((other) => other !== to && other.path === to.path && !isStill(other, nowMs));
  }

  /**
   * Whether a chunk of bulk that waits goes on `asking`. If not, that is asked again.
   *
   * @param bulk All carriers that bulk goes on.
   */
  takesBulk(asking: Which, bulk: readonly Which[], chunk: Chunk): boolean {
    const nowMs = this.#options.clock.now(), all = this.#options.all();
    const candidate = (carrier: Which): Candidate => {
      const { room: { flight, arrival }, path, hasRoom } = carrier;
      return { load: flight, arrival, path, hasRoom, isStill: isStillThere(carrier, all, nowMs) };
    };
    const others = bulk.filter((carrier) => carrier !== asking);
    return this.#choice.takes(candidate(asking), others.map(candidate), chunk);
  }

  /** `carrier` was given something: others may have to send that as well, now or later. */
  pulled(carrier: SpreadCarrier): void {
    const nowMs = this.#options.clock.now();
    const [quiet, beside] = this.#options.quiets();
    if (isStill(carrier, nowMs)) this.#wakeOthers(carrier);
    else if (carrier === quiet) beside?.wake();
    this.#watch(nowMs);
  }

  /** The peer has taken `bytes` more. */
  delivered(bytes: number): void {
    const nowMs = this.#options.clock.now();
    this.#again.delivered(nowMs, bytes);
    this.#mark(nowMs);
    this.#choice.changed();
  }

  /** A carrier is gone. */
  gone(): void {
    this.#choice.changed();
  }

  /** The session is over. */
  stop(): void {
    this.#choice.stop();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Looks again when the next one stands still, or has done so for twice as long; never while nothing is in flight. */
  #watch(nowMs: number): void {
    if (this.#timer !== undefined) return;
    const all = this.#options.all();
    const leftMs = Math.min(
      ...all.map(({ room: { standstill }, roundTripMs }) => standstill.leftMs(nowMs, roundTripMs)),
    );
    if (all.length < 2 || leftMs === Infinity) return;
    this.#timer = this.#options.clock.setTimer(() => {
      this.#timer = undefined;
      const thenMs = this.#options.clock.now();
      this.#mark(thenMs);
      for (const carrier of this.#options.all()) if (isStill(carrier, thenMs)) this.#wakeOthers(carrier);
      this.#watch(thenMs);
    }, Math.max(leftMs, LEAST_LOOK_MS));
  }

  /** The quiet carrier of the session is one that makes progress, where a path has such a one. */
  #mark(nowMs: number): void {
    const quiets = this.#options.quiets();
    if (quiets.length > 1) { for (const quiet of quiets) this.#options.onStill(quiet, isStill(quiet, nowMs)); }
  }

  #wakeOthers(carrier: SpreadCarrier): void {
    for (const other of this.#options.all()) if (other !== carrier) other.wake();
  }

  #wakeAll(): void {
    for (const carrier of this.#options.all()) carrier.wake();
  }
}

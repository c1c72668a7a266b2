/**
 * What must be true of streams: what they take, their windows, and how they end.
 *
 * @module
 */
import type { Mux } from "../../lib/mux/mux.ts";
import type { MuxStream } from "../../lib/mux/stream.ts";
import type { StreamEnd } from "../../lib/mux/stream_host.ts";
import { Ranges } from "./ranges.ts";
import type { SessionModel } from "./session_model.ts";
import type { Verdict } from "./verdict.ts";

/** What an injected fault says. */
export const INJECTED = "an injected fault";

/** What one end has taken of a stream of its peer's. */
interface Taken {
  /** Up to here, from the first byte on. */
  bytes: number;
  /** Where it ends, once that has come. */
  end: number | undefined;
}

/** What a {@linkcode StreamModel} needs. */
export interface StreamModelOptions {
  verdict: Verdict;
  sessions: SessionModel;
  /** The call of this number that takes what came throws. */
  faultAt: number;
  /** Whether some peers send what they like. */
  hasRogues: boolean;
}

/** All streams of one run, at both ends. */
export class StreamModel {
  readonly #verdict: Verdict;
  readonly #sessions: SessionModel;
  readonly #faultAt: number;
  readonly #hasRogues: boolean;
  readonly #windows: WeakMap<MuxStream, number> = new WeakMap();
  /** What of a stream has come. */
  readonly #came: WeakMap<MuxStream, Ranges> = new WeakMap();
  /** Numbers of streams whose opens came. */
  readonly #opened: WeakMap<Mux, Set<number>> = new WeakMap();
  readonly #taken: WeakMap<Mux, Map<number, Taken>> = new WeakMap();
  /** Names of users whose streams' ends were told. */
  readonly #told: Set<string> = new Set();
  #received = 0;

  constructor({ verdict, sessions, faultAt, hasRogues }: StreamModelOptions) {
    this.#verdict = verdict;
    this.#sessions = sessions;
    this.#faultAt = faultAt;
    this.#hasRogues = hasRogues;
  }

  /** A number is used once: what comes again opens nothing. */
  openCame(mux: Mux, id: number, opens: number): void {
    let opened = this.#opened.get(mux);
    if (opened === undefined) this.#opened.set(mux, opened = new Set());
    if (!opened.has(id)) return void opened.add(id);
    if (opens > 0) this.#verdict.fail(`stream ${id} is opened a second time`);
    if (this.#hasRogues || this.#sessions.maySendTwice) return;
    this.#verdict.fail(`the open of stream ${id} comes again, though a receipt covers it`);
  }

  /**
   * With exact receipts an honest peer's data comes once, and with one carrier at a time in order: to put it together is
   * only for several, and for what no receipt tells.
   */
  receiving(stream: MuxStream, offset: number, bytes: number): void {
    let came = this.#came.get(stream);
    if (came === undefined) this.#came.set(stream, came = new Ranges());
    const next = came.end;
    const again = came.add(offset, offset + bytes);
    if (this.#hasRogues) return;
    const name = stream.peer || `stream ${stream.id}`;
    if (again > 0 && !this.#sessions.maySendTwice) this.#verdict.fail(`${name} is sent ${again} bytes twice`);
    if (offset === next || this.#sessions.hasSeveral) return;
    this.#verdict.fail(`${name} is sent byte ${offset} where ${next} is the next`);
  }

  received(stream: MuxStream): void {
    const window = Math.max(this.#windows.get(stream) ?? 0, stream.window.size);
    this.#windows.set(stream, window);
    if (stream.waitingBytes > window) {
      this.#verdict.fail(`a stream holds ${stream.waitingBytes} bytes, its window was never more than ${window}`);
    }
  }

  dataCame(mux: Mux, id: number, offset: number, isEnd: boolean): void {
    let streams = this.#taken.get(mux);
    if (streams === undefined) this.#taken.set(mux, streams = new Map());
    let taken = streams.get(id);
    if (taken === undefined) streams.set(id, taken = { bytes: 0, end: undefined });
    if (isEnd) taken.end = offset;
    else taken.bytes = Math.max(taken.bytes, offset);
  }

  fault(): Error | undefined {
    if (++this.#received !== this.#faultAt) return undefined;
    this.#verdict.trace("a fault is injected");
    return new Error(INJECTED);
  }

  /** Finished means that the peer has taken all of it. */
  ended(mux: Mux, stream: MuxStream, { kind }: StreamEnd): void {
    this.#told.add(stream.peer);
    if (kind !== "finished") return;
    const peer = this.#sessions.peerOf(mux);
    // A rogue has no mux.
    if (peer === undefined) return;
    const taken = this.#taken.get(peer)?.get(stream.id);
    if (taken?.end !== undefined && taken.bytes === taken.end) return;
    const how = taken === undefined ? "nothing" : `${taken.bytes} bytes and ${taken.end ?? "no"} end`;
    this.#verdict.fail(`stream ${stream.id} is told to be finished, but the peer has taken ${how} of it`);
  }

  /** Whether it was told how the stream of the user called `name` ended. */
  isTold(name: string): boolean {
    return this.#told.has(name);
  }
}

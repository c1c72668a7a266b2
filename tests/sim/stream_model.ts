/**
 * What must be true of streams: their windows, and how they end.
 *
 * @module
 */
import type { Mux } from "../../lib/mux/mux.ts";
import type { MuxStream, StreamEnd } from "../../lib/mux/stream.ts";
import type { SessionModel } from "./session_model.ts";
import type { Verdict } from "./verdict.ts";

/** What an injected fault says. */
export const INJECTED = "an injected fault";

/** All streams of one run, at both ends. */
export class StreamModel {
  readonly #verdict: Verdict;
  readonly #sessions: SessionModel;
  readonly #faultAt: number;
  readonly #windows: WeakMap<MuxStream, number> = new WeakMap();
  /** Names of users whose streams' ends were told. */
  readonly #told: Set<string> = new Set();
  /** Where the ends of streams lie in what their sessions count. */
  readonly #sentEnds: WeakMap<MuxStream, { mux: Mux; offset: number }> = new WeakMap();
  #received = 0;

  /** The call number `faultAt` that takes what came throws. */
  constructor(verdict: Verdict, sessions: SessionModel, faultAt: number) {
    this.#verdict = verdict;
    this.#sessions = sessions;
    this.#faultAt = faultAt;
  }

  received(stream: MuxStream): void {
    const window = Math.max(this.#windows.get(stream) ?? 0, stream.window.size);
    this.#windows.set(stream, window);
    if (stream.waitingBytes > window) {
      this.#verdict.fail(`a stream holds ${stream.waitingBytes} bytes, its window was never more than ${window}`);
    }
  }

  fault(): Error | undefined {
    if (++this.#received !== this.#faultAt) return undefined;
    this.#verdict.trace("a fault is injected");
    return new Error(INJECTED);
  }

  endSent(mux: Mux, stream: MuxStream, offset: number): void {
    this.#sentEnds.set(stream, { mux, offset });
  }

  /** Finished means that the peer has taken all of it. */
  ended(stream: MuxStream, { kind }: StreamEnd): void {
    this.#told.add(stream.peer);
    if (kind !== "finished") return;
    const sent = this.#sentEnds.get(stream);
    if (sent === undefined) return this.#verdict.fail("a stream is told to be finished that has not sent its end");
    const taken = this.#sessions.takenByPeerOf(sent.mux);
    if (taken === undefined || taken >= sent.offset) return;
    this.#verdict.fail(
      `a stream is told to be finished whose end is at ${sent.offset}, but the peer has taken ${taken}`,
    );
  }

  /** Whether it was told how the stream of the user called `name` ended. */
  isTold(name: string): boolean {
    return this.#told.has(name);
  }
}

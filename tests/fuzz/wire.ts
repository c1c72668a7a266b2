/**
 * A carrier whose far end is in the hands of the fuzzer.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { readU32 } from "../../lib/net/bytes.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { ForwardedDuplex } from "../../lib/net/forwarded_duplex.ts";
import { drain, type SimClock } from "../sim/clock.ts";
import { type MemoryPipe, memoryPipe } from "../support/memory_pipe.ts";
import type { Choices } from "./choices.ts";
import { mangled } from "./mangle.ts";
import { hex, type Trace } from "./target.ts";

/** Passes calls on, and remembers whether this end was closed and what was written. */
export class Watched extends ForwardedDuplex {
  isClosed = false;
  writtenBytes = 0;

  constructor(duplex: Duplex, peer = "fuzzer") {
    super(duplex, peer);
  }

  override write(bytes: Uint8Array): Promise<void> {
    this.writtenBytes += bytes.length;
    return super.write(bytes);
  }

  override abort(reason?: unknown): void {
    this.isClosed = true;
    super.abort(reason);
  }

  override close(): void {
    this.isClosed = true;
    super.close();
  }
}

/** A pipe: the code under test has {@linkcode Wire.near}, the fuzzer {@linkcode Wire.far}. */
export class Wire {
  readonly near: Watched;
  readonly far: Duplex;
  readonly pipe: MemoryPipe;

  constructor(choices: Choices) {
    const maxChunk = choices.pick([undefined, 1, 7, 300]);
    this.pipe = memoryPipe({ seed: choices.next32(), maxChunk });
    this.near = new Watched(this.pipe.b);
    this.far = this.pipe.a;
  }

  /** Sends bytes, if the other end still takes some. */
  send(bytes: Uint8Array): void {
    if (bytes.length > 0) this.far.write(bytes).catch(() => {});
    drain();
  }

  /** Reads whatever comes and forgets it, until the end; `onBytes` sees it before. */
  async swallow(onBytes?: (bytes: Uint8Array) => void): Promise<void> {
    const into = new Uint8Array(64 * 1024);
    try {
      for (let count = await this.far.read(into); count !== null; count = await this.far.read(into)) {
        onBytes?.(into.subarray(0, count));
      }
    } catch {
      // The end, too.
    }
  }

  /** What a peer does when it has said all: nothing, a clean end, an end of everything, a reset. */
  leave(choices: Choices, trace: Trace): void {
    this.leaveLater(choices, trace);
    drain();
  }

  /** The same from within a promise job. */
  leaveLater(choices: Choices, trace: Trace): void {
    const way = choices.pick(["silence", "fin", "close", "reset"] as const);
    trace(() => `then ${way}`);
    if (way === "fin") this.far.closeWrite().catch(() => {});
    if (way === "close") this.far.close();
    if (way === "reset") this.far.abort("fuzzed");
  }
}

/** Whether `changed` still has the frames of `wire` in front. */
function isIntact(changed: Uint8Array, wire: Uint8Array): boolean {
  const [one, other] = [withoutPings(changed), withoutPings(wire)];
  return one.length >= other.length && other.every((byte, at) => byte === one[at]);
}

function withoutPings(wire: Uint8Array): Uint8Array {
  let at = 0;
  while (at + 4 <= wire.length && readU32(wire, at) === 0) at += 4;
  return wire.subarray(at);
}

/** An honest peer's end of a wire, on which some of what it writes is changed on the way. */
export class Mangler extends ForwardedDuplex {
  /** Whether the frames that the peer wrote were changed; pings in front and anything behind them do not count. */
  isHarmed = false;
  /** Whether anything else than pings was added to what it wrote, or changed in it. */
  isChanged = false;
  readonly #choices: Choices;
  readonly #trace: Trace;
  readonly #probability: number;

  /** @param probability Of a change, for each write. */
  constructor(duplex: Duplex, choices: Choices, probability: number, trace: Trace) {
    super(duplex, "mangler");
    this.#choices = choices;
    this.#probability = probability;
    this.#trace = trace;
  }

  override write(bytes: Uint8Array): Promise<void> {
    const choices = this.#choices;
    if (choices.chance(0.1)) bytes = concat([new Uint8Array(4 * choices.between(1, 3)), bytes]);
    if (choices.chance(this.#probability)) {
      const changed = mangled(choices, bytes);
      this.isChanged = true;
      if (!isIntact(changed, bytes)) this.isHarmed = true;
      bytes = changed;
    }
    this.#trace(() => `wrote ${hex(bytes)}${this.isHarmed ? " (harmed)" : ""}`);
    return bytes.length > 0 ? super.write(bytes) : Promise.resolve();
  }
}

/** Lets `ms` of simulated time pass, with all that happens in it. */
export function pass(clock: SimClock, ms: number): void {
  const untilMs = clock.now() + ms;
  drain();
  while (clock.step(untilMs, 0));
  clock.skipTo(untilMs);
}

/**
 * RFD 80 mode: user connections that are carried one by one, without a session, with or without ping framing.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { streamsFromDuplex } from "../net/web.ts";
import { DEFAULT_FRAME_BYTES, PingDecoderStream, PingEncoderStream } from "../ping/streams.ts";

/** How the outer side of a relay is framed. */
export interface PingFraming {
  /** Largest message taken, in bytes. */
  readonly maxMessageBytes: number;
  /** Between two pings sent, in milliseconds; `undefined` on the client's side, which sends none. */
  readonly pingIntervalMs: number | undefined;
}

/** Two connections to be tied together. */
export interface RelayEnds {
  /** To the other tele process, or to whoever speaks RFD 80 there. */
  readonly outer: Duplex;
  /** To the user's program. */
  readonly inner: Duplex;
  /** `undefined` for plain bytes. */
  readonly framing: PingFraming | undefined;
}

/**
 * Moves bytes both ways until both directions have ended. Half-closes travel; when anything fails both connections are
 * aborted, so a frame that was half written is never continued.
 *
 * Source: RFD 80, "ping framing" and "failure cases"; `PROTOCOL.md`, "RFD 80 mode".
 *
 * @throws What failed: a {@linkcode TeleError} `protocol` if a frame was too large or cut.
 *
 * @example
 * ```ts
 * import { relay } from "./relay.ts";
 * import { systemClock } from "../net/clock.ts";
 * import { duplexPair } from "../net/pipe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [user, inner] = duplexPair();
 * const [outer, network] = duplexPair();
 * const relaying = relay({ outer, inner, framing: { maxMessageBytes: 1024, pingIntervalMs: undefined } }, systemClock);
 * const wire = new Uint8Array(6);
 * await user.write(new Uint8Array([65, 66]));
 * assertEquals([await network.read(wire), ...wire], [6, 0, 0, 0, 2, 65, 66]);
 * await Promise.all([user.closeWrite(), network.closeWrite(), relaying]);
 * ```
 */
export async function relay({ outer, inner, framing }: RelayEnds, clock: Clock): Promise<void> {
  const [far, near] = [streamsFromDuplex(outer), streamsFromDuplex(inner)];
  let [toUser, fromUser] = [far.readable, near.readable];
  let stopPings = () => {};
  if (framing !== undefined) {
    // A peer that was told the same limit must be able to take what is sent here.
    const encoder = new PingEncoderStream({ frameBytes: Math.min(DEFAULT_FRAME_BYTES, framing.maxMessageBytes) });
    toUser = toUser.pipeThrough(new PingDecoderStream({ maxMessageBytes: framing.maxMessageBytes }));
    fromUser = fromUser.pipeThrough(encoder);
    if (framing.pingIntervalMs !== undefined) stopPings = every(clock, framing.pingIntervalMs, () => encoder.ping());
  }
  try {
    await Promise.all([toUser.pipeTo(near.writable), fromUser.pipeTo(far.writable)]);
    outer.close();
    inner.close();
  } catch (error) {
    outer.abort(error);
    inner.abort(error);
    throw error;
  } finally {
    stopPings();
  }
}

/** Calls `action` at every interval until the returned function is called. */
function every(clock: Clock, intervalMs: number, action: () => void): () => void {
  let timer: Timer;
  const plan = () => {
    timer = clock.setTimer(() => {
      action();
      plan();
    }, intervalMs);
  };
  plan();
  return () => timer.cancel();
}

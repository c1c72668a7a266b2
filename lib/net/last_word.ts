/**
 * Ending a connection so that the last word on it arrives.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Duplex } from "./duplex.ts";

/** Buffer for what is read and thrown away, in bytes. */
const READ_BYTES = 4 * 1024;

/**
 * Half-closes `duplex`, reads and throws away until the peer closes or `limitMs` have passed, and closes it. Never
 * rejects.
 *
 * A connection that is closed with bytes unread is reset, and a reset throws away what the peer has not got yet
 * (RFC 2525, 2.17).
 *
 * @example
 * ```ts
 * import { closeBehindLastWord } from "./last_word.ts";
 * import { systemClock } from "./clock.ts";
 * import { duplexFromStreams } from "./web.ts";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const loop = duplexFromStreams({ readable, writable });
 * await closeBehindLastWord(loop, systemClock, 1_000);
 * ```
 */
export async function closeBehindLastWord(duplex: Duplex, clock: Clock, limitMs: number): Promise<void> {
  const timer = clock.setTimer(() => duplex.close(), limitMs);
  try {
    await duplex.closeWrite();
    const into = new Uint8Array(READ_BYTES);
    while (await duplex.read(into) !== null);
  } catch {
    // The peer reset it, or the time is over: there is no more to be done for the last word.
  }
  timer.cancel();
  duplex.close();
}

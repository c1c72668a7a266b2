/**
 * What a challenge on another connection says about a carrier that is doubted.
 *
 * @module
 */
import { type Clock, sleep } from "../../net/clock.ts";
import { BUSY_SILENCE_MS } from "../session_constants.ts";
import type { Challenged } from "./reconnect.ts";

/** How often to look whether a doubted carrier has had its time, in milliseconds. */
const LOOK_MS = 100;

/** A carrier that is doubted. */
export interface Doubted {
  /**
   * For how long nothing has come, or nothing was acknowledged, as far as this process ran; gone when it is trusted.
   */
  readonly doubt: { readonly ms: number } | undefined;
}

/**
 * Gives a carrier that is doubted, beside which another connection was challenged, as long to end the doubt as that
 * took, and a second at the least. Settles then, or as soon as `isOver` or `signal` says that nobody waits for it any
 * more.
 *
 * If the server does not know the session, that proves nothing: that is waited for without end.
 *
 * Source: `PROTOCOL.md`, "Reconnecting".
 */
export async function outlast(
  carrier: Doubted,
  { handshake, tookMs }: Challenged,
  { clock, isOver, signal }: { clock: Clock; isOver: () => boolean; signal: AbortSignal },
): Promise<void> {
  const waitMs = handshake.status === "ready" ? Math.max(BUSY_SILENCE_MS, tookMs) : Infinity;
  // Not by the clock: a process that was suspended has not listened.
  const untilMs = (carrier.doubt?.ms ?? 0) + waitMs;
  const isInTime = () => carrier.doubt !== undefined && carrier.doubt.ms < untilMs;
  while (isInTime() && !isOver() && !signal.aborted) await sleep(clock, LOOK_MS, signal);
}

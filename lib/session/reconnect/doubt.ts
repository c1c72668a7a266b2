/**
 * What a challenge on another connection says about a carrier that is doubted.
 *
 * @module
 */
import { type Clock, sleep } from "../../net/clock.ts";
import { BUSY_SILENCE_MS } from "../session_constants.ts";
import type { Challenged } from "./attempt.ts";

/** How often to look whether a doubted carrier has had its time, in milliseconds. */
const LOOK_MS = 100;

/** Who may have carriers that are doubted. */
export interface DoubtedSession {
  /** The present carrier. */
  readonly carrier: unknown;
  /**
   * For how long nothing has come, or nothing was acknowledged, as far as this process ran; gone when one is trusted.
   */
  readonly doubt: { readonly ms: number } | undefined;
}

/**
 * Gives a carrier that is doubted, beside which another connection was challenged, as long to end the doubt as that
 * took, and a second at the least. Settles then, or as soon as the carrier is gone, or `signal` says that nobody waits
 * any more.
 *
 * Source: `PROTOCOL.md`, "Reconnecting".
 *
 * @returns Whether the doubt has lasted, or the carrier is gone: the other connection is to be committed.
 */
export async function outlasts(
  session: DoubtedSession,
  { tookMs }: Pick<Challenged, "tookMs">,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const { carrier } = session;
  const isOver = () => carrier === undefined || carrier !== session.carrier;
  // Not by the clock: a process that was suspended has not listened.
  const untilMs = (session.doubt?.ms ?? 0) + Math.max(BUSY_SILENCE_MS, tookMs);
  const isInTime = () => !isOver() && session.doubt !== undefined && session.doubt.ms < untilMs;
  while (isInTime() && !signal.aborted) await sleep(clock, LOOK_MS, signal);
  return !signal.aborted && (isOver() || session.doubt !== undefined);
}

/**
 * Whether a tele server can be reached by a way.
 *
 * @module
 */
import { type Clock, systemClock } from "../../net/clock.ts";
import { reasonOf, TeleError } from "../../net/error.ts";
import { silentLog } from "../../net/log.ts";
import { formatWay } from "../../net/way.ts";
import type { ClientOptions } from "../command_line/role_options.ts";
import { makeDialer } from "../roles/outer_dialer.ts";

/**
 * Opens a carrier, whose seal shows that what answers there is no web page of a hotel, and closes it.
 *
 * @param limitMs How long that may take, in milliseconds.
 * @param signal Gives up.
 * @returns Why it failed, without the way's name; `undefined` if it did not.
 */
export async function unreached(
  options: ClientOptions,
  limitMs: number,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<string | undefined> {
  const limit = new AbortController();
  const late = new TeleError("carrier-lost", `no answer within ${limitMs / 1000} s`);
  const timer = clock.setTimer(() => limit.abort(late), limitMs);
  const dialer = await makeDialer(options, silentLog, clock);
  try {
    const carrier = await dialer.dialCarrier(AbortSignal.any([signal, limit.signal]));
    carrier.close();
    return undefined;
  } catch (error) {
    const named = `${formatWay(options.paths[0].out)}: `;
    const reason = reasonOf(error);
    return reason.startsWith(named) ? reason.slice(named.length) : reason;
  } finally {
    timer.cancel();
    await dialer.stop();
  }
}

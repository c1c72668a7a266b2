/**
 * The places where a server listens for the services that its clients offer.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import type { ServerOptions } from "../command_line/role_options.ts";
import { reverseEntrancesOf } from "../command_line/services.ts";
import type { StreamLog } from "../log/stream_log.ts";
import { type Entrances, openEntrances } from "./entrances.ts";

/** What leads users to the clients that offer what they want; a `MuxServer` does. */
export interface ReverseSessions {
  /**
   * Carries `user` to the client that offers the service.
   *
   * @throws {TeleError} If no client offers it, or there are too many connections.
   */
  open(user: Duplex, service: string): unknown;
}

/** What {@linkcode openReverseDoors} needs. */
export interface ReverseDoorsNeeds {
  /** The sessions. */
  sessions: ReverseSessions;
  /** Logs users that are refused. */
  streamLog: StreamLog;
  /** Time. */
  clock: Clock;
  /** Where other lines go. */
  log: Log;
}

/**
 * Listens everywhere where `--reverse-listen` says. A user whom no client could be led to is reset at once.
 *
 * @throws {TeleError} `bad-input` if one of the places is taken, or not of this machine.
 */
export function openReverseDoors(
  options: Pick<ServerOptions, "reverseListens" | "seat">,
  { sessions, streamLog, clock, log }: ReverseDoorsNeeds,
): Promise<Entrances> {
  const needs = { clock, log, streamLog, sharesPort: options.seat !== undefined };
  return openEntrances(reverseEntrancesOf(options), needs, (user, service = "") => {
    try {
      sessions.open(user, service);
    } catch (error) {
      streamLog.refuse(user.peer, reasonOf(error));
      user.abort();
    }
  });
}

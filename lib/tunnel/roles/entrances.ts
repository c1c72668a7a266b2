/**
 * The places where a client, or a server for its clients' services, listens for users' connections.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import { badInput, TeleError } from "../../net/error.ts";
import { listen, type Listening } from "../../net/listen.ts";
import { isElsewhere } from "../../net/listen_failure.ts";
import type { Log } from "../../net/log.ts";
import type { StreamLog } from "../log/stream_log.ts";
import { SocksDoor } from "./socks_door.ts";
import type { Entrance } from "../command_line/services.ts";

/** Takes a user's connection, for the service of this name, the one without, or a destination (`host:port`). */
export type TakeUser = (user: Duplex, service: string | undefined) => void;

/** All listeners for users. */
export interface Entrances {
  /** All addresses, free ports filled in. */
  readonly addresses: readonly string[];
  /** Where users connect, and to what, in the words of a ready line. */
  readonly words: string;
  /** Stops listening; settles when each user who has come has said where it wants to go. */
  drain(): Promise<void>;
  /** Stops listening. */
  close(): void;
}

/** What {@linkcode openEntrances} needs. */
export interface EntrancesNeeds {
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly log: Log;
  /** Logs users that are refused. */
  readonly streamLog: StreamLog;
  /**
   * Whether other workers listen on the same ports.
   *
   * @default {false}
   */
  readonly sharesPort?: boolean;
}

/**
 * Listens everywhere, or nowhere.
 *
 * @param take Takes each connection.
 * @throws {TeleError} `bad-input` if one of the places is taken, or not of this machine.
 */
export async function openEntrances(
  entrances: readonly Entrance[],
  { clock, log, streamLog, sharesPort }: EntrancesNeeds,
  take: TakeUser,
): Promise<Entrances> {
  const door = new SocksDoor({ clock, streamLog, take });
  const open: { entrance: Entrance; listening: Listening }[] = [];
  const stopListening = () => open.forEach(({ listening }) => listening.close());
  const close = () => {
    stopListening();
    door.close();
  };
  try {
    for (const entrance of entrances) {
      const onConnection = entrance.isSocks
        ? (user: Duplex) => void door.welcome(user)
        : (user: Duplex) => take(user, entrance.service);
      const defaultHosts = ["127.0.0.1", "::1"];
      const listening = await listen(entrance.in, { use: "user", defaultHosts, clock, log, sharesPort, onConnection })
        .catch((error) => {
          throw error instanceof TeleError && isElsewhere(error.cause) ? suspectSwap(error, entrance) : error;
        });
      open.push({ entrance, listening });
      warnOfExposure(listening, entrance, log);
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    addresses: open.flatMap(({ listening }) => listening.addresses),
    words: open.map(({ entrance, listening }) => wordsOf(entrance, listening)).join(", "),
    drain() {
      stopListening();
      return door.drain();
    },
    close,
  };
}

function wordsOf({ service, isSocks }: Entrance, { addresses }: Listening): string {
  const what = service === undefined ? "" : ` for ${service}`;
  return `to ${addresses.join(" and ")}${isSocks ? " by SOCKS" : what}`;
}

/** Only its own machine can be listened on: an address elsewhere was probably meant for the tele server. */
function suspectSwap(error: TeleError, { flag }: Entrance): TeleError {
  if (flag === "--reverse-listen") {
    return badInput(`${error.message}; ${flag} is where user's clients connect on this machine`);
  }
  const hint = "--in is where user's clients connect on this machine, --out is the tele server: are the two swapped?";
  return badInput(`${error.message}; ${hint}`);
}

/** Whoever reaches this client's port uses its token and certificates. */
function warnOfExposure(
  { isExposed, addresses: [address] }: Listening,
  { in: input, ...entrance }: Entrance,
  log: Log,
) {
  if (!isExposed || input?.kind !== "tcp") return;
  const { flag, service } = entrance;
  const own = `${flag}=:${input.port}${service === undefined ? "" : `=${service}`}`;
  log("warn", `anyone who can reach ${address} can use this tunnel: ${own} listens for this machine's programs only`);
}

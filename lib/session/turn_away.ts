/**
 * Carriers that do not get to a session.
 *
 * @module
 */
import { type Clock, sleep } from "../net/clock.ts";
import { reasonOf, TeleError } from "../net/error.ts";
import { closeBehindLastWord } from "../net/last_word.ts";
import { endingOf, RefusalError } from "./ending.ts";
import type { ServerHandshake } from "./handshake/server_handshake.ts";
import { mayAnswerGuess } from "./handshake/token.ts";
import { EndCode, TOKEN_REFUSAL_DELAY_MS } from "./session_constants.ts";
import type { Strangers } from "./strangers.ts";

/** How long a peer that was refused may take to read why, in milliseconds. */
const REFUSED_MS = 1_000;

/** What {@linkcode turnAway} needs. */
export interface TurningAway {
  /** Time. */
  clock: Clock;
  /** Those who are in the middle of a handshake. */
  strangers: Pick<Strangers, "reasonFor" | "isRecognized" | "tell" | "doom">;
  /** Whether clients need a token. */
  isGuarded: boolean;
  /** Whether other servers may have room where this one has none. */
  hasOthers: boolean;
  /** Aborts when the server stops. */
  stopping: AbortSignal;
}

/**
 * A carrier did not make it: it is told why if it may be a tele client, and the log is told once. Settles when it is
 * closed.
 *
 * Source: `PROTOCOL.md`, "Refuse" and "Tokens".
 */
export async function turnAway(
  handshake: ServerHandshake,
  error: unknown,
  { clock, strangers, isGuarded, hasOthers, stopping }: TurningAway,
): Promise<void> {
  const { duplex } = handshake.channel;
  const reason = strangers.reasonFor(duplex) ?? reasonOf(error);
  // A client opens several attempts and uses one: the others, closed or late, are no news.
  const isRival = strangers.isRecognized(duplex) && error instanceof TeleError && error.code === "carrier-lost";
  const isStale = error instanceof RefusalError && error.endCode === EndCode.stale;
  if (!isRival && !isStale) strangers.tell(duplex.peer, reason);
  if (!(error instanceof TeleError) || error.code === "carrier-lost") return duplex.close();
  // Only this carrier waits. It goes first when there are too many, so that guessing is in nobody's way.
  strangers.doom(duplex);
  const mayBeGuess = mayAnswerGuess(error, isGuarded);
  if (mayBeGuess) await sleep(clock, TOKEN_REFUSAL_DELAY_MS, stopping);
  const isFull = error instanceof RefusalError && error.endCode === EndCode.full;
  await (isFull ? handshake.sayFull(hasOthers) : handshake.refuse(endingOf(error)));
  await closeBehindLastWord(duplex, clock, REFUSED_MS);
}

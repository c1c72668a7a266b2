/**
 * Why an attempt was given up that nobody answered.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";

/** An attempt was given up because nothing came: that tells nothing about what is there. */
export class SilenceError extends TeleError {
  /** An error with this sentence. */
  constructor(message: string) {
    super("carrier-lost", message);
    this.name = "SilenceError";
  }
}

/** What the silence of a connection means that nothing in the middle is known of. */
export const ACCEPTED = "the connection is accepted, but no tele server answers on it";

/**
 * Nobody has answered the hello.
 *
 * @param reached What the silence means of whoever was reached; `undefined` if that was nobody.
 */
export function unanswered(reached: string | undefined): SilenceError {
  return new SilenceError(
    reached ?? "nobody answers the attempts to connect, as where a host is off or a firewall drops them",
  );
}

/** Nobody has answered the commit. */
export function unaccepted(): SilenceError {
  return new SilenceError("the server does not answer the commit");
}

/** Nothing has come of an attempt on one of several paths, for this long in milliseconds. */
export function noAnswer(withinMs: number): SilenceError {
  return new SilenceError(`no answer within ${Math.round(withinMs / 1000)} s`);
}

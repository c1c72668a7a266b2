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

/** Nobody has answered the hello. */
export function unanswered(isConnected: boolean): SilenceError {
  const reason = isConnected
    ? "the connection is accepted, but no tele server answers on it"
    : "nobody answers the attempts to connect, as where a host is off or a firewall drops them";
  return new SilenceError(reason);
}

/** Nobody has answered the commit. */
export function unaccepted(): SilenceError {
  return new SilenceError("the server does not answer the commit");
}

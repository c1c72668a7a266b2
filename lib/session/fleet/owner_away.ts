/**
 * An owner that cannot be reached, as a client is told.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";

/** The server that answers is not the one that has the session, and cannot reach that. Anyone can say so. */
export class OwnerAwayError extends TeleError {
  /** An error that says what is waited for. */
  constructor() {
    super("carrier-lost", "the tele server that answers is not the one that holds the session, and cannot reach that");
    this.name = "OwnerAwayError";
  }
}

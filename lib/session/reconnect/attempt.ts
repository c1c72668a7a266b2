/**
 * An attempt to reach the server in an outage.
 *
 * @module
 */
import type { Timer } from "../../net/clock.ts";
import type { ClientHandshake } from "../handshake/client_handshake.ts";

/** An attempt that the server has answered. */
export interface Challenged {
  /** To be committed. */
  readonly handshake: ClientHandshake;
  /** Which of the client's paths it takes. */
  readonly path: number;
  /** From hello to challenge, in milliseconds. */
  readonly roundTripMs: number;
  /** From its start to the challenge, in milliseconds: twice through every queue on the way. */
  readonly tookMs: number;
}

/** One attempt of an outage. */
export class Attempt {
  /** Gives it up. */
  readonly controller: AbortController = new AbortController();
  /** Gives it up when an answer does not come. */
  timer: Timer | undefined;
  /** What its silence means of whoever it has reached. */
  reached: string | undefined;
  /** What it has when the server has answered. */
  challenged: Challenged | undefined;
  /** When that was, by the clock. */
  answeredAt: number | undefined;
  /** When it was committed, by the clock. */
  committedAt: number | undefined;

  /** It starts now, on the client's path of this number. */
  constructor(readonly startedAt: number, readonly path: number) {}

  /** Whether the accept is awaited. */
  get isCommitting(): boolean {
    return this.committedAt !== undefined;
  }
}

/**
 * What a mux needs of its session.
 *
 * @module
 */
import type { LogBudget } from "../session/log_budget.ts";

/** The part of a session that a mux needs. */
export interface MuxSession {
  /** There is something to send. */
  wake(): void;
  /** There is enough for a write of its own, to begin at once. */
  wakeNow(): void;
  /** Its short name, for logs: the same at both ends. */
  readonly name?: string;
  /** Who the client is, for logs, at a server to which it has shown that. */
  readonly client?: string | undefined;
  /** Name of the token that the client has shown, at a server, if it has one. */
  readonly tokenName?: string | undefined;
  /** From where to where its last carrier goes, at a server, if that is known; see `address_block.ts`. */
  readonly clientAddresses?: Uint8Array | undefined;
  /** Round trip in milliseconds; 0 if unknown. */
  readonly roundTripMs: number;
  /** How much its path carries, in bytes a millisecond; 0 if unknown. */
  readonly rateBytesPerMs: number;
  /** How long a frame of data may be, so that it does not hold up others for long, in bytes. */
  readonly frameBytes: number;
  /** Whether nothing is under way: no stream, and nothing of former ones that the peer has not taken. */
  readonly isEmpty: boolean;
  /** It was drained, and the client knows that nothing of it is left. */
  drained(): void;
  /** What is held of what was sent. */
  readonly budget: LogBudget;
}

/**
 * Who uses a session: the layer above it.
 *
 * @module
 */
import type { TeleError } from "../net/error.ts";
import type { ReplayLog } from "./carrier/replay_log.ts";
import type { Segment } from "./segment_pool.ts";

/** The layer above a session: it fills the log and takes what arrives. The mux is one. */
export interface UpperLayer {
  /** Puts counted bytes into `log`: up to `bulkBytes`, of urgent ones up to `urgentBytes`, which is more. */
  pull(log: ReplayLog, bulkBytes: number, urgentBytes: number): void;
  /** Counted bytes, in order, each once. A view of `segment`, to be retained by whoever keeps them. */
  receive(bytes: Uint8Array, segment: Segment): void;
  /**
   * All that was read at once has been handed over. The promise, if there is one, settles when it is ready for more:
   * it was too much for one turn of the event loop.
   */
  turnEnded(): Promise<void> | undefined;
  /** The peer has every counted byte before `offset`. */
  acknowledged(offset: number): void;
  /** An uncounted message: it may be missing or come twice. */
  receiveHint(bytes: Uint8Array): void;
  /** Whether there are uncounted messages to send. */
  readonly hasHints: boolean;
  /** Writes uncounted messages into `into`; returns their bytes, 0 for none. */
  takeHints(into: Uint8Array): number;
  /** A carrier was attached: uncounted messages are to be told again. */
  attached(): void;
  /** The session is over; `error` says why. Called once. */
  ended(error: TeleError): void;
  /** Start credit that the client may take for its streams, in bytes: told in the accept. */
  startPoolBytes: number;
  /** Open streams. */
  readonly streamCount: number;
  /** Whether something waits here that is not in the log yet and belongs to no open stream. */
  readonly hasUnsent: boolean;
}

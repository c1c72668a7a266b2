/**
 * What a carrier is begun with.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import type { Flight } from "../path/flight.ts";
import type { SegmentPool } from "../segment_pool.ts";
import type { SessionLimits } from "../session_limits.ts";
import type { CarrierHost } from "./carrier_host.ts";
import type { SessionUse } from "./control.ts";
import type { Caution } from "./pace.ts";

/** Options of a carrier, whose session tells its carriers apart as `Which`. */
export interface CarrierOptions<Which = unknown> {
  /** The connection, which belongs to the carrier from now on. */
  duplex: Duplex;
  /** The session. */
  host: CarrierHost<Which>;
  /** Time. */
  clock: Clock;
  /** Segments to read into. */
  pool: SegmentPool;
  /** Limits of sessions. */
  limits: SessionLimits;
  /** Bytes of the session that were read with the handshake. */
  leftover: Uint8Array;
  /** Written before anything else: the server's accept frame. */
  opening?: Uint8Array;
  /** Its number in the session. */
  number: number;
  /** From where to where it goes: the same for all carriers of one path. */
  path: string;
  /** The round trip that the handshake took, in milliseconds. It counts until one was measured here. */
  roundTripMs?: number;
  /** How much longer than usual it may be silent, in milliseconds; see {@linkcode Patience}. */
  patienceMs: number;
  /** What will be under way on it, on its path. */
  flight: Flight;
  /** Of its session, whichever of its carriers is used. */
  use: SessionUse;
  /** What those before it taught this end about its first pieces; see {@linkcode Pace}. */
  caution: Caution;
}

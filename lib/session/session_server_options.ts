/**
 * What a server of sessions is given.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Log } from "../net/log.ts";
import type { FleetMember } from "./fleet/fleet.ts";
import type { ServerGuard } from "./handshake/seal.ts";
import type { ServerFeatures } from "./handshake/server_handshake.ts";
import type { UsersTold } from "./handshake/users.ts";
import type { MemoryBudget } from "./memory_budget.ts";
import type { SegmentPool } from "./segment_pool.ts";
import type { Session } from "./session.ts";
import type { ServerLimits } from "./session_limits.ts";
import type { OffersTaken } from "./session_offers.ts";
import type { Observed } from "./session_observer.ts";
import type { SessionCounter } from "./session_registry.ts";
import type { UpperLayer } from "./upper_layer.ts";

/** Options of {@linkcode SessionServer}. */
export interface SessionServerOptions<Upper extends UpperLayer>
  extends ServerGuard, ServerFeatures, SessionCounter, UsersTold, OffersTaken<Upper>, Observed {
  /** Time. */
  clock: Clock;
  /** Told of sessions, outages and strangers. */
  log: Log;
  /** Segments that carriers are read into. */
  pool: SegmentPool;
  /** Makes the layer above a new session: the mux. */
  makeUpper: () => Upper;
  /** Joins the two: called for each new session, before it is attached. */
  bindUpper: (upper: Upper, session: Session) => void;
  /** Limits of sessions, and of their number. */
  limits: ServerLimits;
  /** What the sessions of the process may hold together. */
  memory?: MemoryBudget;
  /**
   * The servers that have sessions together with this one.
   *
   * @default {undefined}: there are no others
   */
  fleet?: FleetMember;
}

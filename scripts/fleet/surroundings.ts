/**
 * What servers, clients, their users and the balancer have in common.
 *
 * @module
 */
import type { Clock } from "../../lib/net/clock.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import type { SimClock } from "../../tests/sim/clock.ts";
import type { FleetRunOptions } from "./options.ts";
import type { Machine, Traffic } from "./wire.ts";

/** A server that connects to another one. */
export interface Caller {
  readonly machine: Machine;
  /** Where others reach it. */
  readonly node: string;
}

/** Time, the network, and a log. */
export interface Surroundings {
  readonly clock: SimClock;
  /** Time, as clients have it. */
  readonly clientClock: Clock;
  readonly options: FleetRunOptions;
  /** Of all clients. */
  readonly token: Uint8Array;
  /** Of the fleet. */
  readonly secret: Uint8Array;
  /** Of clients with the balancer, and of servers with each other. */
  readonly traffic: Readonly<Record<"carriers" | "nodes", Traffic>>;
  /** A line of a log. */
  told(whose: string, message: string): void;
  /** A client connects to the balancer. */
  connect(host: string, signal: AbortSignal): Promise<Duplex>;
  /** A server connects to another one's node. */
  dialNode(from: Caller, node: string, signal: AbortSignal): Promise<Duplex>;
}

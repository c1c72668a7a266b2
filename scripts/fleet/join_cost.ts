/**
 * What one join costs, with nothing else on the wires.
 *
 * @module
 */
import type { FleetRunOptions } from "./options.ts";
import type { Traffic } from "./wire.ts";
import { World } from "./world.ts";

/** Before a carrier's first sign of life. */
const QUIET_MS = 200;

/** A carrier of each kind. */
export interface JoinCost {
  /** From the balancer's answer until it is attached, in milliseconds. */
  readonly tookMs: number;
  readonly carriers: Traffic;
  readonly nodes: Traffic;
}

/** Of the carrier that begins a session, of one that comes to the owner, and of one that is passed on. */
export interface JoinCosts {
  readonly first: JoinCost;
  readonly direct: JoinCost;
  readonly passed: JoinCost;
}

/** Two servers and one client, whose carrier is cut twice. */
export async function joinCosts(options: FleetRunOptions): Promise<JoinCosts> {
  const world = new World({ ...options, servers: 2, carriers: 1, sessions: 1 });
  try {
    await world.start();
    const [one, two] = world.servers;
    world.balancer.rotation.delete(two);
    const before = copy(world);
    void world.addClient();
    await world.run(QUIET_MS);
    const [client] = world.clients;
    const first = costSince(world, before, client.begunAtMs - world.clock.now() + QUIET_MS);
    const direct = await rejoin(world);
    world.balancer.rotation.add(two);
    world.balancer.rotation.delete(one);
    const passed = await rejoin(world);
    return { first, direct, passed };
  } finally {
    world.end();
  }
}

async function rejoin(world: World): Promise<JoinCost> {
  // Its last carrier brought something: the next is dialed at once.
  await world.run(5_000);
  world.balancer.reset();
  await world.run(world.balancer.delayMs);
  const before = copy(world);
  world.outages = [];
  await world.run(QUIET_MS);
  return costSince(world, before, world.outages[0]?.lastedMs ?? NaN);
}

function copy({ traffic: { carriers, nodes } }: World): Record<"carriers" | "nodes", Traffic> {
  return { carriers: { ...carriers }, nodes: { ...nodes } };
}

function costSince(world: World, before: Record<"carriers" | "nodes", Traffic>, tookMs: number): JoinCost {
  const since = (kind: "carriers" | "nodes"): Traffic => {
    const now = world.traffic[kind], then = before[kind];
    return { wires: now.wires - then.wires, messages: now.messages - then.messages, bytes: now.bytes - then.bytes };
  };
  return { tookMs, carriers: since("carriers"), nodes: since("nodes") };
}

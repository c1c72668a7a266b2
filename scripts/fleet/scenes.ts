/**
 * What happens to the fleet, and what is counted of it.
 *
 * @module
 */
import type { SimClient } from "./client.ts";
import { ROUND_TRIP_MS } from "./balancer.ts";
import type { JoinCosts } from "./join_cost.ts";
import { joinBytes, largestShare, passedShare } from "./paper.ts";
import { Period } from "./period.ts";
import { ms, percent, round, type Row, type SceneResult } from "./report.ts";
import type { SimServer } from "./server.ts";
import type { World } from "./world.ts";

/** Whatever happened, all are back within this time, in milliseconds. */
const MOST_RECOVERY_MS = 120_000;

/** How long the one that was killed is away, in milliseconds. */
const RESTART_MS = 5_000;

/** All clients come, within `--spread`. */
export async function connect(world: World, costs: JoinCosts): Promise<SceneResult> {
  const { options: { sessions, servers, carriers, spreadMs, busy }, clock } = world;
  await world.start();
  const period = new Period(world);
  for (let index = 0; index < sessions; index++) {
    clock.io.setTimer(() => void world.addClient(), spreadMs * index / sessions);
  }
  await world.run(spreadMs);
  const cameMs = clock.now();
  await world.run(MOST_RECOVERY_MS, () => allThere(world));
  const lateMs = clock.now() - cameMs;
  const all = sum(world.servers, ({ sessions }) => sessions.size);
  const share = (carriers - 1) / carriers * passedShare(servers);
  const most = Math.max(...world.servers.map((server) => server.sessions.size));
  world.users.start(busy);
  return {
    title: `connect: ${sessions} clients with ${carriers} carriers each come to ${servers} servers within ${
      ms(spreadMs)
    }`,
    rows: [
      ...rowsOfCosts(costs),
      { what: "sessions", paper: round(sessions), run: round(all) },
      { what: "sessions of the fullest server", paper: round(largestShare(servers, sessions)), run: round(most) },
      { what: "carriers that are passed on", paper: percent(share), run: percent(period.passedShare) },
      ...period.rows({ dials: sessions * carriers }),
      {
        what: "all there, behind the last that came",
        paper: ms(3 * ROUND_TRIP_MS * Math.min(2, carriers)),
        run: ms(lateMs),
      },
    ],
    problems: allThere(world) ? [] : [`${unattached(world)} clients have no carrier`],
  };
}

function rowsOfCosts({ first, direct, passed }: JoinCosts): Row[] {
  const paper = joinBytes("10.254.0.1:1026".length, "10.0.0.0:40301".length);
  const words = {
    messages: passed.nodes.messages - passed.carriers.messages,
    bytes: passed.nodes.bytes - passed.carriers.bytes,
  };
  return [
    { what: "a new session, until it is there", paper: ms(3 * ROUND_TRIP_MS), run: ms(first.tookMs) },
    { what: "a carrier that joins at the owner", paper: ms(3 * ROUND_TRIP_MS), run: ms(direct.tookMs) },
    { what: "one that is passed on", paper: ms(3 * ROUND_TRIP_MS + 4.5 * 0.5), run: ms(passed.tookMs) },
    {
      what: "of a join: messages, bytes, with the first signs of life",
      paper: `4 + 4, ${paper.handshake} + some`,
      run: `${direct.carriers.messages}, ${direct.carriers.bytes}`,
    },
    { what: "of one passed on, beside that", paper: `3, ${paper.words}`, run: `${words.messages}, ${words.bytes}` },
  ];
}

/** The balancer is started again: all connections break at once. */
export async function cut(world: World): Promise<SceneResult> {
  const { options: { sessions, servers, carriers }, balancer } = world;
  const period = new Period(world);
  balancer.reset();
  await recovered(world);
  return {
    title: `cut: the balancer breaks all ${sessions * carriers} connections at once`,
    rows: [
      { what: "carriers that are passed on", paper: percent(passedShare(servers)), run: percent(period.passedShare) },
      ...period.rows({ dials: sessions * carriers }),
      {
        what: "sessions back after",
        paper: `${ms(4 * ROUND_TRIP_MS)}, if nothing is in the way`,
        run: period.outages(),
      },
      ...period.userRows(),
    ],
    problems: period.problems({ mayCut: false }),
  };
}

/** One is killed, and another process has its place 5 s later. */
export async function restart(world: World): Promise<SceneResult> {
  return await without(world, {
    title: `restart: a server is killed, and started again ${ms(RESTART_MS)} later`,
    async break(server) {
      server.kill();
      await world.run(RESTART_MS);
      const started = server.start();
      await world.run(10);
      await started;
    },
  });
}

/** A machine is lost for good: it swallows what is sent to it. */
export async function lose(world: World): Promise<SceneResult> {
  const { checkMs } = world.options;
  return await without(world, {
    title: `lose: a machine is lost for good; the balancer deals to it for ${ms(checkMs)} yet`,
    async break(server) {
      server.lose();
      await world.run(checkMs);
      world.balancer.rotation.delete(server);
    },
  });
}

interface Loss {
  readonly title: string;
  break(server: SimServer): Promise<void>;
}

async function without(world: World, loss: Loss): Promise<SceneResult> {
  const { options: { sessions, servers } } = world;
  // Who has just come looks every second; others have 30 s.
  await world.run(90_000);
  const period = new Period(world);
  const [server] = world.servers.filter(({ isUp }) => isUp).toSorted((one, two) =>
    two.sessions.size - one.sessions.size
  );
  const owners = world.owners();
  const theirs = new Set(world.clients.filter((client) => client.sessionIds.some((id) => owners.get(id) === server)));
  const isTheirs = (client: SimClient) => theirs.has(client);
  const { spliced } = server;
  await loss.break(server);
  // An idle session notices within its ping interval, and half of that.
  await world.run(60_000);
  await recovered(world);
  const rows: Row[] = [
    {
      what: "sessions that it had",
      paper: `${round(sessions / servers)}, unless some have moved`,
      run: round(theirs.size),
    },
    { what: "carriers that it passed on", paper: "", run: round(spliced) },
    ...period.rows({}),
    { what: "its sessions without a carrier for", paper: "", run: period.outages(isTheirs) },
    { what: "sessions of others without one for", paper: "", run: period.outages((client) => !isTheirs(client)) },
    ...period.userRows(isTheirs),
  ];
  return { title: loss.title, rows, problems: period.problems({ mayCut: true, isTheirs }) };
}

/** Runs until each client has its carriers. */
async function recovered(world: World): Promise<void> {
  await world.run(1_000);
  await world.run(MOST_RECOVERY_MS, () => allThere(world));
}

/** Whether each client has a carrier. */
export function allThere(world: World): boolean {
  return world.clients.length === world.options.sessions &&
    world.clients.every(({ mux }) => mux.isAttached && mux.carrierCount >= world.options.carriers);
}

function unattached({ clients }: World): number {
  return clients.filter(({ mux }) => !mux.isAttached).length;
}

function sum(servers: readonly SimServer[], of: (server: SimServer) => number): number {
  return servers.reduce((all, server) => all + of(server), 0);
}

/**
 * A rolling restart: all servers drain, one after the other, and others take their places.
 *
 * @module
 */
import { roll as rollOnPaper } from "./paper.ts";
import { Period } from "./period.ts";
import { ms, round, type Row, type SceneResult, spreadOf } from "./report.ts";
import type { SimServer } from "./server.ts";
import type { World } from "./world.ts";

/** From the end of a process to the next one's start, in milliseconds. */
const START_MS = 500;

/** What became of one server. */
interface Turn {
  /** Sessions that it had. */
  readonly had: number;
  readonly tookMs: number;
  /** Sessions that were left when the time was over. */
  readonly left: number;
}

/** Drains one server after the other. */
export async function roll(world: World): Promise<SceneResult> {
  const { options: { sessions, servers, carriers, scenes, staysMs, typesMs, drainTimeoutMs } } = world;
  const period = new Period(world);
  const beginMs = world.clock.now();
  const turns: Turn[] = [];
  for (const server of world.servers) turns.push(await turn(world, server));
  await world.run(2_000);
  const tookMs = world.clock.now() - beginMs;
  const paper = rollOnPaper({ servers, sessions, carriers, isCut: scenes.includes("cut") });
  const longestMs = Math.ceil(staysMs / typesMs) * typesMs;
  const moves = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  const left = world.servers.map((server) => server.sessions.size);
  const forced = moves(turns.map((each) => each.left));
  const rows: Row[] = [
    // A carrier that went through a server which ends is dialed anew, beside those of sessions that move.
    ...period.rows({ dials: paper.dials }),
    { what: "sessions that moved", paper: round(moves(paper.drained)), run: round(moves(turns.map(({ had }) => had))) },
    {
      what: "sessions of the first and last server drained",
      paper: ends(paper.drained),
      run: ends(turns.map(({ had }) => had)),
    },
    {
      what: "most that a server had at once",
      paper: round(Math.max(...paper.drained)),
      run: round(Math.max(...world.servers.map(({ mostSessions }) => mostSessions))),
    },
    { what: "sessions of the first and last server in the end", paper: ends(paper.left), run: ends(left) },
    {
      what: "a server is drained within",
      paper: `${ms(Math.min(longestMs, drainTimeoutMs))} and a little`,
      run: spreadOf(turns.map((each) => each.tookMs)),
    },
    { what: "sessions that --drain-timeout ended", paper: drainTimeoutMs > longestMs ? "0" : "", run: round(forced) },
    { what: "all of it", paper: "", run: ms(tookMs) },
    { what: "clients without a carrier for", paper: "who moved 0, who came through it 80 ms", run: period.outages() },
    ...period.userRows(),
  ];
  const title = `roll: ${servers} servers drain one after the other, with conversations of ${ms(staysMs)}`;
  return { title, rows, problems: period.problems({ mayCut: forced > 0, isTheirs: () => forced > 0 }) };
}

async function turn(world: World, server: SimServer): Promise<Turn> {
  const { balancer, clock, options: { drainTimeoutMs } } = world;
  const had = server.sessions.size;
  const beginMs = clock.now();
  balancer.rotation.delete(server);
  let isOver = false;
  void server.drain().then(() => void (isOver = true));
  await world.run(drainTimeoutMs, () => isOver);
  const tookMs = clock.now() - beginMs;
  const left = server.sessions.size;
  let isStopped = false;
  void server.stop().then(() => void (isStopped = true));
  await world.run(35_000, () => isStopped);
  await world.run(START_MS);
  const started = server.start();
  await world.run(10);
  await started;
  balancer.rotation.add(server);
  return { had, tookMs, left };
}

function ends(counts: readonly number[]): string {
  return `${round(counts[0])}, ${round(counts.at(-1)!)}`;
}

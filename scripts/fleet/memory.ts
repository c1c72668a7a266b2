/**
 * What a session costs in memory at its owner, and at a server that it passes through.
 *
 * @module
 */
import { round, type SceneResult } from "./report.ts";
import type { World } from "./world.ts";

/** Throws away all clients, and looks at what is left. */
export async function measureMemory(world: World): Promise<SceneResult> {
  const { options: { sessions, carriers } } = world;
  await world.run(90_000);
  const spliced = world.servers.reduce((all, server) => all + server.spliced, 0);
  const all = await usedBytes();
  world.clientClock.forget();
  world.clients.length = 0;
  world.outages = [];
  world.balancer.forget();
  const atServers = await usedBytes();
  const kib = (bytes: number) => `${round(Math.round(bytes / 102.4) / 10)} KiB`;
  return {
    title: `memory: ${sessions} sessions, ${carriers} carriers each, of which ${spliced} are passed on`,
    rows: [
      { what: "a client", paper: "", run: kib((all - atServers) / sessions) },
      {
        what: "a session at the servers, with what is passed on for it",
        paper: "",
        run: kib((atServers - world.baseBytes) / sessions),
      },
    ],
    problems: [],
  };
}

/** Memory that is in use, behind the collection of what is not; needs `--v8-flags=--expose-gc`. */
export async function usedBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("the scene memory needs --v8-flags=--expose-gc, as deno task fleet has it");
  for (let times = 0; times < 3; times++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

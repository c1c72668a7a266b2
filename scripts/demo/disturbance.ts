/**
 * Breaks the network while the transfers go on.
 *
 * @module
 */
import { pause } from "../../tests/support/wait.ts";
import type { PlannedOutage } from "./outages.ts";
import type { Path } from "./path.ts";
import type { Run } from "./run_state.ts";
import type { Scene } from "./scene.ts";
import { TornPath } from "./torn_path.ts";

/** Time between two looks at how far the transfers are, in milliseconds. */
const LOOK_MS = 20;

/** Nobody waits for a path that was torn alone for longer than this, in milliseconds: tele may take it for a queue. */
const BACK_MS = 20_000;

/** Nor until the transfers are further than so many outages lie apart: the next one must come before they end. */
const MOST_APART = 1.75;

/** Breaks the network each time the transfers have got far enough. */
export async function disturb(
  scene: Scene,
  state: Run,
  plan: readonly PlannedOutage[],
  over: AbortSignal,
): Promise<void> {
  for (const [index, planned] of plan.entries()) {
    while (!over.aborted && state.part < planned.after) await pause(LOOK_MS);
    if (over.aborted) return;
    if (planned.path === undefined) await breakAll(scene, state, planned, over);
    else await tearOne(scene, state, planned, scene.paths[planned.path], latestAfter(planned, plan[index + 1]), over);
  }
}

/** The part of the transfers at which the outage behind `planned` must come. */
function latestAfter(planned: PlannedOutage, next: PlannedOutage | undefined): number {
  return next === undefined ? Infinity : planned.after + MOST_APART * (next.after - planned.after);
}

async function breakAll(scene: Scene, state: Run, planned: PlannedOutage, over: AbortSignal): Promise<void> {
  let outage = state.outageNow(planned.kind);
  let hit = await scene.break(planned);
  // Without a connection there was nothing to break.
  while (hit === 0 && !over.aborted) {
    await pause(LOOK_MS);
    outage = state.outageNow(planned.kind);
    hit = await scene.break(planned);
  }
  if (hit > 0) state.began(outage);
}

/**
 * Tears one of the paths while all work, and waits until they do again, unless the transfers have got as far as `latest`
 * meanwhile.
 */
async function tearOne(
  scene: Scene,
  state: Run,
  planned: PlannedOutage,
  { number, entrances }: Path,
  latest: number,
  over: AbortSignal,
): Promise<void> {
  while (!await scene.isWhole()) {
    if (over.aborted) return;
    await pause(LOOK_MS);
  }
  const tornAtMs = performance.now();
  const outage = state.outageNow(planned.kind);
  state.tear(outage, new TornPath(number, entrances[0], planned.silentMs > 0, outage.atMs));
  await scene.break(planned);
  let isBack = false;
  while (!isBack && performance.now() - tornAtMs < BACK_MS && state.part < latest) {
    await pause(LOOK_MS);
    isBack = await scene.isWhole();
  }
  state.tornOver({ path: number, isBack, pauseMs: state.echo.longestSince(tornAtMs) });
}

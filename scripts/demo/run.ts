/**
 * One run: the user's programs at work while the network breaks.
 *
 * @module
 */
import { pause } from "../../tests/support/wait.ts";
import { disturb } from "./disturbance.ts";
import { formatMs } from "./duration.ts";
import { planOutages } from "./outages.ts";
import { Run } from "./run_state.ts";
import type { Scene } from "./scene.ts";
import type { Terminal } from "./terminal.ts";
import { download, Echo, type TransferResult, upload } from "./user.ts";
import type { Expected, Outcome } from "./verdict.ts";

/** Time between two frames on the terminal, in milliseconds. */
const FRAME_MS = 100;

/** The run is given up after this time without a new byte, in milliseconds. */
const STALLED_MS = 30_000;

/** Lets the user's programs work against `origin` while the network breaks as planned. */
export async function run(scene: Scene, origin: string, expected: Expected, terminal: Terminal): Promise<Outcome> {
  const echo = new Echo(origin);
  await echo.alone();
  const state = new Run(origin, echo, expected, terminal);
  scene.onFileServer = ({ name, receivedBytes, sentSha256 }) => {
    if (name !== state.sight.name) return;
    state.sight.upBytes = receivedBytes ?? state.sight.upBytes;
    state.sight.sentSha256 ??= sentSha256;
  };
  // Without tele its connections are hit too, and back when the user's are not.
  scene.onTeleClient = (line) => {
    if (origin === scene.throughTele) state.hear(line);
  };

  const over = new AbortController();
  const stalled = new AbortController();
  const drawing = setInterval(() => terminal.draw(state.frame()), FRAME_MS);
  const watching = watch(state, stalled, over.signal);
  const disturbing = disturb(scene, state, planOutages(expected.outages), over.signal);
  const [downloaded, uploaded] = await Promise.all([
    download(origin, expected.sizeBytes, state.sight, stalled.signal)
      .then((result) => state.downloaded = result),
    upload(origin, expected.sizeBytes, state.sight, stalled.signal)
      .then((result) => state.uploaded = result),
  ]);
  const tookMs = state.elapsedMs;
  over.abort();
  const [echoed] = await Promise.all([echo.finish(), disturbing, watching]);
  clearInterval(drawing);
  state.tellOutage();
  terminal.settle([...state.bars(), ending([downloaded, uploaded], tookMs)]);
  return {
    download: downloaded,
    upload: { ...uploaded, bytes: state.sight.upBytes },
    echo: echoed,
    outages: state.outages,
    tornPaths: state.tornPaths,
    tookMs,
  };
}

function ending(results: readonly TransferResult[], tookMs: number): string {
  const failed = results.filter(({ error }) => error !== undefined).length;
  const what = failed === 0
    ? "Both transfers are done"
    : failed === 1
    ? "One transfer failed"
    : "Both transfers failed";
  return `  ${what} after ${formatMs(tookMs)}.`;
}

/** Gives the run up when nothing moves any more: a demo that hangs would show less than one that fails. */
async function watch(state: Run, stalled: AbortController, over: AbortSignal): Promise<void> {
  let bytes = -1;
  let movedAtMs = performance.now();
  while (!over.aborted) {
    const now = state.sight.downBytes + state.sight.upBytes;
    if (now !== bytes) movedAtMs = performance.now();
    bytes = now;
    if (performance.now() - movedAtMs > STALLED_MS) {
      stalled.abort(new Error(`no byte came through for ${STALLED_MS / 1000} s`));
    }
    await pause(FRAME_MS);
  }
}
